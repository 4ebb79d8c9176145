/**
 * `calibrate`: replays the ordinary life of many simulated companies through the detectors, says how often each of them is
 * wrong there and about what, and sets the thresholds of the joint scores so that all of them together keep the
 * false-alarm budget. It reads no file: no label of an attack can move a threshold.
 */
import { counted } from '../../../schemas/counted.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Detector } from '../../../detectors/detector.ts'
import type { Curve } from '../../../detectors/lib/curve.ts'
import { MARGIN, type Threshold } from '../../../detectors/lib/scored.ts'
import { emptyConfiguration } from '../../../schemas/configuration.ts'
import { severityAtLeast } from '../../../schemas/finding.ts'
import type { AddCommand, CommandTools } from '../lib/command.ts'
import { type DetectionOptions, detect } from '../detection/index.ts'
import { UsageError } from '../../lib/errors.ts'
import { importMade } from '../import/import.ts'
import { table } from '../lib/table.ts'
import { createProgress, print, say } from '../lib/terminal.ts'
import { life } from './life/life.ts'
import { addLifeOptions, createLabels, lifePlan, type LifeOptions, wholeNumber } from './life-command.ts'
import { type Occasion, occasionsOf } from './measure.ts'
import { type Budget, curvesFor, thresholdsFor, unscoredOf } from './thresholds.ts'

interface CalibrateOptions extends LifeOptions {
  readonly seeds: number
  readonly falsePer1000: number
  readonly highPer1000: number
  readonly write?: true
  readonly json?: true
}

const WRITTEN_TO = 'detectors/lib/thresholds.ts'

/** The lowest score that a detector may be asked to report; undefined for one that has no joint score. */
function floorOf(detector: Detector): number | undefined {
  const field: { minimum?: number } | undefined = detector.settings.properties['score_low']
  return field?.minimum
}

const floorsOf = (detectors: readonly Detector[]): Map<string, number> =>
  new Map(
    detectors.flatMap((detector) => {
      const floor = floorOf(detector)
      return floor === undefined ? [] : [[detector.id, floor] as const]
    }),
  )

/** Above every joint score. */
const NEVER_REACHED = 1e6

/** Everything as it runs, but that each joint score is told from its floor on, and as low: none changes what is learned. */
function measuring(options: DetectionOptions, floors: ReadonlyMap<string, number>): DetectionOptions {
  const detectors = Object.fromEntries(
    [...floors].map(
      ([id, floor]) =>
        [id, { settings: { score_low: floor, score_medium: NEVER_REACHED, score_high: NEVER_REACHED } }] as const,
    ),
  )
  return { ...options, configuration: { ...emptyConfiguration(), detectors } }
}

interface Measured {
  readonly occasions: readonly Occasion[]
  readonly identityDays: number
  readonly events: number
}

async function measureCompany(
  seed: number,
  options: CalibrateOptions,
  detection: DetectionOptions,
  tell: (what: string) => void,
): Promise<Measured> {
  const labels = createLabels()
  const parts = new Map<string, string>()
  function* lived() {
    for (const one of life(lifePlan({ ...options, seed }))) {
      labels.add(one)
      if (one.part !== 'ordinary') parts.set(String(one.event['id']), one.part)
      yield one.event
    }
  }
  const spool = importMade(lived(), (events) => tell(`living: ${counted(events, 'event')}`))
  const { findings } = await detect(spool, detection, (events) =>
    tell(`detecting: ${events} of ${counted(spool.count, 'event')}`),
  )
  const partOf = (id: string): string => parts.get(id) ?? 'ordinary'
  return { occasions: occasionsOf(findings, partOf), identityDays: labels.identityDays, events: spool.count }
}

export interface Noise {
  readonly detector: string
  readonly mode: 'live' | 'shadow'
  /** False occasions per 1,000 identity-days, at medium and up and at high and up. */
  readonly medium: number
  readonly high: number
  /** What of life they depend on, per 1,000 identity-days at medium and up, the most first. */
  readonly by_part: Readonly<Record<string, number>>
}

/** How often each detector is wrong under these thresholds. */
export function noiseOf(
  { occasions, identityDays }: Measured,
  detectors: readonly Detector[],
  thresholds: ReadonlyMap<string, Threshold>,
): Noise[] {
  const rate = (count: number): number => Number(((1_000 * count) / identityDays).toFixed(3))
  const reaches = (one: Occasion, floor: 'medium' | 'high'): boolean => {
    const threshold = thresholds.get(one.detector)
    return threshold === undefined ? severityAtLeast(one.severity, floor) : one.score >= threshold[floor]
  }
  return detectors.map(({ id, mode }) => {
    const mine = occasions.filter((one) => one.detector === id)
    const medium = mine.filter((one) => reaches(one, 'medium'))
    const parts = Map.groupBy(medium, ({ part }) => part)
    return {
      detector: id,
      mode,
      medium: rate(medium.length),
      high: rate(mine.filter((one) => reaches(one, 'high')).length),
      by_part: Object.fromEntries(
        [...parts].map(([part, all]) => [part, rate(all.length)] as const).sort(([, a], [, b]) => b - a),
      ),
    }
  })
}

/** What the written file imports; apart, so that no reader of imports takes it for one of this file. */
const CURVE_FROM = './curve.ts'

const curvesSource = (unscored: Threshold, curves: ReadonlyMap<string, Curve>): string => {
  const rate = (of: number): number => Number(of.toFixed(3))
  const lines = [...curves].map(
    ([id, curve]) =>
      `  [\n    '${id}',\n    [\n${curve.map((point) => `      [${point.join(', ')}],\n`).join('')}    ],\n  ],\n`,
  )
  return `/** Made by \`npm run calibrate -- --write\`; see docs/calibration.md. Joint scores by how often clean life reaches them. */
import type { Curve } from '${CURVE_FROM}'

/** What detectors without a joint score use of the budget: false occasions per 1,000 identity-days. */
export const UNSCORED = { medium: ${rate(unscored.medium)}, high: ${rate(unscored.high)} }

/** By detector: false occasions per 1,000 identity-days, and the score that so many reach. */
export const CURVES: ReadonlyMap<string, Curve> = new Map([
${lines.join('')}])
`
}

function reportText(noise: readonly Noise[], measured: Measured, seeds: number, budget: Budget): string {
  const live = noise.filter(({ mode }) => mode === 'live')
  const sum = (floor: 'medium' | 'high'): string => live.reduce((all, one) => all + one[floor], 0).toFixed(2)
  const rows = noise.map(({ detector, mode, medium, high, by_part: parts }) => [
    detector,
    mode,
    medium.toFixed(2),
    high.toFixed(2),
    Object.entries(parts)
      .slice(0, 4)
      .map(([part, rate]) => `${part} ${rate.toFixed(2)}`)
      .join(', '),
  ])
  return [
    `${seeds} companies, ${counted(measured.identityDays, 'identity-day')}, ${counted(measured.events, 'event')}, no attack among them`,
    table(
      ['false per 1,000 identity-days', 'mode', 'medium', 'high', 'mostly'],
      [...rows, ['all live', '', sum('medium'), sum('high'), '']],
    ),
    `budget: ${budget.medium} at medium and up, ${budget.high} at high; one part in ${MARGIN} of it may be used here`,
  ].join('\n')
}

async function calibrate(options: CalibrateOptions, tools: CommandTools): Promise<void> {
  const { terminal } = tools
  const progress = createProgress(terminal)
  const detection = await tools.detection()
  const floors = floorsOf(detection.detectors)
  const budget = { medium: options.falsePer1000, high: options.highPer1000 }
  if (budget.high > budget.medium)
    throw new UsageError('--high-per-1000 is part of --false-per-1000 and cannot be more')
  const asks = measuring(detection, floors)
  let measured: Measured = { occasions: [], identityDays: 0, events: 0 }
  for (let n = 0; n < options.seeds; n++) {
    const seed = options.seed + n
    const one = await measureCompany(seed, options, asks, (what) =>
      progress.show(() => `company ${n + 1} of ${options.seeds}, ${what}`),
    )
    measured = {
      occasions: [...measured.occasions, ...one.occasions],
      identityDays: measured.identityDays + one.identityDays,
      events: measured.events + one.events,
    }
    progress.end()
    say(
      terminal,
      `company ${n + 1} of ${options.seeds} (seed ${seed}): ${counted(one.events, 'event')}, ${counted(one.identityDays, 'identity-day')}`,
    )
  }
  const thresholds = thresholdsFor(measured.occasions, measured.identityDays, budget, floors)
  const noise = noiseOf(measured, detection.detectors, thresholds)
  const { identityDays, events } = measured
  const result = {
    companies: options.seeds,
    identity_days: identityDays,
    events,
    budget,
    thresholds: Object.fromEntries(thresholds),
    noise,
  }
  await print(
    terminal,
    options.json === true ? JSON.stringify(result) : reportText(noise, measured, options.seeds, budget),
  )
  if (options.write !== true) return
  const unscored = unscoredOf(measured.occasions, measured.identityDays, floors)
  const curves = curvesFor(measured.occasions, measured.identityDays, floors)
  writeFileSync(join(import.meta.dirname, '../../..', WRITTEN_TO), curvesSource(unscored, curves))
  say(terminal, `written to ${WRITTEN_TO}`)
}

export const addCalibrate: AddCommand = (program, tools) => {
  const command = program
    .command('calibrate')
    .description('measure the detectors on ordinary life and set thresholds so that they keep the false-alarm budget')
    .option('--seeds <n>', 'so many companies', wholeNumber(1, 1_000), 20)
    .option('--seed <n>', 'seed of the first of them', wholeNumber(0, 4_000_000_000), 1)
    .option('--false-per-1000 <rate>', 'false occasions per 1,000 identity-days, medium and up', Number, 5)
    .option('--high-per-1000 <rate>', 'the same, high and up', Number, 0.5)
    .option('--write', `write the thresholds to ${WRITTEN_TO}, for whoever works on the detectors`)
    .option('--json', 'the result as one JSON object')
  addLifeOptions(command).action((options: CalibrateOptions) => calibrate(options, tools))
}
