/**
 * Consumer groups inside one process. Partition p of a topic belongs to member p modulo n, counting the members that
 * consume the topic in the order in which they joined. A partition that moves is given back first: its current batch ends
 * and its handler stops before the new owner's handler starts. So two handlers never hold one partition.
 */
import type { Logger } from '../../logger.ts'
import type { Consumer, ConsumeOptions } from '../port.ts'
import type { Runner } from '../runner.ts'
import type { Catalog } from './catalog.ts'

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
  /** Why it stopped unasked. */
  failure: unknown
  leaving: Promise<void> | undefined
  /** Called when a partition has been given back. */
  onReleased: () => void
}

interface Assignment {
  readonly topic: string
  readonly partition: number
  holder: Member | undefined
  releasing: boolean
}

interface Group {
  readonly members: Member[]
  /** By slot. */
  readonly assignments: Map<number, Assignment>
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

/** The groups of this process. */
interface State {
  readonly deps: GroupDeps
  readonly groups: Map<string, Group>
}

function ownerOf(group: Group, { topic, partition }: Assignment): Member | undefined {
  const members = group.members.filter((member) => member.options.topics.includes(topic))
  return members[partition % members.length]
}

/** Brings one partition to the member that it belongs to, by way of nobody. */
function reconcile(state: State, group: Group, slot: number, assignment: Assignment): void {
  if (assignment.releasing) return
  const owner = ownerOf(group, assignment)
  if (assignment.holder === owner) return
  if (assignment.holder !== undefined) {
    assignment.releasing = true
    assignment.holder.held.get(slot)!.stop()
    return
  }
  if (owner !== undefined) hand(state, group, slot, assignment, owner)
}

function hand(state: State, group: Group, slot: number, assignment: Assignment, member: Member): void {
  const runner = state.deps.startRunner(assignment.topic, assignment.partition, member.options)
  assignment.holder = member
  member.held.set(slot, runner)
  void takeBack(state, group, slot, assignment, runner)
}

async function takeBack(
  state: State,
  group: Group,
  slot: number,
  assignment: Assignment,
  runner: Runner,
): Promise<void> {
  const failure = await runner.done
  const member = assignment.holder!
  member.held.delete(slot)
  assignment.holder = undefined
  assignment.releasing = false
  if (failure !== undefined) void fail(state, group, member, failure)
  reconcile(state, group, slot, assignment)
  member.onReleased()
}

/** A member whose handler threw gives everything back, at once where a handler asks, and then reports the reason. */
async function fail(state: State, group: Group, member: Member, failure: unknown): Promise<void> {
  if (member.failure !== undefined) return
  member.failure = failure
  const byItself = member.leaving === undefined
  const { group: name, topics } = member.options
  state.deps.logger.error({ err: failure, group: name, topics }, 'a consumer stopped: one of its handlers failed')
  for (const runner of member.held.values()) runner.revoke()
  await leave(state, group, member)
  if (byItself) member.options.onStopped(asError(failure))
}

function reconcileAll(state: State, group: Group, topics: readonly string[]): void {
  for (const [slot, assignment] of group.assignments)
    if (topics.includes(assignment.topic)) reconcile(state, group, slot, assignment)
}

function leave(state: State, group: Group, member: Member): Promise<void> {
  member.leaving ??= new Promise((resolve) => {
    member.onReleased = () => {
      if (member.held.size === 0) resolve()
    }
    group.members.splice(group.members.indexOf(member), 1)
    reconcileAll(state, group, member.options.topics)
    member.onReleased()
  })
  return member.leaving
}

function join(state: State, options: ConsumeOptions): Member {
  let group = state.groups.get(options.group)
  if (group === undefined) state.groups.set(options.group, (group = { members: [], assignments: new Map() }))
  for (const topic of options.topics) {
    const { base, partitions } = state.deps.catalog.topic(topic)
    for (let partition = 0; partition < partitions; partition++) {
      if (group.assignments.has(base + partition)) continue
      group.assignments.set(base + partition, { topic, partition, holder: undefined, releasing: false })
    }
  }
  const member = { options, held: new Map(), failure: undefined, leaving: undefined, onReleased: () => {} }
  group.members.push(member)
  reconcileAll(state, group, options.topics)
  return member
}

/** Closing reports what a handler threw while it stopped; a consumer that failed earlier has already said so. */
async function close(state: State, group: Group, member: Member): Promise<void> {
  const closing = member.leaving === undefined
  await leave(state, group, member)
  if (closing && member.failure !== undefined) throw asError(member.failure)
}

export function createGroups(deps: GroupDeps): Groups {
  const state: State = {
    deps,
    groups: new Map(),
  }

  return {
    join(options) {
      const member = join(state, options)
      const group = state.groups.get(options.group)!
      const runner = (topic: string, partition: number): Runner | undefined =>
        member.held.get(deps.catalog.slot(topic, partition))
      return {
        owned: () => [...member.held.values()].map(({ topic, partition }) => ({ topic, partition })),
        commit: (topic, partition, offset) => deps.commit(options.group, deps.catalog.slot(topic, partition), offset),
        seek: (topic, partition, offset) => runner(topic, partition)?.seek(offset),
        pause: (topic, partition) => runner(topic, partition)?.pause(),
        resume: (topic, partition) => runner(topic, partition)?.resume(),
        close: () => close(state, group, member),
      }
    },
    async close() {
      const all = [...state.groups.values()].flatMap((group) =>
        group.members.map((member) => close(state, group, member)),
      )
      const failed = (await Promise.allSettled(all)).find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}
