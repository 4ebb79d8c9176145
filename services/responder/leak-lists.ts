/**
 * Brings leak lists into the log, each tenant's: its content in chunks into `state`, then a control record into every
 * partition of `events` and `signals`. A list that was replaced is kept as long as a partition may still begin at a place
 * where it was in force, and no longer, because it may be large: once retention has taken the record of its successor from
 * every partition, every snapshot that can be used names the successor.
 */
import { LEAK_ENTRY_BYTES, LEAK_LIST, leakListHash } from '../../schemas/leak-list.ts'
import { type ConfigRecordsDeps, createConfigRecords, type Given } from './config-records.ts'
import { createInTurn } from './in-turn.ts'
import { eachPartition, endsOf, type Offsets } from './partitions.ts'
import type { StateStore } from './store.ts'

/** Content of each tenant's list, see schemas/leak-list.ts. */
export type LeakLists = ReadonlyMap<string, Uint8Array>

/** Which list the partitions hold for a tenant. State record `leak-list`. */
export interface LeakRollout extends Given {
  /** Where every partition got it for the first time: retention of these says that no older list is in force anywhere. */
  readonly first: Offsets | null
  readonly entries: number
  /** Lists that were in force before, the newest last. */
  readonly past: readonly { readonly hash: string; readonly first: Offsets }[]
}

export interface LeakListRollouts {
  restore(rollout: LeakRollout): void
  /** Completes what a kill cut short. `found`: the lists in `state`, and whether all of their content is there. */
  complete(found: ReadonlyMap<string, boolean>): Promise<void>
  /** Puts these lists in force; the list of a tenant that has none any more becomes empty. Resolves when all is durable. */
  use(lists: LeakLists): Promise<void>
  /** Removes content that nothing can name any more, and gives records again that retention has taken. */
  maintain(): Promise<void>
}

export interface LeakListDeps extends ConfigRecordsDeps {
  readonly store: StateStore
}

const NAME = 'list'
const EMPTY = new Uint8Array(0)

/** Makes the memory of leak lists. Everything that changes them runs one after the other. */
export function createLeakLists(deps: LeakListDeps): LeakListRollouts {
  const { log, store, logger } = deps
  const records = createConfigRecords(deps, LEAK_LIST)
  const rollouts = new Map<string, LeakRollout>()
  /** Whether all of a list's content is in `state`, by hash. */
  const contents = new Map<string, boolean>()
  const inTurn = createInTurn()

  const save = async (rollout: LeakRollout): Promise<void> => {
    rollouts.set(rollout.tenant, rollout)
    const tx = store.begin(rollout.tenant)
    tx.put('leak-list', NAME, rollout)
    await tx.commit()
  }

  const finish = async (rollout: LeakRollout, isFresh: boolean): Promise<void> => {
    const given = await records.everywhere(rollout, isFresh)
    await save({ ...rollout, given, first: given })
    const { tenant, hash, entries } = rollout
    logger.info({ tenant, hash, entries }, 'every partition holds the leak list')
  }

  async function roll(tenant: string, bytes: Uint8Array): Promise<void> {
    const hash = leakListHash(bytes)
    const before = rollouts.get(tenant)
    if (before?.hash === hash) return
    if (contents.get(hash) !== true) await store.putList(hash, bytes)
    contents.set(hash, true)
    const past =
      before === undefined || before.first === null ? [] : [...before.past, { hash: before.hash, first: before.first }]
    const entries = bytes.length / LEAK_ENTRY_BYTES
    const rollout = { tenant, hash, entries, from: await endsOf(log), given: null, first: null, past }
    await save(rollout)
    await finish(rollout, true)
  }

  /** Whether retention has taken a record from every partition. */
  async function isGone(offsets: Offsets): Promise<boolean> {
    let isHeld = false
    await eachPartition(log, async (topic, partition) => {
      const { start } = await log.bounds(topic, partition)
      if (start <= (offsets[topic][partition] ?? 0)) isHeld = true
      return start
    })
    return !isHeld
  }

  async function forgetPast(rollout: LeakRollout): Promise<void> {
    // The newest of those whose successor's record is gone; it and all before it are in force nowhere.
    for (let at = rollout.past.length - 1; at >= 0; at--) {
      const successor = rollout.past[at + 1]?.first ?? rollout.first
      if (successor === null || !(await isGone(successor))) continue
      return save({ ...rollout, past: rollout.past.slice(at + 1) })
    }
  }

  async function dropContents(): Promise<void> {
    const named = new Set([...rollouts.values()].flatMap(({ hash, past }) => [hash, ...past.map((one) => one.hash)]))
    for (const hash of contents.keys()) {
      if (named.has(hash)) continue
      contents.delete(hash)
      await store.putList(hash, null)
    }
  }

  return {
    restore: (rollout) => rollouts.set(rollout.tenant, rollout),
    complete: (found) =>
      inTurn(async () => {
        for (const [hash, isWhole] of found) contents.set(hash, isWhole)
        for (const rollout of rollouts.values()) if (rollout.given === null) await finish(rollout, false)
      }),
    use: (lists) =>
      inTurn(async () => {
        for (const [tenant, bytes] of lists) await roll(tenant, bytes)
        for (const tenant of rollouts.keys()) if (!lists.has(tenant)) await roll(tenant, EMPTY)
      }),
    maintain: () =>
      inTurn(async () => {
        for (const rollout of rollouts.values()) await forgetPast(rollout)
        await dropContents()
        for (const rollout of rollouts.values()) {
          const again = await records.again(rollout)
          if (again !== undefined) await save({ ...rollout, given: again.given })
        }
      }),
  }
}
