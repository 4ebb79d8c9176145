/**
 * Brings detection configuration into the log: its content under its hash into `state`, then a control record into every
 * partition of `events` and `signals`. What a rollout is about to do is written down before it begins, with the end of
 * every partition, so that after a kill halfway the rest gets its record and no partition gets two.
 *
 * The file's configuration holds for all tenants. A tenant whose people have suppressed something has one of its own: the
 * file's, and its suppressions.
 */
import {
  canonicalJson,
  configurationHash,
  type DetectionConfiguration,
  emptyConfiguration,
  type Suppression,
} from '../../schemas/configuration.ts'
import { encodeControl, decodeControl, decodeHeader, FrameError } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { readConfigurationContent } from '../lib/configuration-store.ts'
import { appendPatiently, type StateStore } from './store.ts'
import type { Timers } from './timers.ts'

const TOPICS = ['events', 'signals'] as const
const NAME = 'detection'

type Offsets = { readonly [T in (typeof TOPICS)[number]]: readonly number[] }

/** Which configuration the partitions hold for a tenant ('' for all). State record `rollout`. */
export interface Rollout {
  readonly tenant: string
  readonly hash: string
  /** The file's part of it; equal to `hash` where nothing is added. */
  readonly base_hash: string
  /** End of every partition before the rollout began. */
  readonly from: Offsets
  /** Offset of the control record in every partition; null until all have one. */
  readonly given: Offsets | null
  /** Hashes that were in force before, and until when (ms): their content is kept for a while. */
  readonly past: readonly { readonly hash: string; readonly until_ms: number }[]
}

export type Readiness = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export interface ConfigurationRollouts {
  restore(rollout: Rollout): void
  restoreSuppression(tenant: string, id: string, suppression: Suppression): void
  /** Completes what a kill cut short, and gives their record again to partitions whose retention has taken it. */
  complete(contents: ReadonlyMap<string, number>): Promise<void>
  /** Puts another file configuration in force for all tenants. */
  setBase(configuration: DetectionConfiguration): Promise<void>
  addSuppression(tenant: string, id: string, suppression: Suppression): Promise<void>
  /** Answers false where there is none. */
  removeSuppression(tenant: string, id: string): Promise<boolean>
  /** Hash of the file configuration in force; undefined before the first. */
  baseHash(): string | undefined
  readiness(): Readiness
  /** `listener` is called whenever a change has been carried out. */
  onSettled(listener: () => void): void
  /** Removes content that nothing has named for long, and gives records again that retention has taken. */
  maintain(nowMs: number): Promise<void>
}

export interface ConfigurationDeps {
  readonly log: Log
  readonly store: StateStore
  readonly clock: Clock
  readonly logger: Logger
  readonly timers: Timers
  isClosed(): boolean
}

/** Whether the partition got the tenant's record with this hash at or after `from`; the offset, or -1. */
async function findGiven(log: Log, topic: string, partition: number, from: number, wanted: Rollout): Promise<number> {
  const { start, end } = await log.bounds(topic, partition)
  if (from >= end) return -1
  let found = -1
  for await (const { value, offset } of log.read(topic, partition, Math.max(from, start))) {
    if (value === null) continue
    try {
      if (decodeHeader(value).kind !== 'control') continue
      const control = decodeControl(value)
      if (control.type !== 'config' || control.name !== NAME || control.tenant !== wanted.tenant) continue
      found = control.hash === wanted.hash ? offset : -1
    } catch (error) {
      // Somebody else's broken record says nothing about ours.
      if (!(error instanceof FrameError)) throw error
    }
  }
  return found
}

/** Makes the memory of rollouts. Everything that changes them runs one after the other. */
export function createConfigurationRollouts(deps: ConfigurationDeps): ConfigurationRollouts {
  const { log, store, clock, logger } = deps
  const rollouts = new Map<string, Rollout>()
  const suppressions = new Map<string, Map<string, Suppression>>()
  const contents = new Set<string>()
  let base: DetectionConfiguration | undefined
  let last: Promise<unknown> = Promise.resolve()
  let tellSettled = (): void => undefined

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.then(
      () => tellSettled(),
      () => undefined,
    )
    return result
  }

  const effective = (tenant: string): DetectionConfiguration => {
    const from = base ?? emptyConfiguration()
    const own = suppressions.get(tenant)
    return own === undefined ? from : { ...from, suppressions: [...from.suppressions, ...own.values()] }
  }

  const save = async (rollout: Rollout): Promise<void> => {
    rollouts.set(rollout.tenant, rollout)
    const tx = store.begin(rollout.tenant)
    tx.put('rollout', NAME, rollout)
    await tx.commit()
  }

  const eachPartition = async (work: (topic: string, partition: number) => Promise<number>): Promise<Offsets> => {
    const of = (topic: string): Promise<number[]> =>
      Promise.all(Array.from({ length: log.partitions(topic) }, (_, partition) => work(topic, partition)))
    const [events, signals] = await Promise.all(TOPICS.map(of))
    return { events: events!, signals: signals! }
  }

  const give = (rollout: Rollout, topic: string, partition: number): Promise<number> => {
    const control = { type: 'config', name: NAME, tenant: rollout.tenant, hash: rollout.hash } as const
    const value = encodeControl(control, clock.now())
    return appendPatiently(deps, topic, partition, [{ key: null, value }], deps.isClosed)
  }

  const putContent = async (hash: string, configuration: DetectionConfiguration): Promise<void> => {
    if (contents.has(hash)) return
    await store.putContent(hash, canonicalJson(configuration))
    contents.add(hash)
  }

  /** Gives a begun rollout to the partitions that lack it. */
  const finish = async (rollout: Rollout, isFresh: boolean): Promise<void> => {
    const given = await eachPartition(async (topic, partition) => {
      const from = rollout.from[topic as keyof Offsets][partition] ?? 0
      const found = isFresh ? -1 : await findGiven(log, topic, partition, from, rollout)
      return found >= 0 ? found : give(rollout, topic, partition)
    })
    await save({ ...rollout, given })
    logger.info({ tenant: rollout.tenant, hash: rollout.hash }, 'every partition holds the detection configuration')
  }

  const roll = async (tenant: string): Promise<void> => {
    const configuration = effective(tenant)
    const hash = configurationHash(configuration)
    const before = rollouts.get(tenant)
    const baseConfiguration = base ?? emptyConfiguration()
    const baseHash = configurationHash(baseConfiguration)
    if (before?.hash === hash && before.given !== null) {
      if (before.base_hash !== baseHash) await save({ ...before, base_hash: baseHash })
      return
    }
    await putContent(baseHash, baseConfiguration)
    await putContent(hash, configuration)
    const from = await eachPartition(async (topic, partition) => (await log.bounds(topic, partition)).end)
    const past = before === undefined ? [] : [...before.past, { hash: before.hash, until_ms: clock.now() }]
    const rollout: Rollout = { tenant, hash, base_hash: baseHash, from, given: null, past }
    await save(rollout)
    await finish(rollout, true)
  }

  /** Retention may have taken a record of an idle partition, whose next reader would then start without it. */
  const giveAgain = async (rollout: Rollout): Promise<void> => {
    const { given } = rollout
    if (given === null) return
    let again = 0
    const now = await eachPartition(async (topic, partition) => {
      const offset = given[topic as keyof Offsets][partition] ?? -1
      const { start, end } = await log.bounds(topic, partition)
      if (offset >= start && offset < end) return offset
      again += 1
      return give(rollout, topic, partition)
    })
    if (again === 0) return
    await save({ ...rollout, given: now })
    logger.info({ tenant: rollout.tenant, partitions: again }, 'gave the configuration again where retention took it')
  }

  const dropContents = async (nowMs: number): Promise<void> => {
    const named = new Set<string>()
    for (const rollout of rollouts.values()) {
      named.add(rollout.hash)
      named.add(rollout.base_hash)
      for (const { hash, until_ms: untilMs } of rollout.past) {
        if (untilMs > nowMs - LIMITS.content_kept_ms) named.add(hash)
      }
    }
    for (const hash of contents) {
      if (named.has(hash)) continue
      contents.delete(hash)
      await store.putContent(hash, null)
    }
    for (const rollout of rollouts.values()) {
      const past = rollout.past.filter(({ until_ms: untilMs }) => untilMs > nowMs - LIMITS.content_kept_ms)
      if (past.length < rollout.past.length) await save({ ...rollout, past })
    }
  }

  const ownTenants = (): string[] => [...new Set([...rollouts.keys(), ...suppressions.keys()])].filter((t) => t !== '')

  return {
    restore: (rollout) => rollouts.set(rollout.tenant, rollout),
    restoreSuppression(tenant, id, suppression) {
      suppressions.set(tenant, (suppressions.get(tenant) ?? new Map<string, Suppression>()).set(id, suppression))
    },
    complete: (found) =>
      inTurn(async () => {
        for (const hash of found.keys()) contents.add(hash)
        const baseHash = rollouts.get('')?.base_hash
        if (baseHash !== undefined) base = await readConfigurationContent(log, baseHash)
        for (const rollout of rollouts.values()) {
          if (rollout.given === null) await finish(rollout, false)
          else await giveAgain(rollout)
        }
        // A suppression may have been written down without the rollout that follows it.
        for (const tenant of ownTenants()) await roll(tenant)
      }),
    setBase: (configuration) =>
      inTurn(async () => {
        base = configuration
        await roll('')
        for (const tenant of ownTenants()) await roll(tenant)
      }),
    addSuppression: (tenant, id, suppression) =>
      inTurn(async () => {
        const own = suppressions.get(tenant) ?? new Map<string, Suppression>()
        suppressions.set(tenant, own)
        if (!own.has(id)) {
          own.set(id, suppression)
          const tx = store.begin(tenant)
          tx.put('suppression', id, suppression)
          await tx.commit()
        }
        await roll(tenant)
      }),
    removeSuppression: (tenant, id) =>
      inTurn(async () => {
        if (suppressions.get(tenant)?.delete(id) !== true) return false
        const tx = store.begin(tenant)
        tx.remove('suppression', id)
        await tx.commit()
        await roll(tenant)
        return true
      }),
    baseHash: () => rollouts.get('')?.base_hash,
    readiness() {
      if (rollouts.get('') === undefined) return { ok: false, reason: 'no configuration is in the log yet' }
      const open = [...rollouts.values()].filter(({ given }) => given === null)
      if (open.length === 0) return { ok: true }
      return { ok: false, reason: 'not every partition holds the configuration yet' }
    },
    onSettled: (listener) => {
      tellSettled = listener
    },
    maintain: (nowMs) =>
      inTurn(async () => {
        for (const rollout of rollouts.values()) await giveAgain(rollout)
        await dropContents(nowMs)
      }),
  }
}
