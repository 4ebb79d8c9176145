/**
 * From people's verdicts to thresholds. A detector whose findings people mostly call false may be wrong less often, one whose
 * findings are mostly true may tell more: its share of the false-alarm budget is multiplied by (1 + true) / (1 + false), by at
 * most ten in either direction, and the threshold is read off its measured curve. Nothing moves before the verdicts leave
 * little doubt. The same verdicts always give the same thresholds, so that asking twice moves nothing twice.
 */
import { budgetOf, type Threshold, thresholdsAtShare } from '../../../detectors/lib/scored.ts'
import type { FalsePer1000 } from '../../../schemas/configuration.ts'
import type { Verdict } from '../../../schemas/incident.ts'

/** An incident as far as a verdict goes. */
export interface Judged {
  readonly detectors: readonly string[]
  readonly verdict: Verdict | null
}

export interface Votes {
  readonly true_positive: number
  readonly false_positive: number
  /** What it saw was so, and did no harm: nobody need have been told. */
  readonly benign: number
}

export interface Proposal extends Votes {
  readonly detector: string
  /** The share of the budget is multiplied by it; 1 where nothing moves. */
  readonly factor: number
  readonly reason: string
  /** Thresholds by the budget alone, and with what people say; absent for a detector without a joint score. */
  readonly from?: Threshold
  readonly to?: Threshold
}

/** No more than this may verdicts move a share of the budget, in either direction. */
export const FACTOR_MAX = 10
/** Fewer verdicts than these say nothing, however much they agree. */
export const VERDICTS_MIN = 8
/** So sure must it be that more (or less) than half of what a detector tells is false. */
const SURE = 0.95

/** Verdicts by detector. An incident speaks once for each detector that spoke in it. */
export function votesOf(incidents: readonly Judged[]): Map<string, Votes> {
  const votes = new Map<string, Votes>()
  for (const { detectors, verdict } of incidents) {
    if (verdict === null) continue
    for (const detector of new Set(detectors)) {
      const before = votes.get(detector) ?? { true_positive: 0, false_positive: 0, benign: 0 }
      votes.set(detector, { ...before, [verdict]: before[verdict] + 1 })
    }
  }
  return votes
}

/**
 * How probable it is that more than half of what is told is false, after so many verdicts and an even prior: the tail of a
 * beta distribution, which for whole numbers is a sum of binomial terms.
 */
export function mostlyFalse(wrong: number, right: number): number {
  const trials = wrong + right + 1
  let term = 0.5 ** trials
  let sum = term
  for (let k = 1; k <= wrong; k++) {
    term *= (trials - k + 1) / k
    sum += term
  }
  return sum
}

/** By how much the share of the budget moves, and why. */
export function factorOf({ true_positive: right, false_positive, benign }: Votes): Pick<Proposal, 'factor' | 'reason'> {
  const wrong = false_positive + benign
  const judged = wrong + right
  if (judged < VERDICTS_MIN) return { factor: 1, reason: `${judged} of the ${VERDICTS_MIN} verdicts that it takes` }
  const sure = mostlyFalse(wrong, right)
  if (sure < SURE && sure > 1 - SURE) return { factor: 1, reason: `${wrong} of ${judged} false: it may be either` }
  const factor = Math.min(FACTOR_MAX, Math.max(1 / FACTOR_MAX, (1 + right) / (1 + wrong)))
  return { factor: Number(factor.toPrecision(3)), reason: `${wrong} of ${judged} false` }
}

/** What follows for each detector that was judged, by name. */
export function proposalsOf(incidents: readonly Judged[], budget: FalsePer1000 | undefined): Proposal[] {
  return [...votesOf(incidents)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([detector, votes]) => {
      const share = budgetOf(budget ?? {}, detector)
      const { factor, reason } = factorOf(votes)
      if (share === undefined)
        return {
          detector,
          ...votes,
          factor: 1,
          reason: `${reason}; it has no joint score: see how to tune it on its page`,
        }
      const times = { medium: share.medium * factor, high: share.high * factor }
      return {
        detector,
        ...votes,
        factor,
        reason,
        from: thresholdsAtShare(detector, share),
        to: thresholdsAtShare(detector, times),
      }
    })
}
