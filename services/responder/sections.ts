/**
 * Brings sections of the knowledge into the log, those of all tenants and each tenant's: the content in chunks into `state`,
 * then a control record into every partition of `events` and `signals`. What a roll-out is about to do is written down before
 * it begins, so that after a kill halfway the rest gets its record and no partition gets two.
 *
 * Content that was replaced is kept as long as a partition may still begin at a place where it was in force, and no longer,
 * because it may be large: once retention has taken the record of its successor from every partition, every snapshot that
 * can be used names the successor.
 */
import { SETTINGS } from '../../schemas/configuration.ts'
import { LEAK_LIST } from '../../schemas/leak-list.ts'
import { type ConfigRecordsDeps, createConfigRecords, type Given } from './config-records.ts'
import { createInTurn } from './in-turn.ts'
import { RESPONDER_LIMITS } from './limits.ts'
import { eachPartition, endsOf, type Offsets } from './partitions.ts'
import type { StateStore } from './store.ts'

/** Which content of a section the partitions hold for an owner: a tenant, or '' for all. State record `rollout`. */
export interface Rollout extends Given {
  /** Where every partition got it for the first time: retention of these says that nothing older is in force anywhere. */
  readonly first: Offsets | null
  /** What was in force before, the newest last. `first` null: no later than that of the next one that has it. */
  readonly past: readonly { readonly hash: string; readonly first: Offsets | null }[]
}

/** Without these fields in logs of versions before sections had a roll-out in common. */
type OlderRollout = Omit<Rollout, 'first' | 'past'> & {
  readonly first?: Offsets | null
  readonly past: readonly { readonly hash: string; readonly first?: Offsets | null }[]
}

export type Readiness = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export interface Sections {
  /** `kind` and `id` of the state record that holds it. */
  restore(kind: 'rollout' | 'leak-list', id: string, rollout: OlderRollout): void
  /** Completes what a kill cut short. `found`: the contents in `state`, and whether each is whole. */
  complete(found: ReadonlyMap<string, boolean>): Promise<void>
  /** Makes content durable under its hash, so that it can be put in force. */
  hold(hash: string, content: Uint8Array): Promise<void>
  /** Puts content in force that `hold` was given; false if `state` no longer has it. Resolves when every partition has it. */
  roll(name: string, tenant: string, hash: string): Promise<boolean>
  /** What is in force or on its way; undefined if the owner has no such section. */
  hashOf(name: string, tenant: string): string | undefined
  /** Whether every partition holds it. */
  isInForce(name: string, tenant: string, hash: string): boolean
  /** Who has a section of this name. */
  owners(name: string): string[]
  /** Of the sections of all tenants alone: what a tenant was given makes no other tenant wait. */
  readiness(): Readiness
  /** `listener` is called whenever a change has been carried out. */
  onSettled(listener: () => void): void
  /** Removes content that nothing can name any more, and gives records again that retention has taken. */
  maintain(): Promise<void>
}

export interface SectionsDeps extends ConfigRecordsDeps {
  readonly store: StateStore
}

type Named = Rollout & { readonly name: string }

const keyOf = (name: string, tenant: string): string => `${name} ${tenant}`

/** The newest few say where they came to lie; the others are kept as long as the oldest of those. */
const bounded = (past: Rollout['past']): Rollout['past'] =>
  past
    .slice(-RESPONDER_LIMITS.section_past_max)
    .map((one, i, all) => (i < all.length - RESPONDER_LIMITS.section_past_placed_max ? { ...one, first: null } : one))

/** Makes the memory of sections. Everything that changes them runs one after the other. */
export function createSections(deps: SectionsDeps): Sections {
  const { log, store, logger } = deps
  const rollouts = new Map<string, Named>()
  /** Whether all of a content is in `state`, by hash. */
  const contents = new Map<string, boolean>()
  /** What is held and was not put in force yet. */
  const waiting = new Set<string>()
  let tellSettled = (): void => undefined
  const turns = createInTurn()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
    turns(work).then((result) => {
      tellSettled()
      return result
    })

  const save = async (rollout: Named): Promise<void> => {
    const { name, ...body } = rollout
    rollouts.set(keyOf(name, rollout.tenant), rollout)
    const tx = store.begin(rollout.tenant)
    tx.put('rollout', name, body)
    if (name === LEAK_LIST) tx.remove('leak-list', 'list')
    await tx.commit()
  }

  const finish = async (rollout: Named, isFresh: boolean): Promise<void> => {
    const given = await createConfigRecords(deps, rollout.name).everywhere(rollout, isFresh)
    await save({ ...rollout, given, first: given })
    const { name, tenant, hash } = rollout
    logger.info({ section: name, tenant, hash }, `every partition holds the section ${name}`)
  }

  async function roll(name: string, tenant: string, hash: string): Promise<boolean> {
    const before = rollouts.get(keyOf(name, tenant))
    if (before?.hash === hash && before.given !== null) return true
    if (contents.get(hash) !== true) return false
    const past = before === undefined ? [] : bounded([...before.past, { hash: before.hash, first: before.first }])
    const rollout = { name, tenant, hash, from: await endsOf(log), given: null, first: null, past }
    await save(rollout)
    waiting.delete(hash)
    await finish(rollout, true)
    return true
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

  async function forgetPast(rollout: Named): Promise<void> {
    const firsts = [...rollout.past.map(({ first }) => first), rollout.first]
    // The newest of those whose successor's record is gone; it and all before it are in force nowhere.
    for (let at = rollout.past.length - 1; at >= 0; at--) {
      const successor = firsts.slice(at + 1).find((first) => first !== null)
      if (successor === undefined || successor === null || !(await isGone(successor))) continue
      return save({ ...rollout, past: rollout.past.slice(at + 1) })
    }
  }

  async function dropContents(): Promise<void> {
    const named = new Set([...rollouts.values()].flatMap(({ hash, past }) => [hash, ...past.map((one) => one.hash)]))
    for (const hash of contents.keys()) {
      if (named.has(hash) || waiting.has(hash)) continue
      contents.delete(hash)
      await store.putContent(hash, null)
    }
  }

  /** Retention may have taken a record of an idle partition, whose next reader would then start without it. */
  async function giveAgain(rollout: Named): Promise<void> {
    const again = await createConfigRecords(deps, rollout.name).again(rollout)
    if (again === undefined) return
    await save({ ...rollout, given: again.given })
    const { name, tenant } = rollout
    logger.info({ section: name, tenant, partitions: again.partitions }, 'gave a section again where retention took it')
  }

  return {
    restore(kind, id, { tenant, hash, from, given, first = given, past }) {
      const name = kind === 'leak-list' ? LEAK_LIST : id
      // What is there under both kinds was moved to the newer one.
      if (kind === 'leak-list' && rollouts.has(keyOf(name, tenant))) return
      const before = past.map((one) => ({ hash: one.hash, first: one.first ?? null }))
      rollouts.set(keyOf(name, tenant), { name, tenant, hash, from, given, first, past: before })
    },
    complete: (found) =>
      inTurn(async () => {
        for (const [hash, isWhole] of found) contents.set(hash, isWhole)
        for (const rollout of rollouts.values())
          await (rollout.given === null ? finish(rollout, false) : giveAgain(rollout))
      }),
    hold: (hash, content) =>
      inTurn(async () => {
        waiting.add(hash)
        if (contents.get(hash) !== true) await store.putContent(hash, content)
        contents.set(hash, true)
      }),
    roll: (name, tenant, hash) => inTurn(() => roll(name, tenant, hash)),
    hashOf: (name, tenant) => rollouts.get(keyOf(name, tenant))?.hash,
    isInForce(name, tenant, hash) {
      const rollout = rollouts.get(keyOf(name, tenant))
      return rollout?.hash === hash && rollout.given !== null
    },
    owners: (name) => [...rollouts.values()].filter((one) => one.name === name).map(({ tenant }) => tenant),
    readiness() {
      if (!rollouts.has(keyOf(SETTINGS, ''))) return { ok: false, reason: 'no configuration is in the log yet' }
      const isWhole = [...rollouts.values()].every(({ tenant, given }) => tenant !== '' || given !== null)
      return isWhole ? { ok: true } : { ok: false, reason: 'not every partition holds the configuration yet' }
    },
    onSettled: (listener) => {
      tellSettled = listener
    },
    maintain: () =>
      inTurn(async () => {
        for (const rollout of rollouts.values()) await forgetPast(rollout)
        await dropContents()
        for (const rollout of rollouts.values()) await giveAgain(rollout)
      }),
  }
}
