/**
 * What people have suppressed. Each suppression is one record in `state` and one control record in every partition; a
 * person or time ends it. It is written down before it is given to the partitions, so after a kill halfway all of them
 * get it again: applying a suppression twice changes nothing.
 */
import type { SuppressionControl } from '../../schemas/control.ts'
import { encodeControl } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { scopeOf, type Suppression, SuppressionScope } from '../../schemas/suppression.ts'
import { validator } from '../../schemas/columns.ts'
import type { Clock } from '../lib/clock.ts'
import { createInTurn, type InTurn } from './in-turn.ts'
import type { Notices } from './notices.ts'
import { eachPartition, giveEverywhere, type Offsets } from './partitions.ts'
import type { AppendTools } from './state-writer.ts'
import type { StateStore, Transaction } from './store.ts'

/** State record `suppression`. */
export interface KeptSuppression extends Suppression {
  /** Where every partition was given it; null until all have it. */
  readonly given: Offsets | null
  /** It is being taken back: the record goes when every partition has been told. */
  readonly ending: boolean
}

/** Its form in `state` before suppressions had scopes: the tenant's detection configuration held a copy. */
interface OldSuppression {
  readonly detector: string
  readonly agent?: string
  readonly until?: string
  readonly reason: string
  readonly by: string
}

export interface Suppressions {
  restore(tenant: string, id: string, body: unknown): void
  /** Completes what a kill cut short, and carries over what an older version has left. */
  complete(nowMs: number): Promise<void>
  /** Puts it in force. `staged` may add to the transaction in which it is written down. */
  add(suppression: Suppression, staged: (tx: Transaction) => void): Promise<void>
  /** Takes it back; returns false if there is none. */
  end(tenant: string, id: string, staged: (tx: Transaction, ended: Suppression) => void): Promise<boolean>
  get(tenant: string, id: string): Suppression | undefined
  list(tenant: string): Suppression[]
  /** How many of all tenants are in force. */
  count(): number
  /** Ends what time has ended; `staged` as in `end`. */
  expire(nowMs: number, staged: (tx: Transaction, ended: Suppression) => void): Promise<void>
  /** Gives again what retention has taken. */
  maintain(): Promise<void>
}

export interface SuppressionDeps extends AppendTools {
  readonly store: StateStore
  readonly clock: Clock
  isClosed(): boolean
}

const scopes = validator(SuppressionScope)

/** A suppression out of its record in `state`, whichever version wrote it. */
export const suppressionOf = ({ id, tenant, scope, until, reason, by, time }: Suppression): Suppression => ({
  id,
  tenant,
  scope,
  until,
  reason,
  by,
  time,
})

const isOld = (body: unknown): body is OldSuppression => !Object.hasOwn(body as object, 'scope')

/** Those of `bodies` that have the present form: what another process may show of the state. */
export const shownSuppressions = (bodies: readonly unknown[]): Suppression[] =>
  bodies.filter((body) => !isOld(body)).map((body) => suppressionOf(body as KeptSuppression))

const controlOf = (one: KeptSuppression): SuppressionControl => ({
  type: 'suppression',
  tenant: one.tenant,
  id: one.id,
  ended: one.ending,
  ...scopeOf(one.scope),
  until: one.until,
})

/** What is remembered of them between two changes. */
interface Memory {
  readonly deps: SuppressionDeps
  readonly byTenant: Map<string, Map<string, KeptSuppression>>
  readonly old: { readonly tenant: string; readonly id: string; readonly body: OldSuppression }[]
  readonly inTurn: InTurn
}

const ownOf = (memory: Memory, tenant: string): Map<string, KeptSuppression> => memory.byTenant.get(tenant) ?? new Map()

const remember = (memory: Memory, one: KeptSuppression): void => {
  memory.byTenant.set(one.tenant, ownOf(memory, one.tenant).set(one.id, one))
}

const all = (memory: Memory): KeptSuppression[] => [...memory.byTenant.values()].flatMap((own) => [...own.values()])

const save = (memory: Memory, tx: Transaction, one: KeptSuppression): void => {
  tx.put('suppression', one.id, one)
  remember(memory, one)
}

const encode = (memory: Memory, some: readonly KeptSuppression[]): Buffer[] =>
  some.map((one) => encodeControl(controlOf(one), memory.deps.clock.now()))

/** Gives all of them to every partition, and writes down that it was done. */
const give = async (memory: Memory, some: readonly KeptSuppression[]): Promise<void> => {
  if (some.length === 0) return
  const first = await giveEverywhere(memory.deps, encode(memory, some), memory.deps.isClosed)
  await Promise.all(
    some.map(async (one, i) => {
      const tx = memory.deps.store.begin(one.tenant)
      if (one.ending) {
        tx.remove('suppression', one.id)
        memory.byTenant.get(one.tenant)?.delete(one.id)
      } else {
        const at = (offsets: readonly number[]): number[] => offsets.map((offset) => offset + i)
        save(memory, tx, { ...one, given: { events: at(first.events), signals: at(first.signals) } })
      }
      await tx.commit()
    }),
  )
}

/** An older version knew no end: what it left gets the latest that can be given today. */
const carryOver = async (memory: Memory, nowMs: number): Promise<void> => {
  const { logger } = memory.deps
  if (memory.old.length === 0) return
  const latest = new Date(nowMs + LIMITS.suppression_ms_max).toISOString()
  const carried: KeptSuppression[] = []
  for (const { tenant, id, body } of memory.old.splice(0)) {
    const scope = { detector: body.detector, ...(body.agent === undefined ? {} : { agent: body.agent }) }
    if (!scopes.check(scope)) {
      logger.error({ tenant, suppression: id }, 'an old suppression cannot be carried over: make it again')
      continue
    }
    const until = body.until === undefined || body.until > latest ? latest : body.until
    const { reason, by } = body
    const time = new Date(nowMs).toISOString()
    carried.push({ id, tenant, scope, until, reason, by, time, given: null, ending: false })
  }
  await give(memory, carried)
  logger.info({ suppressions: carried.length, until: latest }, 'carried over what an older version had suppressed')
}

function complete(memory: Memory, nowMs: number): Promise<void> {
  return memory.inTurn(async () => {
    await carryOver(memory, nowMs)
    await give(
      memory,
      all(memory).filter(({ given }) => given === null),
    )
  })
}

function add(memory: Memory, suppression: Suppression, staged: (tx: Transaction) => void): Promise<void> {
  return memory.inTurn(async () => {
    const one: KeptSuppression = { ...suppression, given: null, ending: false }
    const tx = memory.deps.store.begin(one.tenant)
    save(memory, tx, one)
    staged(tx)
    await tx.commit()
    await give(memory, [one])
  })
}

function end(
  memory: Memory,
  tenant: string,
  id: string,
  staged: (tx: Transaction, ended: Suppression) => void,
): Promise<boolean> {
  return memory.inTurn(async () => {
    const one = ownOf(memory, tenant).get(id)
    if (one === undefined || one.ending) return false
    const ending: KeptSuppression = { ...one, ending: true, given: null }
    const tx = memory.deps.store.begin(tenant)
    save(memory, tx, ending)
    staged(tx, suppressionOf(ending))
    await tx.commit()
    await give(memory, [ending])
    return true
  })
}

function expire(memory: Memory, nowMs: number, staged: (tx: Transaction, ended: Suppression) => void): Promise<void> {
  return memory.inTurn(async () => {
    const ended = all(memory).filter(({ until, ending }) => !ending && Date.parse(until) < nowMs)
    // The partitions know the end: events from before it may come late, and are still held by it.
    await Promise.all(
      ended.map(async (one) => {
        const tx = memory.deps.store.begin(one.tenant)
        tx.remove('suppression', one.id)
        ownOf(memory, one.tenant).delete(one.id)
        staged(tx, suppressionOf(one))
        await tx.commit()
      }),
    )
  })
}

function maintain(memory: Memory): Promise<void> {
  return memory.inTurn(async () => {
    const lost = new Set<KeptSuppression>()
    await eachPartition(memory.deps.log, async (topic, partition) => {
      const { start } = await memory.deps.log.bounds(topic, partition)
      for (const one of all(memory)) if ((one.given?.[topic][partition] ?? start) < start) lost.add(one)
      return start
    })
    await give(memory, [...lost])
  })
}

/** Makes the memory of suppressions. What changes them runs one after the other. */
export function createSuppressions(deps: SuppressionDeps): Suppressions {
  const memory: Memory = {
    deps,
    byTenant: new Map(),
    old: [],
    inTurn: createInTurn(),
  }

  return {
    restore(tenant, id, body) {
      if (isOld(body)) memory.old.push({ tenant, id, body })
      else remember(memory, body as KeptSuppression)
    },
    complete: (nowMs) => complete(memory, nowMs),
    add: (suppression, staged) => add(memory, suppression, staged),
    end: (tenant, id, staged) => end(memory, tenant, id, staged),
    get(tenant, id) {
      const one = ownOf(memory, tenant).get(id)
      return one === undefined || one.ending ? undefined : suppressionOf(one)
    },
    list: (tenant) => [...ownOf(memory, tenant).values()].filter(({ ending }) => !ending).map(suppressionOf),
    count: () => all(memory).filter(({ ending }) => !ending).length,
    expire: (nowMs, staged) => expire(memory, nowMs, staged),
    maintain: () => maintain(memory),
  }
}

/** Notifies every sink that a suppression began or ended, by whom and why. */
export function tellSuppression(
  notices: Notices,
  tx: Transaction,
  one: Suppression,
  act: { readonly type: 'suppression.added' | 'suppression.ended'; readonly by: string; readonly reason: string },
  nowMs: number,
): void {
  const data = { ...one, by: act.by, reason: act.reason }
  notices.tell(tx, { type: act.type, subject: one.id, mark: 1, data }, nowMs)
}
