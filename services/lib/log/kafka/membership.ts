/**
 * One membership in one consumer group: joins, learns what it is given, tells the group that it lives, joins again when
 * the group changes, leaves. It knows nothing of records; what it is given and when all is lost it tells by callback. A
 * lease is never believed longer than the group would: after `kafka_session_ms` without an answer everything is lost.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Logger } from '../../logger.ts'
import { LogError } from '../port.ts'
import {
  assign,
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  type Held,
  PROTOCOL,
} from './assignment.ts'
import { type Cluster, unavailable } from './cluster.ts'
import { errorOf, type KafkaError } from './wire.ts'

export interface MembershipOptions {
  /** Of its own: a join holds its connection for as long as the group takes. */
  readonly cluster: Cluster
  /** That of the log, for what must not wait behind a join. */
  readonly shared: Cluster
  readonly group: string
  readonly topics: readonly string[]
  readonly logger: Logger
  readonly heartbeatMs: number
  readonly sessionMs: number
  /** What is held at the moment, including what is just being stopped. */
  held(): readonly Held[]
  /** What this member is to hold from now on; the rest it has to stop, and then to call `rejoin`. */
  onAssigned(given: readonly Held[]): void
  /** The group has given everything to others, or may have. Resolves when all is stopped. */
  onLost(): Promise<void>
  /** No membership is possible. */
  onFatal(error: LogError): void
}

export interface Identity {
  readonly memberId: string
  readonly generation: number
}

export interface Membership {
  /** Resolves with the first assignment; throws log_unavailable where that takes too long. */
  start(): Promise<void>
  /** Undefined while it is no member. */
  identity(): Identity | undefined
  /** Makes sure that the group still takes it for a member. Where it does not, `onLost` has been called. */
  confirm(): Promise<void>
  /** Something was stopped that others wait for. */
  rejoin(): void
  leave(): Promise<void>
}

interface Joined {
  readonly errorCode: number
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { memberId: string; memberMetadata: Buffer }[]
}

const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'])
const FATAL = new Set([
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_AUTHORIZATION_FAILED',
  'INVALID_GROUP_ID',
  'GROUP_MAX_SIZE_REACHED',
])
const FIRST_JOIN_MS_MAX = 3 * LIMITS.kafka_patience_ms_max
const LEAVE_MS_MAX = 1_000

export function createMembership(options: MembershipOptions): Membership {
  const { cluster, shared, group, topics, logger, heartbeatMs, sessionMs } = options
  const leaving = new AbortController()
  let memberId = ''
  let generation = -1
  /** When the group last answered that this is a member, by performance.now. */
  let heardAt = Number.NEGATIVE_INFINITY
  let joined = false
  let rejoinWanted = false
  let wake: (() => void) | undefined
  let beating: Promise<void> | undefined
  let joining: Promise<void> | undefined
  let running: Promise<void> | undefined
  let losing: Promise<void> | undefined
  const first = Promise.withResolvers<void>()

  const fail = (code: number): void => {
    const error = errorOf(code)
    if (error !== undefined) throw error
  }

  async function sendJoin(): Promise<Joined> {
    const coordinator = await cluster.coordinator(group)
    const ask = (): Promise<Joined> =>
      coordinator.call<Joined>('JoinGroup', {
        groupId: group,
        memberId,
        sessionTimeout: sessionMs,
        rebalanceTimeout: LIMITS.kafka_rebalance_ms_max,
        protocolType: 'consumer',
        groupProtocols: [{ name: PROTOCOL, metadata: encodeMember({ topics, held: options.held(), generation }) }],
      })
    let answer = await ask()
    if (errorOf(answer.errorCode)?.type === 'MEMBER_ID_REQUIRED') {
      memberId = answer.memberId
      answer = await ask()
    }
    fail(answer.errorCode)
    return answer
  }

  async function share(members: Joined['members']): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const decoded = members.map(({ memberId: id, memberMetadata }) => decodeMember(id, memberMetadata))
    cluster.watch(decoded.flatMap((member) => member.topics))
    await cluster.refresh()
    const given = assign(decoded, (topic) => cluster.topic(topic)?.length ?? 0)
    return [...given].map(([id, held]) => ({ memberId: id, memberAssignment: encodeAssignment(held) }))
  }

  async function join(): Promise<void> {
    rejoinWanted = false
    const answer = await sendJoin()
    memberId = answer.memberId
    const groupAssignment = answer.leaderId === memberId ? await share(answer.members) : []
    const coordinator = await cluster.coordinator(group)
    const askedAt = performance.now()
    const synced = await coordinator.call<{ errorCode: number; memberAssignment: Buffer }>('SyncGroup', {
      groupId: group,
      generationId: answer.generationId,
      memberId,
      groupAssignment,
    })
    fail(synced.errorCode)
    generation = answer.generationId
    heardAt = askedAt
    joined = true
    const given = decodeAssignment(synced.memberAssignment)
    logger.debug({ group, generation, partitions: given.length }, 'joined the group')
    if (!leaving.signal.aborted) options.onAssigned(given)
    first.resolve()
  }

  async function beatOnce(): Promise<void> {
    const coordinator = await cluster.coordinator(group)
    const askedAt = performance.now()
    const { errorCode } = await coordinator.call<{ errorCode: number }>('Heartbeat', {
      groupId: group,
      groupGenerationId: generation,
      memberId,
    })
    const error = errorOf(errorCode)
    if (error?.type === 'REBALANCE_IN_PROGRESS') rejoinWanted = true
    else if (error !== undefined) throw error
    heardAt = askedAt
  }

  const beat = (): Promise<void> =>
    (beating ??= beatOnce().finally(() => {
      beating = undefined
    }))

  /** From here on nothing is held; the next join waits until all of it is stopped. */
  function lose(why: string): void {
    if (!joined) return
    joined = false
    memberId = ''
    generation = -1
    const partitions = options.held().length
    if (partitions > 0) logger.warn({ group, partitions, why }, 'lost the partitions; joining the group again')
    losing = options.onLost()
  }

  /** Draws the consequences of a failed join or beat. */
  async function recover(error: Error & { type?: string }): Promise<void> {
    const { type, message } = error
    if (type === 'REBALANCE_IN_PROGRESS') return
    if (type !== undefined && FATAL.has(type)) {
      const fatal = new LogError('lease_lost', `the group ${group} refuses this member: ${message}`, { cause: error })
      leaving.abort()
      first.reject(fatal)
      options.onFatal(fatal)
      return
    }
    if (type !== undefined && LOST.has(type)) {
      memberId = ''
      lose(message)
    } else {
      logger.debug({ group, why: message }, 'the group cannot be reached; trying again')
      cluster.forgetCoordinator(group)
      if (performance.now() - heardAt > sessionMs) lose(message)
    }
    await pause(LIMITS.kafka_retry_ms_max)
  }

  /** Waits, unless something happens that should not. */
  async function pause(ms: number): Promise<void> {
    if (leaving.signal.aborted) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function run(): Promise<void> {
    let mustJoin = true
    while (!leaving.signal.aborted) {
      try {
        await losing
        if (mustJoin || rejoinWanted || !joined) {
          mustJoin = true
          joining = join()
          await joining
          mustJoin = false
        } else {
          await pause(heartbeatMs)
          if (!leaving.signal.aborted && !rejoinWanted && joined) await beat()
        }
      } catch (error) {
        await recover(error as Error)
      } finally {
        joining = undefined
      }
    }
  }

  return {
    async start() {
      running = run()
      const patience = new AbortController()
      const late = wait(FIRST_JOIN_MS_MAX, undefined, { signal: patience.signal }).then(() => {
        throw unavailable(`the group ${group} could not be joined for ${FIRST_JOIN_MS_MAX} ms`)
      })
      try {
        await Promise.race([first.promise, late])
      } finally {
        patience.abort()
        late.catch(() => undefined)
        first.promise.catch(() => undefined)
      }
    },
    identity: () => (joined ? { memberId, generation } : undefined),
    async confirm() {
      if (performance.now() - heardAt < 2 * heartbeatMs) return
      try {
        // While a join is under way no beat can pass; its answer says the same.
        await (joining ?? beat())
      } catch (error) {
        const { type, message } = error as Partial<KafkaError> & Error
        if ((type !== undefined && LOST.has(type)) || performance.now() - heardAt > sessionMs) lose(message)
      }
    },
    rejoin() {
      rejoinWanted = true
      wake?.()
    },
    async leave() {
      leaving.abort()
      wake?.()
      if (memberId !== '') {
        // Over the log's own connection: behind a join it would wait as long as the join does.
        const gone = shared
          .coordinator(group)
          .then((coordinator) => coordinator.call('LeaveGroup', { groupId: group, memberId }))
        await Promise.race([gone.catch(() => undefined), wait(LEAVE_MS_MAX, undefined, { ref: false })])
      }
      joined = false
      cluster.close()
      await running
    },
  }
}
