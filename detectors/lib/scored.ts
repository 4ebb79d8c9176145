/**
 * Joint scores: a detector that weighs several signs of one occasion adds them up to one number, `observed.score`. It
 * does not choose its own threshold: thresholds follow from the false-alarm budget, the setting `false_per_1000`, along
 * curves that `npm run calibrate` measures on ordinary life (docs/calibration.md).
 */
import Type from 'typebox'
import { FALSE_PER_1000, type FalsePer1000 } from '../../schemas/configuration.ts'
import type { Severity } from '../../schemas/finding.ts'
import type { Curve } from './curve.ts'
import { CURVES, UNSCORED } from './thresholds.ts'

export interface Threshold {
  readonly medium: number
  readonly high: number
}

/** Rates below it count as it: so seldom that nobody will have measured it. */
const RATE_MIN = 0.001

/**
 * The score that `rate` occasions per 1,000 identity-days reach. Between measured rates it interpolates over their
 * logarithm. Beyond the rarest it continues with the slope from there to the rate ten times more frequent.
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

/**
 * What of the budget is kept for joint scores, however much the other detectors use: those cannot be made quieter by it, and
 * what several signs say together is better evidence than what one says.
 */
export const KEPT_FOR_SCORED = 0.1

/** What one of so many detectors with a joint score has of the budget, after what the others use of it. */
export function shareOf(budget: FalsePer1000, unscored: Threshold, scored: number): Threshold {
  const share = (rate: number, used: number): number =>
    Math.max((KEPT_FOR_SCORED * rate) / MARGIN, rate / MARGIN - used) / Math.max(1, scored)
  const { medium = FALSE_PER_1000.medium, high = FALSE_PER_1000.high } = budget
  const ofHigh = share(high, unscored.high)
  // High findings are medium, too: a budget that allows more high ones allows as many of both.
  return { medium: Math.max(ofHigh, share(medium, unscored.medium)), high: ofHigh }
}

/** What a detector has of the budget, as false occasions per 1,000 identity-days; undefined for one that was never calibrated. */
export const budgetOf = (budget: FalsePer1000, id: string): Threshold | undefined =>
  CURVES.has(id) ? shareOf(budget, UNSCORED, CURVES.size) : undefined

/** The scores that so many occasions reach. Throws where the detector was never calibrated. */
export function thresholdsAtShare(id: string, share: Threshold): Threshold {
  const curve = CURVES.get(id) ?? []
  const round = (score: number): number => Number(score.toPrecision(5))
  const medium = round(scoreAt(curve, Math.max(share.medium, share.high)))
  return { medium, high: Math.max(medium, round(scoreAt(curve, share.high))) }
}

/** The thresholds of a detector under a budget; undefined for one that was never calibrated. */
export function thresholdsUnder(budget: FalsePer1000, id: string): Threshold | undefined {
  const share = budgetOf(budget, id)
  return share === undefined ? undefined : thresholdsAtShare(id, share)
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

/** The severity of an occasion with this score; undefined if it is not reported. */
export function severityOfScore(score: number, settings: Scored): Severity | undefined {
  if (score >= settings.score_high) return 'high'
  if (score >= settings.score_medium) return 'medium'
  return score >= settings.score_low ? 'low' : undefined
}
