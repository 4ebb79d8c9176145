/**
 * The quarantine state machine. Every change takes the next sequence number of the identity; an order carries the number
 * at which it was given and goes to every sink that receives orders. An order that a newer one has overtaken is not sent
 * any more, and receivers that get two out of turn keep the higher number.
 */
import { actionId } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Delivery } from '../../schemas/delivery.ts'
import { type Containment, isActive, type Quarantine, type QuarantineOrder } from '../../schemas/quarantine.ts'
import type { Deliveries } from './deliveries.ts'
import type { Notices } from './notices.ts'
import type { Sinks } from './sink-states.ts'
import type { StateStore, Transaction } from './store.ts'

const isoOf = (ms: number): string => new Date(ms).toISOString()
const HOUR_MS = 3_600_000

/** What is asked for, by policy or by a person. */
export interface Wanted {
  /** What the id depends on: the incident, or the command. */
  readonly cause: string
  readonly identity: string
  readonly action: Containment
  readonly reason: string
  readonly findingIds: readonly string[]
  readonly incidentId: string | null
  readonly automatic: boolean
  readonly by: string
  readonly expiresMs: number
}

export interface Quarantines {
  restore(quarantine: Quarantine): void
  get(tenant: string, id: string): Quarantine | undefined
  /** The newest of the identity, ended or not. */
  current(tenant: string, identity: string): Quarantine | undefined
  /** Whether asking for this would change nothing: it was asked for before, or the identity is held as firmly. */
  isMoot(tenant: string, wanted: Wanted): boolean
  /** Writes down what was not ordered: shadow, proposed or refused, and why. */
  record(
    tx: Transaction,
    wanted: Wanted,
    status: 'shadow' | 'proposed' | 'refused',
    why: string,
    nowMs: number,
  ): Quarantine
  /** Gives the order to contain. */
  order(tx: Transaction, wanted: Wanted, nowMs: number): Quarantine
  /** Carries out a proposal; undefined where there is none. */
  approve(
    tx: Transaction,
    id: string,
    by: string,
    reason: string,
    expiresMs: number,
    nowMs: number,
  ): Quarantine | undefined
  /** Ends it by a person; a proposal is refused. undefined where there is nothing to end. */
  release(tx: Transaction, id: string, by: string, reason: string, nowMs: number): Quarantine | undefined
  /** Whether a newer order for the identity has overtaken this one. */
  isStale(delivery: Delivery): boolean
  /** An attempt to send an order begins. */
  onSent(tx: Transaction, delivery: Delivery, nowMs: number): void
  /** An attempt to deliver an order has failed, or was the last: a quarantine must not look under way where it is not. */
  onUndelivered(tx: Transaction, delivery: Delivery, outcome: string, nowMs: number): void
  /** A sink has taken an order. */
  onAcknowledged(tx: Transaction, delivery: Delivery, nowMs: number): void
  /** Automatic orders of the last hour, and identities under automatic containment, of those that are meant: what caps count. */
  usage(
    tenant: string,
    nowMs: number,
    isMeant: (identity: string) => boolean,
  ): { readonly orderedLastHour: number; readonly active: number }
  /** How many of the tenant are held or wait for a person. */
  open(tenant: string): number
  list(tenant: string): Quarantine[]
  /** Ends what has run out, and answers it. */
  expire(nowMs: number): Promise<readonly Quarantine[]>
  /** Drops what is older than it is kept. */
  tidy(nowMs: number): Promise<void>
}

const identityKey = (tenant: string, identity: string): string => `${tenant}\u0000${identity}`

const orderOf = (
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

const blank = (tenant: string, wanted: Wanted, nowMs: number): Omit<Quarantine, 'sequence'> => ({
  id: actionId(wanted.automatic ? wanted.cause : `${wanted.cause}/${wanted.identity}`, wanted.action),
  tenant,
  identity: wanted.identity,
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

interface Memory {
  readonly all: Map<string, Quarantine>
  /** Newest quarantine of each identity: it holds the identity's highest sequence and is kept for its sake. */
  readonly newest: Map<string, string>
  readonly active: Map<string, Set<string>>
  /** Active or proposed: what can run out. */
  readonly open: Set<string>
  /** How many of those each tenant has. */
  readonly openOf: Map<string, number>
  /** Automatic orders of the last hour, by tenant. */
  readonly ordered: Map<string, { readonly identity: string; readonly ms: number }[]>
}

function remember(memory: Memory, q: Quarantine): void {
  const before = memory.all.get(q.id)
  memory.all.set(q.id, q)
  const key = identityKey(q.tenant, q.identity)
  const newest = memory.all.get(memory.newest.get(key) ?? '')
  if (newest === undefined || newest.sequence <= q.sequence) memory.newest.set(key, q.id)
  const active = memory.active.get(q.tenant) ?? new Set()
  memory.active.set(q.tenant, active)
  if (isActive(q)) active.add(q.id)
  else active.delete(q.id)
  const isOpen = isActive(q) || q.status === 'proposed'
  const change = Number(isOpen) - Number(memory.open.has(q.id))
  memory.openOf.set(q.tenant, (memory.openOf.get(q.tenant) ?? 0) + change)
  if (isOpen) memory.open.add(q.id)
  else memory.open.delete(q.id)
  const isNewOrder =
    q.automatic && q.approved_by === null && q.ordered_at !== null && before?.ordered_at !== q.ordered_at
  if (!isNewOrder) return
  const ordered = memory.ordered.get(q.tenant) ?? []
  memory.ordered.set(q.tenant, ordered)
  ordered.push({ identity: q.identity, ms: Date.parse(q.ordered_at ?? '') })
}

export interface QuarantineDeps {
  readonly store: StateStore
  readonly notices: Notices
  readonly sinks: Sinks
  readonly deliveries: Deliveries
}

/** Makes the state machine over its memory. */
export function createQuarantines({ store, sinks, deliveries, notices }: QuarantineDeps): Quarantines {
  const memory: Memory = {
    all: new Map(),
    newest: new Map(),
    active: new Map(),
    open: new Set(),
    openOf: new Map(),
    ordered: new Map(),
  }

  const get = (tenant: string, id: string | undefined): Quarantine | undefined => {
    const q = id === undefined ? undefined : memory.all.get(id)
    return q?.tenant === tenant ? q : undefined
  }
  const current = (tenant: string, identity: string): Quarantine | undefined =>
    get(tenant, memory.newest.get(identityKey(tenant, identity)))
  const next = (tenant: string, identity: string): number => (current(tenant, identity)?.sequence ?? 0) + 1

  const write = (tx: Transaction, q: Omit<Quarantine, 'sequence'>): Quarantine => {
    const written: Quarantine = { ...q, sequence: next(q.tenant, q.identity) }
    tx.put('quarantine', written.id, written, written.sequence)
    remember(memory, written)
    return written
  }

  /** Nobody carries out what was ordered: a person must know, once for each order. */
  const tellUnheard = (tx: Transaction, q: Quarantine, reason: string, nowMs: number): void => {
    const data = {
      ...q,
      reason: `${q.status === 'requested' || q.status === 'sent' ? 'the order' : 'the release'}: ${reason}`,
    }
    notices.tell(tx, { type: 'quarantine.unheard', subject: q.id, mark: q.order_sequence, data }, nowMs)
  }

  /** Writes the change and sends the order that goes with it. */
  const send = (
    tx: Transaction,
    q: Omit<Quarantine, 'sequence'>,
    action: QuarantineOrder['action'],
    by: string,
    reason: string,
    nowMs: number,
  ): Quarantine => {
    const sequence = next(q.tenant, q.identity)
    const type = action === 'release' ? 'quarantine.released' : 'quarantine.requested'
    const nobody = sinks.ordersProblem(q.tenant)
    const written = write(tx, {
      ...q,
      order_sequence: sequence,
      acknowledged_by: [],
      status_reason:
        nobody === undefined ? q.status_reason : [q.status_reason, nobody].filter((t) => t !== '').join('; '),
    })
    const order = orderOf(written, action, by, reason, nowMs)
    const telling = {
      type,
      subject: q.id,
      mark: sequence,
      data: order,
      identity: q.identity,
      orderSequence: sequence,
    } as const
    notices.tell(tx, telling, nowMs)
    if (nobody !== undefined) tellUnheard(tx, written, nobody, nowMs)
    return written
  }

  const contain = (tx: Transaction, q: Omit<Quarantine, 'sequence'>, by: string, nowMs: number): Quarantine => {
    const held = current(q.tenant, q.identity)
    if (held !== undefined && held.id !== q.id && isActive(held)) {
      // The new order replaces the old one at the receivers; it is not lifted in between.
      const why = `replaced by ${q.action}`
      write(tx, {
        ...held,
        status: 'released',
        status_reason: why,
        ended_at: isoOf(nowMs),
        released_by: by,
        release_reason: why,
      })
    }
    return send(
      tx,
      { ...q, status: 'requested', ordered_at: isoOf(nowMs), ended_at: null },
      q.action,
      by,
      q.reason,
      nowMs,
    )
  }

  const end = (
    tx: Transaction,
    q: Quarantine,
    status: 'released' | 'expired',
    by: string,
    reason: string,
    nowMs: number,
  ): Quarantine => {
    const ended = {
      ...q,
      status,
      status_reason: reason,
      ended_at: isoOf(nowMs),
      released_by: status === 'released' ? by : null,
      release_reason: status === 'released' ? reason : null,
    }
    return send(tx, ended, 'release', by, reason, nowMs)
  }

  const lapse = (tx: Transaction, q: Quarantine, nowMs: number): Quarantine =>
    isActive(q)
      ? end(tx, q, 'expired', 'expiry', 'its time has run out', nowMs)
      : write(tx, { ...q, status: 'expired', status_reason: 'nobody decided in time', ended_at: isoOf(nowMs) })

  const isKept = (q: Quarantine, nowMs: number): boolean => {
    if (memory.open.has(q.id)) return true
    const isNewest = memory.newest.get(identityKey(q.tenant, q.identity)) === q.id
    // Receivers have seen its sequence: the identity's next order must not start again from 1.
    if (isNewest && q.order_sequence > 0) return true
    const kept = memory.all.size <= LIMITS.quarantines_kept_max
    return kept && Date.parse(q.ended_at ?? q.requested_at) > nowMs - LIMITS.quarantine_kept_ms
  }

  const drop = async (q: Quarantine): Promise<void> => {
    memory.all.delete(q.id)
    const key = identityKey(q.tenant, q.identity)
    if (memory.newest.get(key) === q.id) memory.newest.delete(key)
    const tx = store.begin(q.tenant)
    tx.remove('quarantine', q.id)
    await tx.commit()
  }

  return {
    restore: (q) => remember(memory, q),
    get,
    current,
    isMoot(tenant, wanted) {
      const known = get(tenant, blank(tenant, wanted, 0).id)
      if (known !== undefined && known.status !== 'shadow' && known.status !== 'expired') return true
      const held = current(tenant, wanted.identity)
      if (held === undefined || !isActive(held)) return false
      return held.action === wanted.action || held.action === 'quarantine'
    },
    record: (tx, wanted, status, why, nowMs) => {
      const draft = blank(tx.tenant, wanted, nowMs)
      const known = get(tx.tenant, draft.id)
      // In shadow every finding of the incident asks again; once is enough to know.
      if (status === 'shadow' && known?.status === 'shadow') return known
      const ended = status === 'proposed' ? null : isoOf(nowMs)
      return write(tx, { ...draft, status, status_reason: why, ended_at: ended })
    },
    order: (tx, wanted, nowMs) => contain(tx, blank(tx.tenant, wanted, nowMs), wanted.by, nowMs),
    approve(tx, id, by, reason, expiresMs, nowMs) {
      const q = get(tx.tenant, id)
      if (q?.status !== 'proposed') return undefined
      const approved = {
        ...q,
        approved_by: by,
        status_reason: `approved: ${reason}`,
        expires_at: isoOf(nowMs + expiresMs),
      }
      return contain(tx, approved, by, nowMs)
    },
    release(tx, id, by, reason, nowMs) {
      const q = get(tx.tenant, id)
      if (q === undefined) return undefined
      if (isActive(q)) return end(tx, q, 'released', by, reason, nowMs)
      if (q.status !== 'proposed') return undefined
      return write(tx, {
        ...q,
        status: 'refused',
        status_reason: reason,
        ended_at: isoOf(nowMs),
        released_by: by,
        release_reason: reason,
      })
    },
    isStale(delivery) {
      if (delivery.order_sequence === 0) return false
      const q = current(delivery.tenant, delivery.identity)
      return q !== undefined && q.order_sequence > delivery.order_sequence
    },
    onSent(tx, delivery, nowMs) {
      const q = get(tx.tenant, delivery.subject)
      if (q?.order_sequence !== delivery.order_sequence || q.status !== 'requested') return
      write(tx, { ...q, status: 'sent', sent_at: isoOf(nowMs) })
    },
    onUndelivered(tx, delivery, outcome, nowMs) {
      const q = get(tx.tenant, delivery.subject)
      if (q?.order_sequence !== delivery.order_sequence || !sinks.confirms(delivery.sink)) return
      // It was said when the order was given, and nothing has been tried since.
      const nobody = sinks.ordersProblem(q.tenant)
      if (nobody !== undefined && q.status_reason.includes(nobody)) return
      const others = deliveries.ofAction(delivery.action_id).filter((d) => sinks.confirms(d.sink))
      const isHopeless = others.every((d) => d.status === 'dead')
      const what = isActive(q) ? 'the order' : 'the release'
      const reason = isHopeless
        ? `nobody has taken ${what}: ${delivery.sink}: ${outcome}`
        : `${delivery.sink} has not taken ${what}: ${outcome}`
      if (q.status_reason === reason) return
      const status = isHopeless && q.status === 'sent' ? 'requested' : q.status
      const written = write(tx, { ...q, status, status_reason: reason })
      if (isHopeless) tellUnheard(tx, written, reason, nowMs)
    },
    onAcknowledged(tx, delivery, nowMs) {
      const q = get(tx.tenant, delivery.subject)
      if (q?.order_sequence !== delivery.order_sequence || q.acknowledged_by.includes(delivery.sink)) return
      // A posted message is no contained agent.
      if (!sinks.confirms(delivery.sink)) return
      const all = deliveries
        .ofAction(delivery.action_id)
        .filter((d) => sinks.confirms(d.sink))
        .every((d) => d.status === 'delivered')
      const isHeld = all && (q.status === 'sent' || q.status === 'requested')
      write(tx, {
        ...q,
        acknowledged_by: [...q.acknowledged_by, delivery.sink],
        ...(all && isActive(q) ? { status_reason: '' } : {}),
        ...(isHeld ? { status: 'acknowledged', acknowledged_at: isoOf(nowMs) } : {}),
      })
    },
    usage(tenant, nowMs, isMeant) {
      const ordered = (memory.ordered.get(tenant) ?? []).filter(({ ms }) => ms > nowMs - HOUR_MS)
      memory.ordered.set(tenant, ordered)
      const active = [...(memory.active.get(tenant) ?? [])].flatMap((id) => memory.all.get(id) ?? [])
      return {
        orderedLastHour: ordered.filter(({ identity }) => isMeant(identity)).length,
        active: active.filter(({ automatic, identity }) => automatic && isMeant(identity)).length,
      }
    },
    open: (tenant) => memory.openOf.get(tenant) ?? 0,
    list: (tenant) => [...memory.all.values()].filter((q) => q.tenant === tenant),
    async expire(nowMs) {
      const now = isoOf(nowMs)
      const writes: Promise<void>[] = []
      const expired: Quarantine[] = []
      for (const id of memory.open) {
        const q = memory.all.get(id)
        if (q?.expires_at === null || q === undefined || q.expires_at > now) continue
        const tx = store.begin(q.tenant)
        expired.push(lapse(tx, q, nowMs))
        writes.push(tx.commit())
      }
      await Promise.all(writes)
      return expired
    },
    async tidy(nowMs) {
      const old = [...memory.all.values()].filter((q) => !isKept(q, nowMs))
      await Promise.all(old.map(drop))
    },
  }
}
