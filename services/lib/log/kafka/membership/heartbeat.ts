/** How a member tells its group that it is alive. */
import { errorOf } from '../wire.ts'
import type { Member } from './member.ts'

async function beatOnce(member: Member): Promise<void> {
  const { cluster, group } = member.options
  const coordinator = await cluster.coordinator(group)
  const askedAt = performance.now()
  const { errorCode } = await coordinator.call<{ errorCode: number }>('Heartbeat', {
    groupId: group,
    groupGenerationId: member.generation,
    memberId: member.memberId,
  })
  const error = errorOf(errorCode)
  if (error?.type === 'REBALANCE_IN_PROGRESS') member.rejoinWanted = true
  else if (error !== undefined) throw error
  member.heardAt = askedAt
}

/** One beat at a time: who asks while one is under way gets its answer. Throws what the group answers. */
export function beat(member: Member): Promise<void> {
  member.beating ??= beatOnce(member).finally(() => {
    member.beating = undefined
  })
  return member.beating
}
