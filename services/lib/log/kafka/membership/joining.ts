/** How a member joins its group: it asks, shares out the partitions where the group makes it the leader, and learns its own. */
import { LIMITS } from '../../../../../schemas/limits.ts'
import { assign, decodeAssignment, decodeMember, encodeAssignment, encodeMember, PROTOCOL } from '../assignment.ts'
import { errorOf } from '../wire.ts'
import type { Member } from './member.ts'

interface Joined {
  readonly errorCode: number
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { memberId: string; memberMetadata: Buffer }[]
}

function fail(code: number): void {
  const error = errorOf(code)
  if (error !== undefined) throw error
}

async function ask({ options, memberId, generation }: Member): Promise<Joined> {
  const { cluster, group, topics, sessionMs } = options
  const coordinator = await cluster.coordinator(group)
  return coordinator.call<Joined>('JoinGroup', {
    groupId: group,
    memberId,
    sessionTimeout: sessionMs,
    rebalanceTimeout: LIMITS.kafka_rebalance_ms_max,
    protocolType: 'consumer',
    groupProtocols: [{ name: PROTOCOL, metadata: encodeMember({ topics, held: options.held(), generation }) }],
  })
}

async function askToJoin(member: Member): Promise<Joined> {
  let answer = await ask(member)
  if (errorOf(answer.errorCode)?.type === 'MEMBER_ID_REQUIRED') {
    member.memberId = answer.memberId
    answer = await ask(member)
  }
  fail(answer.errorCode)
  return answer
}

async function share(
  { options: { cluster } }: Member,
  members: Joined['members'],
): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
  const decoded = members.map(({ memberId, memberMetadata }) => decodeMember(memberId, memberMetadata))
  cluster.watch(decoded.flatMap(({ topics }) => topics))
  await cluster.refresh()
  const given = assign(decoded, (topic) => cluster.topic(topic)?.length ?? 0)
  return [...given].map(([memberId, held]) => ({ memberId, memberAssignment: encodeAssignment(held) }))
}

/** Joins the group. Throws what the group answers, or the error of the connection. */
export async function join(member: Member): Promise<void> {
  const { cluster, group, logger, onAssigned } = member.options
  member.rejoinWanted = false
  const { memberId, generationId, leaderId, members } = await askToJoin(member)
  member.memberId = memberId
  const groupAssignment = leaderId === memberId ? await share(member, members) : []
  const coordinator = await cluster.coordinator(group)
  const askedAt = performance.now()
  const synced = await coordinator.call<{ errorCode: number; memberAssignment: Buffer }>('SyncGroup', {
    groupId: group,
    generationId,
    memberId,
    groupAssignment,
  })
  fail(synced.errorCode)
  Object.assign(member, { generation: generationId, heardAt: askedAt, joined: true })
  const given = decodeAssignment(synced.memberAssignment)
  logger.debug({ group, generation: generationId, partitions: given.length }, 'joined the group')
  if (!member.leaving.signal.aborted) onAssigned(given)
  member.first.resolve()
}
