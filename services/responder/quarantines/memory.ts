/** The quarantines in memory: the newest of each identity, what is held or proposed, and what counts against the caps. */
import { LIMITS } from '../../../schemas/limits.ts'
import { isActive, type Quarantine } from '../../../schemas/quarantine.ts'

const HOUR_MS = 3_600_000

/** What the caps on automatic orders count. */
export interface Usage {
  readonly orderedLastHour: number
  readonly active: number
}

/** Whether a quarantine counts, by when its identity began: ms since 1970, undefined where nobody knew. */
export type IsMeant = (since: number | undefined) => boolean

export interface Memory {
  remember(quarantine: Quarantine): void
  forget(quarantine: Quarantine): void
  get(tenant: string, id: string | undefined): Quarantine | undefined
  /** The newest of the identity, ended or not. */
  current(tenant: string, identity: string): Quarantine | undefined
  /** The sequence number of the identity's next change. */
  next(tenant: string, identity: string): number
  usage(tenant: string, nowMs: number, isMeant: IsMeant): Usage
  /** How many of the tenant are held or wait for a person. */
  open(tenant: string): number
  list(tenant: string): Quarantine[]
  /** Held or proposed, and past its time. */
  overdue(nowMs: number): Quarantine[]
  /** What need not be kept any longer. */
  old(nowMs: number): Quarantine[]
}

const identityKey = (tenant: string, identity: string): string => `${tenant}\u0000${identity}`

interface Tables {
  readonly all: Map<string, Quarantine>
  /** Newest quarantine of each identity: it holds the identity's highest sequence and is kept for its sake. */
  readonly newest: Map<string, string>
  readonly active: Map<string, Set<string>>
  /** Active or proposed: what can run out. */
  readonly open: Set<string>
  /** How many of those each tenant has. */
  readonly openOf: Map<string, number>
  /** Automatic orders of the last hour, by tenant. */
  readonly ordered: Map<string, { readonly since: number | undefined; readonly ms: number }[]>
}

function remember(tables: Tables, q: Quarantine): void {
  const before = tables.all.get(q.id)
  tables.all.set(q.id, q)
  const key = identityKey(q.tenant, q.identity)
  const newest = tables.all.get(tables.newest.get(key) ?? '')
  if (newest === undefined || newest.sequence <= q.sequence) tables.newest.set(key, q.id)
  const active = tables.active.get(q.tenant) ?? new Set()
  tables.active.set(q.tenant, active)
  if (isActive(q)) active.add(q.id)
  else active.delete(q.id)
  const isOpen = isActive(q) || q.status === 'proposed'
  const change = Number(isOpen) - Number(tables.open.has(q.id))
  tables.openOf.set(q.tenant, (tables.openOf.get(q.tenant) ?? 0) + change)
  if (isOpen) tables.open.add(q.id)
  else tables.open.delete(q.id)
  const isNewOrder =
    q.automatic && q.approved_by === null && q.ordered_at !== null && before?.ordered_at !== q.ordered_at
  if (!isNewOrder) return
  const ordered = tables.ordered.get(q.tenant) ?? []
  tables.ordered.set(q.tenant, ordered)
  ordered.push({ since: sinceOf(q), ms: Date.parse(q.ordered_at ?? '') })
}

const sinceOf = ({ identity_since: since }: Quarantine): number | undefined =>
  since === undefined ? undefined : Date.parse(since)

function isKept(tables: Tables, q: Quarantine, nowMs: number): boolean {
  if (tables.open.has(q.id)) return true
  const isNewest = tables.newest.get(identityKey(q.tenant, q.identity)) === q.id
  // Receivers have seen its sequence: the identity's next order must not start again from 1.
  if (isNewest && q.order_sequence > 0) return true
  const kept = tables.all.size <= LIMITS.quarantines_kept_max
  return kept && Date.parse(q.ended_at ?? q.requested_at) > nowMs - LIMITS.quarantine_kept_ms
}

function usageOf(tables: Tables, tenant: string, nowMs: number, isMeant: IsMeant): Usage {
  const ordered = (tables.ordered.get(tenant) ?? []).filter(({ ms }) => ms > nowMs - HOUR_MS)
  tables.ordered.set(tenant, ordered)
  const active = [...(tables.active.get(tenant) ?? [])].flatMap((id) => tables.all.get(id) ?? [])
  return {
    orderedLastHour: ordered.filter(({ since }) => isMeant(since)).length,
    active: active.filter((q) => q.automatic && isMeant(sinceOf(q))).length,
  }
}

export function createMemory(): Memory {
  const tables: Tables = {
    all: new Map(),
    newest: new Map(),
    active: new Map(),
    open: new Set(),
    openOf: new Map(),
    ordered: new Map(),
  }
  const { all, newest } = tables
  const get: Memory['get'] = (tenant, id) => {
    const q = id === undefined ? undefined : all.get(id)
    return q?.tenant === tenant ? q : undefined
  }
  const current: Memory['current'] = (tenant, identity) => get(tenant, newest.get(identityKey(tenant, identity)))
  return {
    remember: (q) => remember(tables, q),
    forget(q) {
      all.delete(q.id)
      const key = identityKey(q.tenant, q.identity)
      if (newest.get(key) === q.id) newest.delete(key)
    },
    get,
    current,
    next: (tenant, identity) => (current(tenant, identity)?.sequence ?? 0) + 1,
    usage: (tenant, nowMs, isMeant) => usageOf(tables, tenant, nowMs, isMeant),
    open: (tenant) => tables.openOf.get(tenant) ?? 0,
    list: (tenant) => [...all.values()].filter((q) => q.tenant === tenant),
    overdue(nowMs) {
      const now = new Date(nowMs).toISOString()
      return [...tables.open].flatMap((id) => {
        const q = all.get(id)
        return q === undefined || q.expires_at === null || q.expires_at > now ? [] : [q]
      })
    },
    old: (nowMs) => [...all.values()].filter((q) => !isKept(tables, q, nowMs)),
  }
}
