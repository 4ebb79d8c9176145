/**
 * From scores on ordinary life to thresholds. The budget is a rate of false occasions for all live detectors together.
 * The share of detectors without a score is subtracted first; the rest is divided evenly among those that have one. A
 * threshold is the lowest score that so many occasions reach or pass, and is between two observed scores.
 */
import type { Curve } from '../../../detectors/lib/curve.ts'
import { shareOf, type Threshold } from '../../../detectors/lib/scored.ts'
import type { Occasion } from './measure.ts'

export interface Budget {
  /** False occasions per 1,000 identity-days at medium and up, and at high and up. */
  readonly medium: number
  readonly high: number
}

/** The rates at which a curve is written: a service finds its thresholds between them. */
const RATES = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40, 80, 160]

/** Scores are written with so many digits. */
const rounded = (score: number): number => Number(score.toPrecision(5))

/** The threshold that at most `allowed` of the scores, highest first, reach. */
export function thresholdAt(scores: readonly number[], allowed: number): number {
  const sorted = scores.toSorted((a, b) => b - a)
  const kept = Math.min(sorted.length, Math.floor(allowed))
  const [last, next] = [sorted[kept - 1], sorted[kept]]
  // Nothing is known beyond the highest observed score: take a tenth above it.
  if (last === undefined) return next === undefined ? 0 : rounded(next * 1.1)
  if (next === undefined) return rounded(last)
  // Scores that are equal go together: none of them is let through.
  if (next === last) return thresholdAt(scores, sorted.indexOf(last))
  return rounded((last + next) / 2)
}

/** What live detectors without a score are wrong about, per 1,000 identity-days. */
export function unscoredOf(
  occasions: readonly Occasion[],
  identityDays: number,
  floors: ReadonlyMap<string, number>,
): Threshold {
  const used = occasions.filter(({ mode, detector }) => mode === 'live' && !floors.has(detector))
  const high = used.filter(({ severity }) => severity === 'high' || severity === 'critical').length
  const medium = high + used.filter(({ severity }) => severity === 'medium').length
  return { medium: (1_000 * medium) / identityDays, high: (1_000 * high) / identityDays }
}

const scoresOf = (occasions: readonly Occasion[], detector: string): number[] =>
  occasions.filter((one) => one.detector === detector).map(({ score }) => score)

const byName = (floors: ReadonlyMap<string, number>) => [...floors].sort(([a], [b]) => (a < b ? -1 : 1))

/**
 * A threshold for each detector that has scores, sorted by name. `floors` holds the lowest score that each of them
 * reports while it is measured; no threshold is below it.
 */
export function thresholdsFor(
  occasions: readonly Occasion[],
  identityDays: number,
  budget: Budget,
  floors: ReadonlyMap<string, number>,
): Map<string, Threshold> {
  const share = shareOf(budget, unscoredOf(occasions, identityDays, floors), floors.size)
  const at = (scores: readonly number[], rate: number): number => thresholdAt(scores, (rate * identityDays) / 1_000)
  return new Map(
    byName(floors).map(([detector, floor]) => {
      const scores = scoresOf(occasions, detector)
      const medium = Math.max(floor, at(scores, share.medium))
      return [detector, { medium, high: Math.max(medium, at(scores, share.high)) }]
    }),
  )
}

/** The same for every budget: which score is reached how often. Rates that were not measured once are left out. */
export function curvesFor(
  occasions: readonly Occasion[],
  identityDays: number,
  floors: ReadonlyMap<string, number>,
): Map<string, Curve> {
  return new Map(
    byName(floors).map(([detector, floor]) => {
      const scores = scoresOf(occasions, detector)
      const rates = RATES.filter((rate) => (rate * identityDays) / 1_000 >= 1)
      return [
        detector,
        rates.map((rate) => [rate, Math.max(floor, thresholdAt(scores, (rate * identityDays) / 1_000))] as const),
      ]
    }),
  )
}
