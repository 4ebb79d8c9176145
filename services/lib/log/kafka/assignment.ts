/**
 * Assigns partitions. The group's leader computes the assignment from what each member reports to hold. Partitions stay
 * where they are as far as the shares allow. One that has to move is assigned to nobody in this round: its holder ends
 * its batch, stops its handler and asks for another round, in which it is free. So two members never hold one partition,
 * and the rest continues undisturbed (the idea of Kafka's cooperative protocol, KIP-429).
 */
import { LogError } from '../port.ts'
import { AssignerProtocol } from './wire.ts'

export interface Held {
  readonly topic: string
  readonly partition: number
}

export interface Member {
  readonly id: string
  readonly topics: readonly string[]
  readonly held: readonly Held[]
  /** Of the group when the member got what it holds. */
  readonly generation: number
}

/** Name under which members agree on this way of sharing. */
export const PROTOCOL = 'moltwatch-cooperative'
const VERSION = 0

const keyOf = ({ topic, partition }: Held): string => `${topic}/${partition}`

/** Who holds each partition of a topic; of two that claim one, the newer generation is believed. */
function holders(topic: string, members: readonly Member[]): Map<number, Member> {
  const found = new Map<number, Member>()
  for (const member of members) {
    for (const held of member.held) {
      if (held.topic !== topic) continue
      const other = found.get(held.partition)
      if (other === undefined || other.generation < member.generation) found.set(held.partition, member)
    }
  }
  return found
}

/** Shares one topic out; `load` counts what members have got of other topics, so that remainders even out. */
function shareTopic(
  topic: string,
  partitions: number,
  members: readonly Member[],
  load: Map<string, number>,
): Map<number, Member> {
  const takers = members.filter((member) => member.topics.includes(topic))
  const target = new Map<number, Member>()
  if (takers.length === 0) return target
  const held = holders(topic, takers)
  const count = new Map(takers.map(({ id }) => [id, 0]))
  const heldCount = (member: Member): number => [...held.values()].filter((other) => other === member).length
  const loadOf = ({ id }: Member): number => load.get(id) ?? 0
  const compareIds = (a: Member, b: Member): number => (a.id < b.id ? -1 : 1)
  // Who holds most, and then who has least elsewhere, gets one of the partitions that are left over.
  const ranked = [...takers].sort((a, b) => heldCount(b) - heldCount(a) || loadOf(a) - loadOf(b) || compareIds(a, b))
  const floor = Math.floor(partitions / takers.length)
  const quota = new Map(ranked.map(({ id }, i) => [id, floor + (i < partitions % takers.length ? 1 : 0)]))
  const give = (partition: number, member: Member): void => {
    target.set(partition, member)
    count.set(member.id, count.get(member.id)! + 1)
  }
  for (let partition = 0; partition < partitions; partition++) {
    const holder = held.get(partition)
    if (holder !== undefined && count.get(holder.id)! < quota.get(holder.id)!) give(partition, holder)
  }
  for (let partition = 0; partition < partitions; partition++) {
    if (!target.has(partition)) give(partition, ranked.find(({ id }) => count.get(id)! < quota.get(id)!)!)
  }
  for (const { id } of takers) load.set(id, (load.get(id) ?? 0) + count.get(id)!)
  return target
}

/** What each member is given now, by member id. `partitionsOf` says how many partitions a topic has. */
export function assign(
  members: readonly Member[],
  partitionsOf: (topic: string) => number,
): ReadonlyMap<string, readonly Held[]> {
  const given = new Map<string, Held[]>(members.map(({ id }) => [id, []]))
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort()
  const claims = new Map(members.flatMap((member) => member.held.map((held) => [keyOf(held), new Set<string>()])))
  for (const member of members) for (const held of member.held) claims.get(keyOf(held))!.add(member.id)
  const load = new Map<string, number>()
  for (const topic of topics) {
    for (const [partition, { id }] of shareTopic(topic, partitionsOf(topic), members, load)) {
      const holds = claims.get(`${topic}/${partition}`)
      const heldByOther = holds !== undefined && [...holds].some((holder) => holder !== id)
      if (!heldByOther) given.get(id)!.push({ topic, partition })
    }
  }
  return given
}

/** What a member reports to the group, in the form that Kafka's tools can read. */
export const encodeMember = ({ topics, held, generation }: Omit<Member, 'id'>): Buffer =>
  AssignerProtocol.MemberMetadata.encode({
    version: VERSION,
    topics: [...topics],
    userData: Buffer.from(JSON.stringify({ generation, held: held.map(({ topic, partition }) => [topic, partition]) })),
  })

/** Reads what a member reported. Throws log_unavailable if the member is of another kind. */
export function decodeMember(id: string, metadata: Buffer): Member {
  try {
    const { topics, userData } = AssignerProtocol.MemberMetadata.decode(metadata)!
    const told = JSON.parse(userData.toString()) as { generation: number; held: [string, number][] }
    return {
      id,
      topics,
      generation: told.generation,
      held: told.held.map(([topic, partition]) => ({ topic, partition })),
    }
  } catch (error) {
    throw new LogError('log_unavailable', `member ${id} of the group is not one of ours`, { cause: error })
  }
}

export function encodeAssignment(held: readonly Held[]): Buffer {
  const assignment = Object.fromEntries(
    [...Map.groupBy(held, ({ topic }) => topic)].map(([topic, own]) => [topic, own.map(({ partition }) => partition)]),
  )
  return AssignerProtocol.MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) })
}

/** An empty answer means: nothing. */
export function decodeAssignment(bytes: Buffer): Held[] {
  const decoded = bytes.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(bytes)
  return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}
