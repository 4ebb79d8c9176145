/**
 * `eval-all`: runs the detectors over all labelled data of a folder and reports how good each is, compared with chance
 * and trivial rules: as a page with curves, or as JSON.
 */
import { counted } from '../../../schemas/counted.ts'
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { evaluate } from '../eval/eval.ts'
import { withBudget } from '../lib/budget.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { detect, type DetectionOptions } from '../detection/index.ts'
import { UsageError } from '../../lib/errors.ts'
import { factsOf } from '../eval/facts.ts'
import { importFiles } from '../import/import.ts'
import { readLabels } from '../eval/labels.ts'
import { FLOORS } from '../eval/score.ts'
import { createProgress, print, say } from '../lib/terminal.ts'
import { chart, type Curve } from './chart.ts'
import { readCompanyLabels, scoreCompany, type CompanyLabels, type Told } from './company.ts'
import { DATA_SETS, type DataSet } from './data-sets.ts'
import { evaluationPage } from './page.ts'
import type { CompanyResult, DetectorResult, LabelledResult, Results } from './results.ts'
import { trivialFindings } from './trivial.ts'

interface EvalAllOptions {
  readonly data: string
  readonly write?: true
  readonly json?: true
}

const ROOT = join(import.meta.dirname, '../../..')

const scoresOf = (labels: CompanyLabels, findings: readonly Told[]) => ({
  medium: scoreCompany(labels, findings, 'medium'),
  high: scoreCompany(labels, findings, 'high'),
})

function byDetector(labels: CompanyLabels, findings: readonly Told[], names: readonly string[]): DetectorResult[] {
  return names
    .map((detector) => ({
      detector,
      ...scoresOf(
        labels,
        findings.filter((one) => one.detector === detector),
      ),
    }))
    .toSorted((a, b) => b.medium.caught - a.medium.caught || a.medium.false_per_1000 - b.medium.false_per_1000)
}

/** What is caught at which rate as detectors are switched on one by one, the most precise first. */
function curveOf(
  name: string,
  labels: CompanyLabels,
  findings: readonly Told[],
  results: readonly DetectorResult[],
): Curve {
  const order = results
    .filter(({ medium }) => medium.caught > 0)
    .toSorted((a, b) => (b.medium.precision ?? 0) - (a.medium.precision ?? 0))
    .map(({ detector }) => detector)
  const points: (readonly [number, number])[] = [[0, 0]]
  for (let n = 1; n <= order.length; n++) {
    const on = new Set(order.slice(0, n))
    const score = scoreCompany(
      labels,
      findings.filter(({ detector }) => on.has(detector)),
      'medium',
    )
    points.push([score.false_per_1000, score.caught / Math.max(1, score.of)])
  }
  return { name, points }
}

type Tell = (what: string) => void

async function findingsOf(set: DataSet, folder: string, detection: DetectionOptions, tell: Tell) {
  const { spool } = await importFiles([join(folder, set.file)], set.format, (_, events) =>
    tell(`${set.name}: reading ${counted(events, 'event')}`),
  )
  const under = set.budget === undefined ? detection : withBudget(detection, set.budget)
  const { findings } = await detect(spool, under, (events) =>
    tell(`${set.name}: ${events} of ${counted(spool.count, 'event')}`),
  )
  return { spool, findings }
}

async function companyResult(
  set: DataSet,
  folder: string,
  detection: DetectionOptions,
  tell: Tell,
): Promise<CompanyResult> {
  const labels = await readCompanyLabels(join(folder, set.labels))
  const { spool, findings } = await findingsOf(set, folder, detection, tell)
  const detectors = byDetector(
    labels,
    findings,
    detection.detectors.map(({ id }) => id),
  )
  const simple = trivialFindings(spool)
  const trivial = byDetector(labels, simple, [...new Set(simple.map(({ detector }) => detector))])
  const withIncidents = labels.incidents.length > 0
  return {
    name: set.name,
    ...scoresOf(labels, findings),
    detectors,
    trivial,
    curves: withIncidents
      ? [curveOf('detectors', labels, findings, detectors), curveOf('trivial rules', labels, simple, trivial)]
      : [],
    ...(withIncidents ? { chart: `evaluation-${set.name}.svg` } : {}),
  }
}

async function labelledResult(
  set: DataSet,
  folder: string,
  detection: DetectionOptions,
  tell: Tell,
): Promise<LabelledResult> {
  const labels = await readLabels([join(folder, set.labels)])
  const { spool, findings } = await findingsOf(set, folder, detection, tell)
  const names = detection.detectors.map(({ id }) => id)
  const { runs, labelled_events: events } = evaluate(labels, factsOf(spool), findings, names, {
    learnDays: set.learnDays,
  })
  const scores = [...(runs?.scores ?? []), ...(events?.scores ?? [])].filter((one) => one.findings > 0)
  const rows = scores.flatMap((one) =>
    FLOORS.map((floor) => {
      const { caught, precision, false_findings: wrong, false_per_identity_day: rate } = one[floor]
      return [one.detector, floor, `${caught.hits} of ${caught.of}`, precision, wrong, rate]
    }),
  )
  return { name: set.name, rows }
}

/** The commit that is measured and its date; `unknown` outside version control. */
function revision(): Pick<Results, 'commit' | 'date'> {
  try {
    const said = execFileSync('git', ['show', '-s', '--format=%h %cs', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
    const [commit = '', date = ''] = said.split(' ')
    return { commit, date }
  } catch {
    return { commit: 'unknown', date: 'unknown' }
  }
}

async function evaluateAll(options: EvalAllOptions, tools: CommandTools): Promise<void> {
  const { terminal } = tools
  // Asked first: by the end somebody may have gone on.
  const measured = revision()
  const present = DATA_SETS.filter(({ file }) => existsSync(join(options.data, file)))
  if (present.length === 0)
    throw new UsageError(`${options.data} holds none of the labelled files: name their folder with --data`)
  for (const file of new Set(DATA_SETS.filter((set) => !present.includes(set)).map((set) => set.file)))
    say(terminal, `left out: ${file} is not there`)
  const progress = createProgress(terminal)
  const detection = await tools.detection()
  const tell: Tell = (what) => progress.show(() => what)
  const companies: CompanyResult[] = []
  const labelled: LabelledResult[] = []
  for (const set of present) {
    if (set.kind === 'company') companies.push(await companyResult(set, options.data, detection, tell))
    else labelled.push(await labelledResult(set, options.data, detection, tell))
    progress.end()
    say(terminal, `done: ${set.name}`)
  }
  const results: Results = { ...measured, companies, labelled }
  await print(terminal, options.json === true ? JSON.stringify(results) : evaluationPage(results))
  if (options.write !== true) return
  writeFileSync(join(ROOT, 'docs/evaluation.md'), evaluationPage(results))
  for (const one of companies) {
    if (one.chart !== undefined)
      writeFileSync(join(ROOT, 'docs', one.chart), chart(`Caught against false: ${one.name}`, one.curves))
  }
}

export const addEvalAll: AddCommand = (program, tools) => {
  program
    .command('eval-all')
    .description('evaluate the detectors on all labelled data of a folder, beside chance and trivial rules')
    .option('--data <folder>', 'where the labelled files lie', '../shared/data')
    .option('--write', 'write docs/evaluation.md and its curves')
    .option('--json', 'the result as one JSON object')
    .action((options: EvalAllOptions) => evaluateAll(options, tools))
}
