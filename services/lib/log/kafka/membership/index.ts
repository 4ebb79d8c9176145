/**
 * One membership in one consumer group: it joins, learns its assignment, sends heartbeats, rejoins when the group
 * changes, and leaves. It knows nothing about records. Callbacks report what it was assigned and when it lost everything.
 * It trusts a lease no longer than the group does: after `kafka_session_ms` without an answer everything is lost.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../../../schemas/limits.ts'
import { LogError } from '../../port.ts'
import { unavailable } from '../cluster.ts'
import type { KafkaError } from '../wire.ts'
import { beat } from './heartbeat.ts'
import { join } from './joining.ts'
import { isOverdue, type Member, type MembershipOptions, newMember } from './member.ts'

export interface Identity {
  readonly memberId: string
  readonly generation: number
}

export interface Membership {
  /** Resolves with the first assignment; throws log_unavailable if that takes too long. */
  start(): Promise<void>
  /** Undefined while it is no member. */
  identity(): Identity | undefined
  /** Checks that the group still counts it as a member. If not, `onLost` has been called. */
  confirm(): Promise<void>
  /** Something was stopped that others wait for. */
  rejoin(): void
  leave(): Promise<void>
}

const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'])
const FATAL = new Set([
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_AUTHORIZATION_FAILED',
  'INVALID_GROUP_ID',
  'GROUP_MAX_SIZE_REACHED',
])
/** A group waits for members that are silent, as long as they may be, before it lets a new one in; and it may have to begin again. */
const FIRST_JOIN_MS_MAX = 2 * LIMITS.kafka_rebalance_ms_max
const LEAVE_MS_MAX = 1_000

/** From here on nothing is held; the next join waits until all of it is stopped. */
function lose(member: Member, why: string): void {
  if (!member.joined) return
  const { group, logger, held, onLost } = member.options
  Object.assign(member, { joined: false, memberId: '', generation: -1 })
  const partitions = held().length
  if (partitions > 0) logger.warn({ group, partitions, why }, 'lost the partitions; joining the group again')
  member.losing = onLost()
}

/** Draws the consequences of a failed join or beat. */
async function recover(member: Member, error: Error & { type?: string }): Promise<void> {
  const { cluster, group, logger, onFatal } = member.options
  const { type, message } = error
  if (type === 'REBALANCE_IN_PROGRESS') return
  if (type !== undefined && FATAL.has(type)) {
    const fatal = new LogError('lease_lost', `the group ${group} refuses this member: ${message}`, { cause: error })
    member.leaving.abort()
    member.first.reject(fatal)
    onFatal(fatal)
    return
  }
  if (type !== undefined && LOST.has(type)) {
    member.memberId = ''
    lose(member, message)
  } else {
    logger.debug({ group, why: message }, 'the group cannot be reached; trying again')
    cluster.forgetCoordinator(group)
    if (isOverdue(member)) lose(member, message)
  }
  await pause(member, LIMITS.kafka_retry_ms_max)
}

/** Waits, unless something happens that should not. */
async function pause(member: Member, ms: number): Promise<void> {
  if (member.leaving.signal.aborted) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    member.wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

async function run(member: Member): Promise<void> {
  const { signal } = member.leaving
  let mustJoin = true
  while (!signal.aborted) {
    try {
      await member.losing
      if (mustJoin || member.rejoinWanted || !member.joined) {
        mustJoin = true
        member.joining = join(member)
        await member.joining
        mustJoin = false
      } else {
        await pause(member, member.options.heartbeatMs)
        if (!signal.aborted && !member.rejoinWanted && member.joined) await beat(member)
      }
    } catch (error) {
      await recover(member, error as Error)
    } finally {
      member.joining = undefined
    }
  }
}

async function start(member: Member): Promise<void> {
  const { group } = member.options
  member.running = run(member)
  const patience = new AbortController()
  const late = wait(FIRST_JOIN_MS_MAX, undefined, { signal: patience.signal }).then(() => {
    throw unavailable(`the group ${group} could not be joined for ${FIRST_JOIN_MS_MAX} ms`)
  })
  try {
    await Promise.race([member.first.promise, late])
  } finally {
    patience.abort()
    late.catch(() => undefined)
    member.first.promise.catch(() => undefined)
  }
}

async function confirm(member: Member): Promise<void> {
  if (performance.now() - member.heardAt < 2 * member.options.heartbeatMs) return
  try {
    // While a join is under way no beat can pass; its answer says the same.
    await (member.joining ?? beat(member))
  } catch (error) {
    const { type, message } = error as Partial<KafkaError> & Error
    if ((type !== undefined && LOST.has(type)) || isOverdue(member)) lose(member, message)
  }
}

async function leave(member: Member): Promise<void> {
  const { memberId } = member
  const { cluster, shared, group } = member.options
  member.leaving.abort()
  member.wake?.()
  if (memberId !== '') {
    // Over the log's own connection: behind a join it would wait as long as the join does.
    const gone = shared
      .coordinator(group)
      .then((coordinator) => coordinator.call('LeaveGroup', { groupId: group, memberId }))
    await Promise.race([gone.catch(() => undefined), wait(LEAVE_MS_MAX, undefined, { ref: false })])
  }
  member.joined = false
  cluster.close()
  await member.running
}

/** Makes a membership; it joins when it is started. */
export function createMembership(options: MembershipOptions): Membership {
  const member = newMember(options)
  return {
    start: () => start(member),
    identity: () => (member.joined ? { memberId: member.memberId, generation: member.generation } : undefined),
    confirm: () => confirm(member),
    rejoin() {
      member.rejoinWanted = true
      member.wake?.()
    },
    leave: () => leave(member),
  }
}
