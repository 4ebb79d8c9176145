/**
 * Consumer groups inside one process. Partition p of a topic belongs to the member p modulo n of those that consume the
 * topic, in the order in which they joined. A partition that changes hands is first given back: its current batch ends
 * and its handler stops before the new owner's handler starts, so that two handlers never hold one partition.
 */
import type { Logger } from '../../logger.ts'
import type { Consumer, ConsumeOptions } from '../port.ts'
import type { Catalog } from './catalog.ts'
import type { Runner } from './runner.ts'

export interface GroupDeps {
  readonly catalog: Catalog
  readonly logger: Logger
  startRunner(topic: string, partition: number, options: ConsumeOptions): Runner
  commit(group: string, slot: number, offset: number): Promise<void>
}

export interface Groups {
  join(options: ConsumeOptions): Consumer
  /** Closes every consumer. */
  close(): Promise<void>
}

interface Member {
  readonly options: ConsumeOptions
  /** By slot. */
  readonly held: Map<number, Runner>
  /** Why it stopped by itself. */
  failure: unknown
  leaving: Promise<void> | undefined
  /** Called when a partition has been given back. */
  onReleased: () => void
}

interface Place {
  readonly topic: string
  readonly partition: number
  holder: Member | undefined
  releasing: boolean
}

interface Group {
  readonly members: Member[]
  /** By slot. */
  readonly places: Map<number, Place>
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

export function createGroups(deps: GroupDeps): Groups {
  const { catalog, logger } = deps
  const groups = new Map<string, Group>()

  function ownerOf(group: Group, { topic, partition }: Place): Member | undefined {
    const members = group.members.filter((member) => member.options.topics.includes(topic))
    return members[partition % members.length]
  }

  /** Brings one partition to the member that it belongs to, by way of nobody. */
  function reconcile(group: Group, slot: number, place: Place): void {
    if (place.releasing) return
    const owner = ownerOf(group, place)
    if (place.holder === owner) return
    if (place.holder !== undefined) {
      place.releasing = true
      place.holder.held.get(slot)!.stop()
      return
    }
    if (owner !== undefined) hand(group, slot, place, owner)
  }

  function hand(group: Group, slot: number, place: Place, member: Member): void {
    const runner = deps.startRunner(place.topic, place.partition, member.options)
    place.holder = member
    member.held.set(slot, runner)
    void takeBack(group, slot, place, runner)
  }

  async function takeBack(group: Group, slot: number, place: Place, runner: Runner): Promise<void> {
    const failure = await runner.done
    const member = place.holder!
    member.held.delete(slot)
    place.holder = undefined
    place.releasing = false
    if (failure !== undefined) void fail(group, member, failure)
    reconcile(group, slot, place)
    member.onReleased()
  }

  /** A member whose handler threw gives everything back, at once where a handler asks, and then reports the reason. */
  async function fail(group: Group, member: Member, failure: unknown): Promise<void> {
    if (member.failure !== undefined) return
    member.failure = failure
    const byItself = member.leaving === undefined
    const { group: name, topics } = member.options
    logger.error({ err: failure, group: name, topics }, 'a consumer stopped: one of its handlers failed')
    for (const runner of member.held.values()) runner.revoke()
    await leave(group, member)
    if (byItself) member.options.onStopped(asError(failure))
  }

  function reconcileAll(group: Group, topics: readonly string[]): void {
    for (const [slot, place] of group.places) if (topics.includes(place.topic)) reconcile(group, slot, place)
  }

  function leave(group: Group, member: Member): Promise<void> {
    member.leaving ??= new Promise((resolve) => {
      member.onReleased = () => {
        if (member.held.size === 0) resolve()
      }
      group.members.splice(group.members.indexOf(member), 1)
      reconcileAll(group, member.options.topics)
      member.onReleased()
    })
    return member.leaving
  }

  function join(options: ConsumeOptions): Member {
    let group = groups.get(options.group)
    if (group === undefined) groups.set(options.group, (group = { members: [], places: new Map() }))
    for (const topic of options.topics) {
      const { base, partitions } = catalog.topic(topic)
      for (let partition = 0; partition < partitions; partition++) {
        if (group.places.has(base + partition)) continue
        group.places.set(base + partition, { topic, partition, holder: undefined, releasing: false })
      }
    }
    const member = { options, held: new Map(), failure: undefined, leaving: undefined, onReleased: () => {} }
    group.members.push(member)
    reconcileAll(group, options.topics)
    return member
  }

  /** Closing reports what a handler threw while it stopped; a consumer that failed earlier has already said so. */
  async function close(group: Group, member: Member): Promise<void> {
    const closing = member.leaving === undefined
    await leave(group, member)
    if (closing && member.failure !== undefined) throw asError(member.failure)
  }

  return {
    join(options) {
      const member = join(options)
      const group = groups.get(options.group)!
      const runner = (topic: string, partition: number): Runner | undefined =>
        member.held.get(catalog.slot(topic, partition))
      return {
        owned: () => [...member.held.values()].map(({ topic, partition }) => ({ topic, partition })),
        commit: (topic, partition, offset) => deps.commit(options.group, catalog.slot(topic, partition), offset),
        seek: (topic, partition, offset) => runner(topic, partition)?.seek(offset),
        pause: (topic, partition) => runner(topic, partition)?.pause(),
        resume: (topic, partition) => runner(topic, partition)?.resume(),
        close: () => close(group, member),
      }
    },
    async close() {
      const all = [...groups.values()].flatMap((group) => group.members.map((member) => close(group, member)))
      const failed = (await Promise.allSettled(all)).find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}
