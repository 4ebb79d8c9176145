/**
 * Joint scores: a detector that weighs several signs of one occasion adds them up to one number, and says it as
 * `observed.score`. From which score on it tells is not its own choice: thresholds come from the false-alarm budget, by
 * `npm run calibrate` on ordinary life (docs/calibration.md).
 */
import Type from 'typebox'
import type { Severity } from '../../schemas/finding.ts'
import { THRESHOLDS } from './thresholds.ts'

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
  const { medium, high } = THRESHOLDS.get(id) ?? untold
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
