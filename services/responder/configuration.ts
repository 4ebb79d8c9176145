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
import { LIMITS } from '../../schemas/limits.ts'
import { readConfigurationContent } from '../lib/configuration-store.ts'
import { type ConfigRecordsDeps, createConfigRecords, type Given } from './config-records.ts'
import { createInTurn } from './in-turn.ts'
import { endsOf } from './partitions.ts'
import type { StateStore } from './store.ts'

const NAME = 'detection'

/** Which configuration the partitions hold for a tenant ('' for all). State record `rollout`. */
export interface Rollout extends Given {
  /** The file's part of it; equal to `hash` where nothing is added. */
  readonly base_hash: string
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

export interface ConfigurationDeps extends ConfigRecordsDeps {
  readonly store: StateStore
}

/** Makes the memory of rollouts. Everything that changes them runs one after the other. */
export function createConfigurationRollouts(deps: ConfigurationDeps): ConfigurationRollouts {
  const { log, store, clock, logger } = deps
  const records = createConfigRecords(deps, NAME)
  const rollouts = new Map<string, Rollout>()
  const contents = new Set<string>()
  let base: DetectionConfiguration | undefined
  let tellSettled = (): void => undefined

  const turns = createInTurn()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turns(work)
    void result.then(
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

  const putContent = async (hash: string, configuration: DetectionConfiguration): Promise<void> => {
    if (contents.has(hash)) return
    await store.putContent(hash, canonicalJson(configuration))
    contents.add(hash)
  }

  /** Gives a begun rollout to the partitions that lack it. */
  const finish = async (rollout: Rollout, isFresh: boolean): Promise<void> => {
    await save({ ...rollout, given: await records.everywhere(rollout, isFresh) })
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
    const again = await records.again(rollout)
    if (again === undefined) return
    const { given, partitions } = again
    await save({ ...rollout, given })
    logger.info({ tenant: rollout.tenant, partitions }, 'gave the configuration again where retention took it')
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
