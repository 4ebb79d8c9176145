/** `check-config`: says what is wrong with a configuration file, with line and column, before a service meets it. */
import { formatProblems, loadConfig } from '../../lib/config.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT } from '../../lib/errors.ts'
import { configNames } from '../lib/serving.ts'
import { print } from '../lib/terminal.ts'

async function check(file: string, { json }: { readonly json?: true }, tools: CommandTools): Promise<void> {
  const { detectors } = await tools.detection()
  const outcome = await loadConfig(file, { detectors, ...configNames(tools) })
  const problems = outcome.ok ? [] : outcome.problems
  if (json === true) await print(tools.terminal, JSON.stringify({ file, ok: outcome.ok, problems }))
  else if (outcome.ok) await print(tools.terminal, `${file} is good`)
  else await print(tools.terminal, formatProblems(file, problems))
  // A file that cannot be read is wrong usage, as everywhere; a bad one is what does not hold.
  if (!outcome.ok) tools.exit(problems.some(({ line }) => line > 0) ? EXIT.failed : EXIT.usage)
}

export const addCheckConfig: AddCommand = (program, tools) => {
  program
    .command('check-config')
    .description('say what is wrong with a configuration file, with line and column')
    .argument('<file>', 'YAML configuration; see docs/configuration.md')
    .option('--json', 'print {file, ok, problems} as JSON')
    .addHelpText('after', '\nExit codes: 0 good, 1 it has problems, 2 it cannot be read.')
    .action((file: string, options: { readonly json?: true }) => check(file, options, tools))
}
