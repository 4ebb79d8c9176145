/**
 * The quarantine state machine. Every change gets the next sequence number of the identity. An order carries the number
 * at which it was given, and goes to every sink that receives orders. An order that a newer one has overtaken is no
 * longer sent, and receivers that get two out of order keep the higher number.
 *
 * The changes are in transitions.ts, what is remembered in memory.ts, writing and ordering in writing.ts.
 */
import type { Delivery } from '../../../schemas/delivery.ts'
import { isActive, type Quarantine } from '../../../schemas/quarantine.ts'
import type { Transaction } from '../store.ts'
import { createMemory, type IsMeant, type Usage } from './memory.ts'
import { createOutcomes, type Outcomes } from './outcomes.ts'
import { approved, blank, expired, isoOf, refused, released, type Wanted } from './transitions.ts'
import { contain, type Desk, lift, type QuarantineDeps, write } from './writing.ts'

export type { Wanted } from './transitions.ts'

export interface Quarantines extends Outcomes {
  restore(quarantine: Quarantine): void
  get(tenant: string, id: string): Quarantine | undefined
  /** The newest of the identity, ended or not. */
  current(tenant: string, identity: string): Quarantine | undefined
  /** Whether asking for this would change nothing: it was asked for before, or the identity is held as firmly. */
  isMoot(tenant: string, wanted: Wanted): boolean
  /** Records what was not ordered: shadow, proposed or refused, and why. */
  record(
    tx: Transaction,
    wanted: Wanted,
    status: 'shadow' | 'proposed' | 'refused',
    why: string,
    nowMs: number,
  ): Quarantine
  /** Gives the order to contain. */
  order(tx: Transaction, wanted: Wanted, nowMs: number): Quarantine
  /** Carries out a proposal; undefined if there is none. */
  approve(
    tx: Transaction,
    id: string,
    by: string,
    reason: string,
    expiresMs: number,
    nowMs: number,
  ): Quarantine | undefined
  /** A person ends it; a proposal is refused. undefined if there is nothing to end. */
  release(tx: Transaction, id: string, by: string, reason: string, nowMs: number): Quarantine | undefined
  /** Whether a newer order for the identity has overtaken this one. */
  isStale(delivery: Delivery): boolean
  /** Automatic orders of the last hour, and identities under automatic containment, of those that are meant: what caps count. */
  usage(tenant: string, nowMs: number, isMeant: IsMeant): Usage
  /** How many of the tenant are held or wait for a person. */
  open(tenant: string): number
  list(tenant: string): Quarantine[]
  /** Ends what has run out, and answers it. */
  expire(nowMs: number): Promise<readonly Quarantine[]>
  /** Drops what is past its retention. */
  tidy(nowMs: number): Promise<void>
}

/** Holds this already, or has been asked for it: asking again would change nothing. */
function isMoot({ memory }: Desk, tenant: string, wanted: Wanted): boolean {
  const known = memory.get(tenant, blank(tenant, wanted, 0).id)
  if (known !== undefined && known.status !== 'shadow' && known.status !== 'expired') return true
  const held = memory.current(tenant, wanted.identity)
  if (held === undefined || !isActive(held)) return false
  return held.action === wanted.action || held.action === 'quarantine'
}

async function expireAll(desk: Desk, nowMs: number): Promise<readonly Quarantine[]> {
  const changes = desk.memory.overdue(nowMs).map((q) => {
    const tx = desk.store.begin(q.tenant)
    const ended = expired(q, nowMs)
    return { q: isActive(q) ? lift(desk, tx, ended, 'expiry', nowMs) : write(desk, tx, ended), done: tx.commit() }
  })
  await Promise.all(changes.map(({ done }) => done))
  return changes.map(({ q }) => q)
}

async function tidyAll({ memory, store }: Desk, nowMs: number): Promise<void> {
  await Promise.all(
    memory.old(nowMs).map((q) => {
      memory.forget(q)
      const tx = store.begin(q.tenant)
      tx.remove('quarantine', q.id)
      return tx.commit()
    }),
  )
}

/** Makes the state machine over its memory. */
export function createQuarantines(deps: QuarantineDeps): Quarantines {
  const memory = createMemory()
  const desk: Desk = { ...deps, memory }
  return {
    ...createOutcomes(desk),
    restore: memory.remember,
    get: memory.get,
    current: memory.current,
    usage: memory.usage,
    open: memory.open,
    list: memory.list,
    isMoot: (tenant, wanted) => isMoot(desk, tenant, wanted),
    record(tx, wanted, status, why, nowMs) {
      const draft = blank(tx.tenant, wanted, nowMs)
      const known = memory.get(tx.tenant, draft.id)
      // In shadow every finding of the incident asks again; once is enough to know.
      if (status === 'shadow' && known?.status === 'shadow') return known
      const ended = status === 'proposed' ? null : isoOf(nowMs)
      return write(desk, tx, { ...draft, status, status_reason: why, ended_at: ended })
    },
    order: (tx, wanted, nowMs) => contain(desk, tx, blank(tx.tenant, wanted, nowMs), wanted.by, nowMs),
    approve(tx, id, by, reason, expiresMs, nowMs) {
      const q = memory.get(tx.tenant, id)
      if (q?.status !== 'proposed') return undefined
      return contain(desk, tx, approved(q, by, reason, expiresMs, nowMs), by, nowMs)
    },
    release(tx, id, by, reason, nowMs) {
      const q = memory.get(tx.tenant, id)
      if (q === undefined) return undefined
      if (isActive(q)) return lift(desk, tx, released(q, by, reason, nowMs), by, nowMs)
      return q.status === 'proposed' ? write(desk, tx, refused(q, by, reason, nowMs)) : undefined
    },
    isStale(delivery) {
      if (delivery.order_sequence === 0) return false
      const q = memory.current(delivery.tenant, delivery.identity)
      return q !== undefined && q.order_sequence > delivery.order_sequence
    },
    expire: (nowMs) => expireAll(desk, nowMs),
    tidy: (nowMs) => tidyAll(desk, nowMs),
  }
}
