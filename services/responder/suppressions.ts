/**
 * What people have suppressed. Each suppression is one record in `state` and one control record in every partition; it
 * ends by a person or by time. What is about to be given is written down before, so after a kill halfway every partition
 * is given it again: taking a suppression twice changes nothing.
 */
import type { SuppressionControl } from '../../schemas/control.ts'
import { encodeControl } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { scopeOf, type Suppression, SuppressionScope } from '../../schemas/suppression.ts'
import { validator } from '../../schemas/columns.ts'
import type { Clock } from '../lib/clock.ts'
import { createInTurn } from './in-turn.ts'
import type { Notices } from './notices.ts'
import { eachPartition, giveEverywhere, type Offsets } from './partitions.ts'
import type { AppendTools, StateStore, Transaction } from './store.ts'

/** State record `suppression`. */
export interface KeptSuppression extends Suppression {
  /** Where every partition was given it; null until all have it. */
  readonly given: Offsets | null
  /** It is being taken back: the record goes when every partition has been told. */
  readonly ending: boolean
}

/** How it lay in `state` before suppressions had scopes: the detection configuration of the tenant held a copy. */
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
  /** Takes it back; answers false where there is none. */
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

/** Makes the memory of suppressions. What changes them runs one after the other. */
export function createSuppressions(deps: SuppressionDeps): Suppressions {
  const { log, store, clock, logger } = deps
  const byTenant = new Map<string, Map<string, KeptSuppression>>()
  const old: { readonly tenant: string; readonly id: string; readonly body: OldSuppression }[] = []
  const inTurn = createInTurn()
  const ownOf = (tenant: string): Map<string, KeptSuppression> => byTenant.get(tenant) ?? new Map()
  const remember = (one: KeptSuppression): void => {
    byTenant.set(one.tenant, ownOf(one.tenant).set(one.id, one))
  }
  const all = (): KeptSuppression[] => [...byTenant.values()].flatMap((own) => [...own.values()])
  const save = (tx: Transaction, one: KeptSuppression): void => {
    tx.put('suppression', one.id, one)
    remember(one)
  }
  const encode = (some: readonly KeptSuppression[]): Buffer[] =>
    some.map((one) => encodeControl(controlOf(one), clock.now()))

  /** Gives all of them to every partition, and writes down that it was done. */
  const give = async (some: readonly KeptSuppression[]): Promise<void> => {
    if (some.length === 0) return
    const first = await giveEverywhere(deps, encode(some), deps.isClosed)
    await Promise.all(
      some.map(async (one, i) => {
        const tx = store.begin(one.tenant)
        if (one.ending) {
          tx.remove('suppression', one.id)
          byTenant.get(one.tenant)?.delete(one.id)
        } else {
          const at = (offsets: readonly number[]): number[] => offsets.map((offset) => offset + i)
          save(tx, { ...one, given: { events: at(first.events), signals: at(first.signals) } })
        }
        await tx.commit()
      }),
    )
  }

  /** An older version knew no end: what it left gets the latest that can be given today. */
  const carryOver = async (nowMs: number): Promise<void> => {
    if (old.length === 0) return
    const latest = new Date(nowMs + LIMITS.suppression_ms_max).toISOString()
    const carried: KeptSuppression[] = []
    for (const { tenant, id, body } of old.splice(0)) {
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
    await give(carried)
    logger.info({ suppressions: carried.length, until: latest }, 'carried over what an older version had suppressed')
  }

  return {
    restore(tenant, id, body) {
      if (isOld(body)) old.push({ tenant, id, body })
      else remember(body as KeptSuppression)
    },
    complete: (nowMs) =>
      inTurn(async () => {
        await carryOver(nowMs)
        await give(all().filter(({ given }) => given === null))
      }),
    add: (suppression, staged) =>
      inTurn(async () => {
        const one: KeptSuppression = { ...suppression, given: null, ending: false }
        const tx = store.begin(one.tenant)
        save(tx, one)
        staged(tx)
        await tx.commit()
        await give([one])
      }),
    end: (tenant, id, staged) =>
      inTurn(async () => {
        const one = ownOf(tenant).get(id)
        if (one === undefined || one.ending) return false
        const ending: KeptSuppression = { ...one, ending: true, given: null }
        const tx = store.begin(tenant)
        save(tx, ending)
        staged(tx, suppressionOf(ending))
        await tx.commit()
        await give([ending])
        return true
      }),
    get(tenant, id) {
      const one = ownOf(tenant).get(id)
      return one === undefined || one.ending ? undefined : suppressionOf(one)
    },
    list: (tenant) => [...ownOf(tenant).values()].filter(({ ending }) => !ending).map(suppressionOf),
    count: () => all().filter(({ ending }) => !ending).length,
    expire: (nowMs, staged) =>
      inTurn(async () => {
        const ended = all().filter(({ until, ending }) => !ending && Date.parse(until) < nowMs)
        // The partitions know the end: events from before it may come late, and are still held by it.
        await Promise.all(
          ended.map(async (one) => {
            const tx = store.begin(one.tenant)
            tx.remove('suppression', one.id)
            ownOf(one.tenant).delete(one.id)
            staged(tx, suppressionOf(one))
            await tx.commit()
          }),
        )
      }),
    maintain: () =>
      inTurn(async () => {
        const lost = new Set<KeptSuppression>()
        await eachPartition(log, async (topic, partition) => {
          const { start } = await log.bounds(topic, partition)
          for (const one of all()) if ((one.given?.[topic][partition] ?? start) < start) lost.add(one)
          return start
        })
        await give([...lost])
      }),
  }
}

/** Tells every sink that a suppression began or ended, by whom and why. */
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
