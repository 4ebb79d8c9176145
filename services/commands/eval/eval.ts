/**
 * `eval --labels LABELS FILE...`: replays labelled files and reports how good each detector is, at severity high and
 * above and at medium and above: what was caught, what was flagged wrongly and how often, and whether the evidence names
 * the attack.
 */
import { counted } from '../../../schemas/counted.ts'
import { type Command, Option } from 'commander'
import type { Finding } from '../../../schemas/finding.ts'
import { addBudgetOptions, type BudgetOptions, underBudget } from '../lib/budget.ts'
import { type AddCommand, type CommandTools, filesHelp, formatOption } from '../lib/command.ts'
import { detect } from '../detection/index.ts'
import { UsageError } from '../../lib/errors.ts'
import type { DetectorScore, Evaluation, Part } from './evaluation.ts'
import { evaluationText } from './evaluation-text.ts'
import { type Facts, factsOf } from './facts.ts'
import { importFiles, tellImported } from '../import/import.ts'
import { type Labels, readLabels } from './labels.ts'
import type { FormatChoice } from '../../collector/formats/format.ts'
import { FLOORS, type Floor, type Folds } from './score.ts'
import {
  EVENT_FOLDS,
  type EventFold,
  type EventScore,
  foldEvents,
  mistakesOfEvents,
  scoredEvents,
  scoreEvents,
} from './score-events.ts'
import {
  foldRuns,
  mistakesOfRuns,
  RUN_FOLDS,
  type RunFold,
  type RunScore,
  scoredRuns,
  scoreRuns,
} from './score-runs.ts'
import { createProgress, print, say } from '../lib/terminal.ts'

interface EvalOptions extends BudgetOptions {
  readonly labels: readonly string[]
  readonly format: FormatChoice
  readonly by?: readonly (RunFold | EventFold)[]
  readonly learnDays: string
  readonly mistakes?: true
  readonly json?: true
}

interface Scorer<S, By extends string> {
  score(findings: readonly Finding[], floor: Floor): S
  fold(findings: readonly Finding[], floor: Floor, by: By): Folds
  mistakes(findings: readonly Finding[], floor: Floor): unknown
}

function part<S, By extends string>(
  scorer: Scorer<S, By>,
  findings: readonly Finding[],
  detectors: readonly string[],
  by: readonly By[],
  withMistakes: boolean,
): Part<S> {
  const score = (detector: string, mode: 'live' | 'shadow', mine: readonly Finding[]): DetectorScore<S> => ({
    detector,
    mode,
    findings: mine.length,
    high: scorer.score(mine, 'high'),
    medium: scorer.score(mine, 'medium'),
  })
  const live = findings.filter((finding) => finding.mode === 'live')
  const names = [...new Set([...detectors, ...findings.map((finding) => finding.detector)])]
  const scores = names.map((name) => {
    const mine = findings.filter((finding) => finding.detector === name)
    return score(name, mine.some((finding) => finding.mode === 'shadow') ? 'shadow' : 'live', mine)
  })
  const folds = FLOORS.flatMap((floor) => by.map((field) => ({ ...scorer.fold(live, floor, field), floor })))
  return {
    scores: [...scores, score('total', 'live', live)],
    folds,
    ...(withMistakes
      ? { mistakes: { high: scorer.mistakes(live, 'high'), medium: scorer.mistakes(live, 'medium') } }
      : {}),
  }
}

const includes = <T extends string>(all: readonly T[], word: string): word is T => all.some((one) => one === word)

/** The figures of labelled runs and events, by detector and in total. */
export function evaluate(
  labels: Labels,
  facts: Facts,
  findings: readonly Finding[],
  detectors: readonly string[],
  options: Pick<EvalOptions, 'by' | 'learnDays' | 'mistakes'>,
): Pick<Evaluation, 'runs' | 'labelled_events'> {
  const by = options.by ?? []
  const runs = scoredRuns(labels.runs, facts)
  const events = scoredEvents(labels.events, facts, Number(options.learnDays))
  if (runs.runs.length === 0 && events.identityDays === 0) {
    throw new UsageError('no label names a run or an event of the files: do labels and files belong together?')
  }
  const runScorer: Scorer<RunScore, RunFold> = {
    score: (mine, floor) => scoreRuns(runs, mine, floor),
    fold: (mine, floor, field) => foldRuns(runs, mine, floor, field),
    mistakes: (mine, floor) => mistakesOfRuns(runs, mine, floor),
  }
  const eventScorer: Scorer<EventScore, EventFold> = {
    score: (mine, floor) => scoreEvents(events, mine, floor),
    fold: (mine, floor, field) => foldEvents(events, mine, floor, field),
    mistakes: (mine, floor) => mistakesOfEvents(events, mine, floor),
  }
  const withMistakes = options.mistakes === true
  const runBy = by.filter((field) => includes(RUN_FOLDS, field))
  const eventBy = by.filter((field) => includes(EVENT_FOLDS, field))
  return {
    ...(runs.runs.length === 0 ? {} : { runs: part(runScorer, findings, detectors, runBy, withMistakes) }),
    ...(events.identityDays === 0
      ? {}
      : { labelled_events: part(eventScorer, findings, detectors, eventBy, withMistakes) }),
  }
}

async function evaluateFiles(files: readonly string[], options: EvalOptions, tools: CommandTools): Promise<void> {
  const { terminal } = tools
  if (!/^\d+(\.\d+)?$/.test(options.learnDays)) {
    throw new UsageError(`--learn-days takes a number of days, not ${options.learnDays}`)
  }
  const progress = createProgress(terminal)
  const labels = await readLabels(options.labels)
  const imported = await importFiles(files, options.format, (_, events) =>
    progress.show(() => `reading: ${counted(events, 'event')}`),
  )
  const detection = underBudget(await tools.detection(), options)
  const { findings, counts, stats } = await detect(imported.spool, detection, (events) =>
    progress.show(() => `detecting: ${events} of ${counted(imported.spool.count, 'event')}`),
  )
  progress.end()
  tellImported(imported, (line) => say(terminal, line))
  const names = detection.detectors.map((detector) => detector.id)
  const evaluation: Evaluation = {
    events: counts.events,
    identities: stats.identities,
    ...evaluate(labels, factsOf(imported.spool), findings, names, options),
  }
  await print(terminal, options.json === true ? JSON.stringify(evaluation) : evaluationText(evaluation))
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  ...value.split(',').filter((one) => one !== ''),
]

function collectFold(value: string, before: readonly string[] | undefined): readonly string[] {
  const wanted = collect(value, before)
  const known: readonly string[] = [...RUN_FOLDS, ...EVENT_FOLDS]
  const bad = wanted.find((field) => !known.includes(field))
  if (bad !== undefined) throw new UsageError(`--by ${bad}: known are ${[...new Set(known)].join(', ')}`)
  return wanted
}

function addOptions(command: Command): Command {
  return addBudgetOptions(command)
    .addOption(
      new Option('--labels <file>', 'labels as NDJSON, plain or gzip; may be given several times')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(formatOption())
    .addOption(
      new Option('--by <field>', `fold by ${[...new Set([...RUN_FOLDS, ...EVENT_FOLDS])].join(', ')}`).argParser(
        collectFold,
      ),
    )
    .option('--learn-days <days>', 'labelled events: the first days of the files are learned from, not scored', '0')
    .option('--mistakes', 'list what was missed and what was flagged wrongly')
    .option('--json', 'the result as one JSON object')
}

export const addEval: AddCommand = (program, tools) => {
  const command = program
    .command('eval')
    .description('replay labelled files and say how good each detector is')
    .argument('<file...>', filesHelp)
  addOptions(command)
    .addHelpText(
      'after',
      '\nA label with `session` and `class` is about a run: `malicious` is an attack, `ambiguous` and `phase: warmup` are not\nscored. A label with `eventID` and `label` is about an event: `attack` belongs to the incident in `incident` or\n`group`, `setup` and `unscored_side_effect` are not scored.',
    )
    .action((files: string[], options: EvalOptions) => evaluateFiles(files, options, tools))
}
