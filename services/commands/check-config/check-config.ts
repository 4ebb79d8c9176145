/** `check-config`: reports faults of a configuration file, with line and column, before a service reads it. */
import { formatProblems, loadConfig } from '../../lib/config.ts'
import type { Token } from '../../lib/config/schema.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { EXIT } from '../../lib/errors.ts'
import { configNames } from '../lib/serving.ts'
import { print } from '../lib/terminal.ts'

/** What is not a fault but should be known. */
function notesOn(tokens: readonly Token[]): string[] {
  const senders = tokens.filter(({ role }) => role === 'ingest' || role === 'sender' || role === 'admin')
  return [...Map.groupBy(senders, ({ tenant }) => tenant)]
    .filter(([, own]) => own.length > 1 && own.every(({ formats }) => formats === undefined))
    .map(
      ([tenant, own]) =>
        `note: each of the ${own.length} tokens of the tenant ${tenant} that send can speak for any provider: list the formats of each (tokens.formats)`,
    )
}

async function check(file: string, { json }: { readonly json?: true }, tools: CommandTools): Promise<void> {
  const { detectors } = await tools.detection()
  const outcome = await loadConfig(file, { detectors, ...configNames(tools) })
  const problems = outcome.ok ? [] : outcome.problems
  if (json === true) await print(tools.terminal, JSON.stringify({ file, ok: outcome.ok, problems }))
  else if (outcome.ok) await print(tools.terminal, [`${file} is good`, ...notesOn(outcome.config.tokens)].join('\n'))
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
