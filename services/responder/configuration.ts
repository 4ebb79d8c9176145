/**
 * Brings detection configuration into the log: its content under its hash into `state`, then a control record into every
 * partition of `events` and `signals`. What a rollout is about to do is written down before it begins, with the end of
 * every partition, so that after a kill halfway the rest gets its record and no partition gets two.
 *
 * The file's configuration holds for all tenants. A tenant to whom an older version gave one of its own, because its people
 * had suppressed something, is given the file's: suppressions are records of their own.
 */
import {
  canonicalJson,
  configurationHash,
  type DetectionConfiguration,
  emptyConfiguration,
} from '../../schemas/configuration.ts'
import { encodeControl, decodeControl, decodeHeader, FrameError } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import { readConfigurationContent } from '../lib/configuration-store.ts'
import { eachPartition, endsOf, isThere, type Offsets } from './partitions.ts'
import { appendPatiently, type StateStore } from './store.ts'
import type { Timers } from './timers.ts'

const NAME = 'detection'

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
  /** Completes what a kill cut short, and gives their record again to partitions whose retention has taken it. */
  complete(contents: ReadonlyMap<string, number>): Promise<void>
  /** Puts another file configuration in force for all tenants. */
  setBase(configuration: DetectionConfiguration): Promise<void>
  /** Hash of the file configuration in force; undefined before the first. */
  baseHash(): string | undefined
  /** Of the file's configuration alone: what a tenant was given makes no other tenant wait. */
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

  const save = async (rollout: Rollout): Promise<void> => {
    rollouts.set(rollout.tenant, rollout)
    const tx = store.begin(rollout.tenant)
    tx.put('rollout', NAME, rollout)
    await tx.commit()
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
    const given = await eachPartition(log, async (topic, partition) => {
      const from = rollout.from[topic][partition] ?? 0
      const found = isFresh ? -1 : await findGiven(log, topic, partition, from, rollout)
      return found >= 0 ? found : give(rollout, topic, partition)
    })
    await save({ ...rollout, given })
    logger.info({ tenant: rollout.tenant, hash: rollout.hash }, 'every partition holds the detection configuration')
  }

  const roll = async (tenant: string): Promise<void> => {
    const configuration = base ?? emptyConfiguration()
    const hash = configurationHash(configuration)
    const before = rollouts.get(tenant)
    if (before?.hash === hash && before.given !== null) return
    await putContent(hash, configuration)
    const from = await endsOf(log)
    const past =
      before === undefined
        ? []
        : [...before.past, { hash: before.hash, until_ms: clock.now() }].slice(-LIMITS.rollouts_past_max)
    const rollout: Rollout = { tenant, hash, base_hash: hash, from, given: null, past }
    await save(rollout)
    await finish(rollout, true)
  }

  /** Retention may have taken a record of an idle partition, whose next reader would then start without it. */
  const giveAgain = async (rollout: Rollout): Promise<void> => {
    const { given } = rollout
    if (given === null) return
    let again = 0
    const now = await eachPartition(log, async (topic, partition) => {
      if (await isThere(log, given, topic, partition)) return given[topic][partition]!
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

  const ownTenants = (): string[] => [...rollouts.keys()].filter((tenant) => tenant !== '')

  return {
    restore: (rollout) => rollouts.set(rollout.tenant, rollout),
    complete: (found) =>
      inTurn(async () => {
        for (const hash of found.keys()) contents.add(hash)
        const baseHash = rollouts.get('')?.base_hash
        if (baseHash !== undefined) base = await readConfigurationContent(log, baseHash)
        for (const rollout of rollouts.values()) {
          if (rollout.given === null) await finish(rollout, false)
          else await giveAgain(rollout)
        }
        for (const tenant of ownTenants()) await roll(tenant)
      }),
    setBase: (configuration) =>
      inTurn(async () => {
        base = configuration
        await roll('')
        for (const tenant of ownTenants()) await roll(tenant)
      }),
    baseHash: () => rollouts.get('')?.base_hash,
    readiness() {
      if (rollouts.get('') === undefined) return { ok: false, reason: 'no configuration is in the log yet' }
      if (rollouts.get('')?.given !== null) return { ok: true }
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
