/**
 * Which of the values that an identity used may be proposed for its entry in the trust registry. Whoever pastes a proposal allows what
 * it names, so what an intruder may have done must not be in it: neither what is new, nor what began around an incident.
 */
import { type Incident, isOpen } from '../../schemas/incident.ts'
import { API_LIMITS } from './limits.ts'
import type { UsedSince } from './questions/permissions.ts'

/** A stretch of time, both ends included, in ms since 1970. */
interface Stretch {
  readonly since: number
  readonly until: number
}

/** When a first use does not show that an act is the identity's own. */
export interface Doubt {
  /** From then on an act is too new, in ms since 1970. */
  readonly recentFrom: number
  /** Around incidents that are open or were confirmed. */
  readonly incidents: readonly Stretch[]
}

const REASONS = ['denied', 'recent', 'incident', 'never', 'pattern'] as const
type Reason = (typeof REASONS)[number]

export interface Proposal {
  /** Most used first. */
  readonly proposed: readonly string[]
  /** How many were left out, by reason; `more`: beyond the most used. */
  readonly left_out: Readonly<Record<Reason | 'more', number>>
}

/** Whether an incident casts doubt on what its agent did: it is open, or people called it a true positive. */
export const isGrave = (incident: Incident): boolean => isOpen(incident) || incident.verdict === 'true_positive'

/**
 * The times that cast doubt on an identity's first uses: the last day, and each of its grave incidents, from a day before its first finding,
 * because an intruder acts before it is found. An open one lasts; one that people called a true positive ends with its last change.
 */
export function doubtOf(incidents: readonly Incident[], now: number): Doubt {
  return {
    recentFrom: now - API_LIMITS.proposal_known_ms_min,
    incidents: incidents.filter(isGrave).map((one) => ({
      since: Date.parse(one.first_time) - API_LIMITS.proposal_known_ms_min,
      until: isOpen(one) ? Number.POSITIVE_INFINITY : Date.parse(one.updated_at),
    })),
  }
}

/** Whether the registry would read more into a value than what was done: `*` at the end is any suffix, `/` among peers a range. */
const isPattern = (part: string, value: string): boolean =>
  value.endsWith('*') || (part === 'peer' && value.includes('/'))

/** What of the used values may be proposed; `isForbidden` says what must never be done. */
export function proposalOf(
  part: string,
  used: readonly UsedSince[],
  doubt: Doubt,
  isForbidden: (value: string) => boolean,
): Proposal {
  const reasonFor = ({ value, settled_ms: settled }: UsedSince): Reason | undefined => {
    if (settled === undefined) return 'denied'
    if (settled >= doubt.recentFrom) return 'recent'
    if (doubt.incidents.some(({ since, until }) => settled >= since && settled <= until)) return 'incident'
    if (isForbidden(value)) return 'never'
    return isPattern(part, value) ? 'pattern' : undefined
  }
  const byReason = Map.groupBy(used, reasonFor)
  const settled = byReason.get(undefined) ?? []
  const proposed = settled.slice(0, API_LIMITS.permissions_undeclared_max).map(({ value }) => value)
  const counts = Object.fromEntries(REASONS.map((reason) => [reason, byReason.get(reason)?.length ?? 0]))
  return {
    proposed,
    left_out: { ...(counts as Record<Reason, number>), more: settled.length - proposed.length },
  }
}
