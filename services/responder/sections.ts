/**
 * Writes sections of the knowledge to the log, those of all tenants and each tenant's: the content in chunks to `state`,
 * then a control record to every partition of `events` and `signals`. A roll-out is written down before it begins, so
 * that after a kill halfway the remaining partitions get the record and none gets two.
 *
 * Replaced content is kept while a partition may still begin where it was in force, and no longer, because it may be
 * large. Once retention has removed its successor's record from every partition, every usable snapshot names the
 * successor.
 */
import { SETTINGS } from '../../schemas/configuration.ts'
import { LEAK_LIST } from '../../schemas/leak-list.ts'
import { type ConfigRecordsDeps, createConfigRecords, type Given } from './config-records.ts'
import { createInTurn, type InTurn } from './in-turn.ts'
import { RESPONDER_LIMITS } from './limits.ts'
import { eachPartition, endsOf, type Offsets } from './partitions.ts'
import type { StateStore } from './store.ts'

/** Which content of a section the partitions hold for an owner: a tenant, or '' for all. State record `rollout`. */
export interface Rollout extends Given {
  /** Where every partition got it for the first time: retention of these says that nothing older is in force anywhere. */
  readonly first: Offsets | null
  /** What was in force before, newest last. `first` null: no later than that of the next one that has it. */
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
  /** What is in force or being rolled out; undefined if the owner has no such section. */
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

/** The newest few record where they were written; the others are kept as long as the oldest of those. */
const bounded = (past: Rollout['past']): Rollout['past'] =>
  past
    .slice(-RESPONDER_LIMITS.section_past_max)
    .map((one, i, all) => (i < all.length - RESPONDER_LIMITS.section_past_placed_max ? { ...one, first: null } : one))

/** What is known of the sections between two changes. */
interface Memory {
  readonly deps: SectionsDeps
  readonly rollouts: Map<string, Named>
  /** Whether all of a content is in `state`, by hash. */
  readonly contents: Map<string, boolean>
  /** Content that is held but was not put in force yet. */
  readonly waiting: Set<string>
  tellSettled: () => void
  readonly turns: InTurn
}

const inTurn = <T>(memory: Memory, work: () => Promise<T>): Promise<T> =>
  memory.turns(work).then((result) => {
    memory.tellSettled()
    return result
  })

const save = async (memory: Memory, rollout: Named): Promise<void> => {
  const { name, ...body } = rollout
  memory.rollouts.set(keyOf(name, rollout.tenant), rollout)
  const tx = memory.deps.store.begin(rollout.tenant)
  tx.put('rollout', name, body)
  if (name === LEAK_LIST) tx.remove('leak-list', 'list')
  await tx.commit()
}

const finish = async (memory: Memory, rollout: Named, isFresh: boolean): Promise<void> => {
  const given = await createConfigRecords(memory.deps, rollout.name).everywhere(rollout, isFresh)
  await save(memory, { ...rollout, given, first: given })
  const { name, tenant, hash } = rollout
  memory.deps.logger.info({ section: name, tenant, hash }, `every partition holds the section ${name}`)
}

async function roll(memory: Memory, name: string, tenant: string, hash: string): Promise<boolean> {
  const before = memory.rollouts.get(keyOf(name, tenant))
  if (before?.hash === hash && before.given !== null) return true
  if (memory.contents.get(hash) !== true) return false
  const past = before === undefined ? [] : bounded([...before.past, { hash: before.hash, first: before.first }])
  const rollout = { name, tenant, hash, from: await endsOf(memory.deps.log), given: null, first: null, past }
  await save(memory, rollout)
  memory.waiting.delete(hash)
  await finish(memory, rollout, true)
  return true
}

/** Whether retention has taken a record from every partition. */
async function isGone(memory: Memory, offsets: Offsets): Promise<boolean> {
  const { log } = memory.deps
  let isHeld = false
  await eachPartition(log, async (topic, partition) => {
    const { start } = await log.bounds(topic, partition)
    if (start <= (offsets[topic][partition] ?? 0)) isHeld = true
    return start
  })
  return !isHeld
}

async function forgetPast(memory: Memory, rollout: Named): Promise<void> {
  const firsts = [...rollout.past.map(({ first }) => first), rollout.first]
  // The newest of those whose successor's record is gone; it and all before it are in force nowhere.
  for (let at = rollout.past.length - 1; at >= 0; at--) {
    const successor = firsts.slice(at + 1).find((first) => first !== null)
    if (successor === undefined || successor === null || !(await isGone(memory, successor))) continue
    return save(memory, { ...rollout, past: rollout.past.slice(at + 1) })
  }
}

async function dropContents(memory: Memory): Promise<void> {
  const named = new Set(
    [...memory.rollouts.values()].flatMap(({ hash, past }) => [hash, ...past.map((one) => one.hash)]),
  )
  for (const hash of memory.contents.keys()) {
    if (named.has(hash) || memory.waiting.has(hash)) continue
    memory.contents.delete(hash)
    await memory.deps.store.putContent(hash, null)
  }
}

/** Retention may have taken a record of an idle partition, whose next reader would then start without it. */
async function giveAgain(memory: Memory, rollout: Named): Promise<void> {
  const again = await createConfigRecords(memory.deps, rollout.name).again(rollout)
  if (again === undefined) return
  await save(memory, { ...rollout, given: again.given })
  const { name, tenant } = rollout
  memory.deps.logger.info(
    { section: name, tenant, partitions: again.partitions },
    'gave a section again where retention took it',
  )
}

function restore(
  memory: Memory,
  kind: 'rollout' | 'leak-list',
  id: string,
  { tenant, hash, from, given, first = given, past }: OlderRollout,
): void {
  const name = kind === 'leak-list' ? LEAK_LIST : id
  // A section that exists under both kinds was already moved to the newer one.
  if (kind === 'leak-list' && memory.rollouts.has(keyOf(name, tenant))) return
  const before = past.map((one) => ({ hash: one.hash, first: one.first ?? null }))
  memory.rollouts.set(keyOf(name, tenant), { name, tenant, hash, from, given, first, past: before })
}

function readiness(memory: Memory): Readiness {
  if (!memory.rollouts.has(keyOf(SETTINGS, ''))) return { ok: false, reason: 'no configuration is in the log yet' }
  const isWhole = [...memory.rollouts.values()].every(({ tenant, given }) => tenant !== '' || given !== null)
  return isWhole ? { ok: true } : { ok: false, reason: 'not every partition holds the configuration yet' }
}

function maintain(memory: Memory): Promise<void> {
  return inTurn(memory, async () => {
    for (const rollout of memory.rollouts.values()) await forgetPast(memory, rollout)
    await dropContents(memory)
    for (const rollout of memory.rollouts.values()) await giveAgain(memory, rollout)
  })
}

/** Makes the memory of sections. Everything that changes them runs one after the other. */
export function createSections(deps: SectionsDeps): Sections {
  const memory: Memory = {
    deps,
    rollouts: new Map(),
    contents: new Map(),
    waiting: new Set(),
    tellSettled: (): void => undefined,
    turns: createInTurn(),
  }

  return {
    restore: (kind, id, a2) => restore(memory, kind, id, a2),
    complete: (found) =>
      inTurn(memory, async () => {
        for (const [hash, isWhole] of found) memory.contents.set(hash, isWhole)
        for (const rollout of memory.rollouts.values())
          await (rollout.given === null ? finish(memory, rollout, false) : giveAgain(memory, rollout))
      }),
    hold: (hash, content) =>
      inTurn(memory, async () => {
        memory.waiting.add(hash)
        if (memory.contents.get(hash) !== true) await deps.store.putContent(hash, content)
        memory.contents.set(hash, true)
      }),
    roll: (name, tenant, hash) => inTurn(memory, () => roll(memory, name, tenant, hash)),
    hashOf: (name, tenant) => memory.rollouts.get(keyOf(name, tenant))?.hash,
    isInForce(name, tenant, hash) {
      const rollout = memory.rollouts.get(keyOf(name, tenant))
      return rollout?.hash === hash && rollout.given !== null
    },
    owners: (name) => [...memory.rollouts.values()].filter((one) => one.name === name).map(({ tenant }) => tenant),
    readiness: () => readiness(memory),
    onSettled: (listener) => {
      memory.tellSettled = listener
    },
    maintain: () => maintain(memory),
  }
}
