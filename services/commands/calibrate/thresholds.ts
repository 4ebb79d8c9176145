/**
 * From scores on ordinary life to thresholds. The budget is a rate of false occasions for all live detectors together;
 * what detectors without a score use of it is taken off first, the rest is divided evenly among those that have one. A
 * threshold is the lowest score that so many occasions reach or pass, and lies between two scores that were seen.
 */
import type { Occasion } from './measure.ts'

export interface Budget {
  /** False occasions per 1,000 identity-days at medium and up, and at high and up. */
  readonly medium: number
  readonly high: number
}

export interface Threshold {
  readonly medium: number
  readonly high: number
}

/** Scores are written with so many digits. */
const rounded = (score: number): number => Number(score.toPrecision(5))

/** The threshold that at most `allowed` of the scores, highest first, reach. */
export function thresholdAt(scores: readonly number[], allowed: number): number {
  const sorted = scores.toSorted((a, b) => b - a)
  const kept = Math.min(sorted.length, Math.floor(allowed))
  const [last, next] = [sorted[kept - 1], sorted[kept]]
  // Beyond what was ever seen there is no telling: a tenth above the highest.
  if (last === undefined) return next === undefined ? 0 : rounded(next * 1.1)
  if (next === undefined) return rounded(last)
  // Scores that are equal go together: none of them is let through.
  if (next === last) return thresholdAt(scores, sorted.indexOf(last))
  return rounded((last + next) / 2)
}

/**
 * A threshold for each detector that has scores, in the order of their names. `floors` holds the lowest score that each of
 * them reports while it is measured; no threshold lies below it.
 */
export function thresholdsFor(
  occasions: readonly Occasion[],
  identityDays: number,
  budget: Budget,
  floors: ReadonlyMap<string, number>,
): Map<string, Threshold> {
  const live = occasions.filter(({ mode }) => mode === 'live')
  const fixed = live.filter(({ detector }) => !floors.has(detector))
  const highFixed = fixed.filter(({ severity }) => severity === 'high' || severity === 'critical').length
  const mediumFixed = highFixed + fixed.filter(({ severity }) => severity === 'medium').length
  const allowed = (perThousand: number, used: number): number =>
    Math.max(0, (perThousand * identityDays) / 1_000 - used) / Math.max(1, floors.size)
  const result = new Map<string, Threshold>()
  for (const [detector, floor] of [...floors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const scores = occasions.filter((one) => one.detector === detector).map(({ score }) => score)
    const medium = Math.max(floor, thresholdAt(scores, allowed(budget.medium, mediumFixed)))
    const high = Math.max(medium, thresholdAt(scores, allowed(budget.high, highFixed)))
    result.set(detector, { medium, high })
  }
  return result
}
