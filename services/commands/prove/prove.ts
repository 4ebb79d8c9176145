/**
 * `prove FILE... --seeds N`: shows that the findings are a function of the log. It runs the same events again and again
 * with other frames, partitions, interleavings, repeats, restarts, crashes and time zones, without clock and random, and
 * prints one hash for stage one and one for the set of all ids, or the first difference.
 */
import { counted } from '../../../schemas/counted.ts'
import type { EventRow } from '../../../schemas/event.ts'
import { type AddCommand, type CommandTools, filesHelp, formatOption } from '../lib/command.ts'
import type { DetectionOptions } from '../detection/index.ts'
import { EXIT, UsageError } from '../../lib/errors.ts'
import { importFiles, tellImported } from '../import/import.ts'
import { CALM, describePlan, planOf } from './plan.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { mappingOption, readMappings } from '../import/mapping-files.ts'
import { createProgress, print, say, type Terminal } from '../lib/terminal.ts'
import { compare, type Outcome, runTrial } from './trial.ts'

interface ProveOptions {
  readonly seeds: string
  readonly from: string
  readonly format: FormatChoice
  readonly mapping: readonly string[]
  readonly json?: true
}

interface Proof {
  readonly agree: boolean
  readonly seeds: number
  readonly events: number
  readonly stage_one: { readonly hash: string; readonly findings: number }
  readonly ids: { readonly hash: string; readonly count: number }
  /** The first one: which trial, and where it departs from the calm run. */
  readonly difference: { readonly trial: string; readonly what: string } | null
}

function proofText(proof: Proof): string {
  const lines = [
    `stage one  ${proof.stage_one.hash}  ${counted(proof.stage_one.findings, 'finding or revision', 'findings and revisions')}`,
    `ids        ${proof.ids.hash}  ${counted(proof.ids.count, 'id')} of both stages`,
  ]
  if (proof.difference === null) return [...lines, counted(proof.seeds, 'seed agrees', 'seeds agree')].join('\n')
  return [...lines, `they differ at ${proof.difference.trial}`, proof.difference.what].join('\n')
}

interface Trials {
  readonly rows: readonly EventRow[]
  readonly receiptTime: number
  /** The first one. */
  readonly from: number
  readonly seeds: number
}

/** Runs all trials, or up to the first that differs. */
function prove({ rows, receiptTime, from, seeds }: Trials, options: DetectionOptions, tools: CommandTools): Proof {
  const progress = createProgress(tools.terminal)
  const trial = (plan: typeof CALM): Outcome => {
    tools.setTimeZone(plan.timeZone)
    return runTrial(rows, receiptTime, plan, options)
  }
  const calm = trial(CALM)
  const proof = {
    events: rows.length,
    stage_one: { hash: calm.stageOneHash, findings: calm.stageOne.size },
    ids: { hash: calm.idsHash, count: calm.ids.size },
  }
  for (let tried = 0; tried <= seeds; tried++) {
    const seed = from + tried - 1
    progress.show(() => `seed ${seed} of ${from} to ${from + seeds - 1}`)
    // The calm run must not contradict itself, either.
    const plan = tried === 0 ? CALM : planOf(seed, rows.length)
    const what = compare(calm, tried === 0 ? calm : trial(plan))
    if (what === undefined) continue
    progress.end()
    return { agree: false, seeds: tried, ...proof, difference: { trial: describePlan(plan), what } }
  }
  progress.end()
  return { agree: true, seeds, ...proof, difference: null }
}

function warnings(proof: Proof, terminal: Terminal): void {
  if (proof.ids.count === 0) say(terminal, 'nothing was found in these files: that nothing stays the same says little')
}

async function proveFiles(files: readonly string[], options: ProveOptions, tools: CommandTools): Promise<void> {
  const { terminal } = tools
  const seeds = Number(options.seeds)
  if (!Number.isInteger(seeds) || seeds < 1) throw new UsageError(`--seeds takes a number from 1, not ${options.seeds}`)
  const from = Number(options.from)
  if (!Number.isInteger(from) || from < 1) throw new UsageError(`--from takes a number from 1, not ${options.from}`)
  const progress = createProgress(terminal)
  const mappings = await readMappings(options.mapping)
  const imported = await importFiles(
    files,
    options.format,
    (_, events) => progress.show(() => `reading: ${counted(events, 'event')}`),
    mappings,
  )
  progress.end()
  const { spool } = imported
  const rows = [...spool.rows()].flat()
  const proof = prove({ rows, receiptTime: spool.receiptTime(), from, seeds }, await tools.detection(), tools)
  tellImported(imported, (line) => say(terminal, line))
  warnings(proof, terminal)
  await print(terminal, options.json === true ? JSON.stringify(proof) : proofText(proof))
  tools.exit(proof.agree ? EXIT.ok : EXIT.failed)
}

export const addProve: AddCommand = (program, tools) => {
  program
    .command('prove')
    .description('show that the findings depend on the log alone, whatever happens to the workers')
    .argument('<file...>', filesHelp)
    .option(
      '--seeds <n>',
      'trials, each with frames, partitions, order, repeats, faults and time zone of its own',
      '10',
    )
    .option('--from <seed>', 'the first seed, to go on where an earlier proof ended', '1')
    .addOption(formatOption())
    .addOption(mappingOption())
    .option('--json', 'the result as one JSON object')
    .addHelpText('after', '\nExit code 0 if all trials agree, 1 with the first difference if not.')
    .action((files: string[], options: ProveOptions) => proveFiles(files, options, tools))
}
