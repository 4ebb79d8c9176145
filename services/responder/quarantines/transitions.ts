/**
 * How a quarantine changes: each function takes the present state and returns the next, without its sequence number,
 * which is assigned when it is written. None of them depends on a store, a sink or a clock.
 */
import { actionId } from '../../../schemas/ids.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { type Containment, isActive, type Quarantine, type QuarantineOrder } from '../../../schemas/quarantine.ts'

export const isoOf = (ms: number): string => new Date(ms).toISOString()

/** A quarantine before its change has a number. */
export type Draft = Omit<Quarantine, 'sequence'>

/** What a policy or a person requests. */
export interface Wanted {
  /** What the id depends on: the incident, or the command. */
  readonly cause: string
  readonly identity: string
  /** When its first event was, in ms since 1970; undefined where nobody knows. */
  readonly since?: number | undefined
  readonly action: Containment
  readonly reason: string
  readonly findingIds: readonly string[]
  readonly incidentId: string | null
  readonly automatic: boolean
  readonly by: string
  readonly expiresMs: number
}

/** The request, before any decision. */
export const blank = (tenant: string, wanted: Wanted, nowMs: number): Draft => ({
  id: actionId(wanted.automatic ? wanted.cause : `${wanted.cause}/${wanted.identity}`, wanted.action),
  tenant,
  identity: wanted.identity,
  ...(wanted.since === undefined ? {} : { identity_since: isoOf(wanted.since) }),
  action: wanted.action,
  status: 'requested',
  status_reason: '',
  order_sequence: 0,
  reason: wanted.reason,
  finding_ids: wanted.findingIds.slice(0, LIMITS.incident_findings_max),
  incident_id: wanted.incidentId,
  automatic: wanted.automatic,
  requested_by: wanted.by,
  requested_at: isoOf(nowMs),
  approved_by: null,
  ordered_at: null,
  sent_at: null,
  acknowledged_at: null,
  acknowledged_by: [],
  expires_at: isoOf(nowMs + wanted.expiresMs),
  ended_at: null,
  released_by: null,
  release_reason: null,
})

/** The order of this quarantine at its newest number. */
export const orderOf = (
  q: Quarantine,
  action: QuarantineOrder['action'],
  by: string,
  reason: string,
  nowMs: number,
): QuarantineOrder => ({
  id: q.id,
  tenant: q.tenant,
  identity: q.identity,
  sequence: q.order_sequence,
  action,
  reason,
  finding_ids: [...q.finding_ids],
  incident_id: q.incident_id,
  ordered_by: by,
  ordered_at: isoOf(nowMs),
  expires_at: action === 'release' ? null : q.expires_at,
})

/** Another order for the identity takes its place; it is not lifted in between. */
export const replaced = (held: Quarantine, by: Draft, who: string, nowMs: number): Draft => {
  const why = `replaced by ${by.action}`
  return {
    ...held,
    status: 'released',
    status_reason: why,
    ended_at: isoOf(nowMs),
    released_by: who,
    release_reason: why,
  }
}

export const requested = (draft: Draft, nowMs: number): Draft => ({
  ...draft,
  status: 'requested',
  ordered_at: isoOf(nowMs),
  ended_at: null,
})

export const approved = (
  proposal: Quarantine,
  by: string,
  reason: string,
  expiresMs: number,
  nowMs: number,
): Draft => ({
  ...proposal,
  approved_by: by,
  status_reason: `approved: ${reason}`,
  expires_at: isoOf(nowMs + expiresMs),
})

/** A person has decided against a proposal. */
export const refused = (proposal: Quarantine, by: string, reason: string, nowMs: number): Draft => ({
  ...proposal,
  status: 'refused',
  status_reason: reason,
  ended_at: isoOf(nowMs),
  released_by: by,
  release_reason: reason,
})

export const released = (q: Quarantine, by: string, reason: string, nowMs: number): Draft => ({
  ...q,
  status: 'released',
  status_reason: reason,
  ended_at: isoOf(nowMs),
  released_by: by,
  release_reason: reason,
})

/** Its time has run out: an order is lifted, a proposal is decided by nobody. */
export const expired = (q: Quarantine, nowMs: number): Draft => ({
  ...q,
  status: 'expired',
  status_reason: isActive(q) ? 'expired' : 'nobody decided in time',
  ended_at: isoOf(nowMs),
  ...(isActive(q) ? { released_by: null, release_reason: null } : {}),
})

export const sent = (q: Quarantine, nowMs: number): Draft => ({ ...q, status: 'sent', sent_at: isoOf(nowMs) })

/** An attempt has failed; `isHopeless` if no sink may accept it any more. */
export const undelivered = (q: Quarantine, sink: string, outcome: string, isHopeless: boolean): Draft => {
  const what = isActive(q) ? 'the order' : 'the release'
  const status_reason = isHopeless
    ? `no sink accepted ${what}: ${sink}: ${outcome}`
    : `${sink} did not accept ${what}: ${outcome}`
  return { ...q, status: isHopeless && q.status === 'sent' ? 'requested' : q.status, status_reason }
}

/** A sink has accepted it; `isByAll` if it was the last of those that carry out orders. */
export const acknowledged = (q: Quarantine, sink: string, isByAll: boolean, nowMs: number): Draft => {
  const isHeld = isByAll && (q.status === 'sent' || q.status === 'requested')
  return {
    ...q,
    acknowledged_by: [...q.acknowledged_by, sink],
    ...(isByAll && isActive(q) ? { status_reason: '' } : {}),
    ...(isHeld ? { status: 'acknowledged', acknowledged_at: isoOf(nowMs) } : {}),
  }
}
