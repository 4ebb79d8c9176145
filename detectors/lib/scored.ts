/**
 * Joint scores: a detector that weighs several signs of one occasion adds them up to one number, and says it as
 * `observed.score`. From which score on it tells is not its own choice: thresholds follow from the false-alarm budget, the
 * setting `false_per_1000`, along curves that `npm run calibrate` measures on ordinary life (docs/calibration.md).
 */
import Type from 'typebox'
import { FALSE_PER_1000, type FalsePer1000 } from '../../schemas/configuration.ts'
import type { Severity } from '../../schemas/finding.ts'
import { CURVES, UNSCORED } from './thresholds.ts'

export interface Threshold {
  readonly medium: number
  readonly high: number
}

/** False occasions per 1,000 identity-days of clean life, and the joint score that so many reach; rarer ones first. */
export type Curve = readonly (readonly [rate: number, score: number])[]

/** Rates below it count as it: so seldom that nobody will have measured it. */
const RATE_MIN = 0.001

/**
 * The score that `rate` occasions per 1,000 identity-days reach. Between measured rates it goes by their logarithm; beyond the
 * rarest it goes on as steeply as over the ten times more frequent ones before it.
 */
export function scoreAt(curve: Curve, rate: number): number {
  const [rarest, most] = [curve[0], curve.at(-1)]
  if (rarest === undefined || most === undefined) throw new Error('a curve of a joint score holds no point')
  const along = ([a, high]: Curve[number], [b, low]: Curve[number]): number =>
    b === a ? high : high + (Math.log(Math.max(rate, RATE_MIN) / a) / Math.log(b / a)) * (low - high)
  if (rate < rarest[0]) return along(rarest, curve.find(([measured]) => measured >= 10 * rarest[0]) ?? most)
  const next = curve.findIndex(([measured]) => measured >= rate)
  if (next <= 0) return next === 0 ? rarest[1] : most[1]
  return along(curve[next - 1] as Curve[number], curve[next] as Curve[number])
}

/**
 * How much more often companies that are not the simulated ones were disturbed: the thresholds are set for that many. On two
 * companies on which nothing is set, detectors without a joint score were wrong 2.7 and 3.7 times as often.
 */
export const MARGIN = 4

/** What one of so many detectors with a joint score has of the budget, after what the others use of it. */
export function shareOf(budget: FalsePer1000, unscored: Threshold, scored: number): Threshold {
  const share = (rate: number, used: number): number => Math.max(0, rate / MARGIN - used) / Math.max(1, scored)
  const { medium = FALSE_PER_1000.medium, high = FALSE_PER_1000.high } = budget
  const ofHigh = share(high, unscored.high)
  // What is high is medium, too: who allows more of it allows as many of both.
  return { medium: Math.max(ofHigh, share(medium, unscored.medium)), high: ofHigh }
}

/** The thresholds of a detector under a budget; undefined for one that was never calibrated. */
export function thresholdsUnder(budget: FalsePer1000, id: string): Threshold | undefined {
  const curve = CURVES.get(id)
  if (curve === undefined) return undefined
  const share = shareOf(budget, UNSCORED, CURVES.size)
  const round = (score: number): number => Number(score.toPrecision(5))
  const medium = round(scoreAt(curve, share.medium))
  return { medium, high: Math.max(medium, round(scoreAt(curve, share.high))) }
}

/** The same as settings of the detector; none where the budget moves nothing of it. */
export function settingsUnder(budget: FalsePer1000 | undefined, id: string): Partial<Scored> {
  const found = budget === undefined ? undefined : thresholdsUnder(budget, id)
  return found === undefined ? {} : { score_low: found.medium, score_medium: found.medium, score_high: found.high }
}

export interface Scored {
  readonly score_low: number
  readonly score_medium: number
  readonly score_high: number
}

/**
 * Settings of a detector with a joint score. `untold` are the thresholds before the first calibration; `floor` is the lowest
 * score worth measuring. Between `score_low` and `score_medium` a finding is low: nothing may refuse to learn because of it.
 */
export const scoreSettings = (
  id: string,
  untold: { readonly floor: number; readonly medium: number; readonly high: number },
) => {
  const { medium, high } = thresholdsUnder(FALSE_PER_1000, id) ?? untold
  return {
    score_low: Type.Number({
      default: medium,
      minimum: untold.floor,
      description: 'Joint score from which an occasion is told at all',
    }),
    score_medium: Type.Number({ default: medium, description: 'Joint score of medium, from the false-alarm budget' }),
    score_high: Type.Number({ default: high, description: 'Joint score of high, from the false-alarm budget' }),
  }
}

/** How severe an occasion of this score is; undefined where it is not told. */
export function severityOfScore(score: number, settings: Scored): Severity | undefined {
  if (score >= settings.score_high) return 'high'
  if (score >= settings.score_medium) return 'medium'
  return score >= settings.score_low ? 'low' : undefined
}
