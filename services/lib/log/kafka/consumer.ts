/**
 * A consumer: a membership in a group, a fetcher, and a runner for each partition that the group has given it. A partition
 * that goes to another member is first stopped and then given back; the others are not disturbed. When a handler throws,
 * all are told that their lease is lost, the group is left, and the caller hears the reason once.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Logger } from '../../logger.ts'
import { type Consumer, type ConsumeOptions, LogError } from '../port.ts'
import type { Held } from './assignment.ts'
import { type Cluster, persist, unavailable } from './cluster.ts'
import { createCommit } from './commits.ts'
import { createFetcher } from './fetcher.ts'
import { createMembership, type Identity } from './membership/index.ts'
import type { Offsets } from './offsets.ts'
import { type Runner, startRunner } from './runner.ts'
import type { TopicTable } from './topics.ts'

export interface ConsumerDeps {
  /** The log's own: commits, offsets. */
  readonly cluster: Cluster
  /** Makes a client of its own, for what holds its connections. */
  createCluster(): Cluster
  readonly topics: TopicTable
  readonly offsets: Offsets
  readonly logger: Logger
  readonly heartbeatMs: number
  readonly sessionMs: number
}

const BATCH_RECORDS_MAX = 500
const BATCH_BYTES_MAX = 1024 * 1024

const nameOf = ({ topic, partition }: Held): string => `${topic}/${partition}`
const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

export async function createConsumer(deps: ConsumerDeps, options: ConsumeOptions): Promise<Consumer> {
  const { cluster, topics, offsets, logger } = deps
  const { group } = options
  const runners = new Map<string, Runner>()
  let given = new Map<string, Held>()
  let failure: unknown
  let leaving: Promise<void> | undefined
  const fetchCluster = deps.createCluster()
  fetchCluster.watch(options.topics)
  const fetcher = createFetcher({ cluster: fetchCluster, offsets, logger })

  const membership = createMembership({
    group,
    topics: options.topics,
    logger,
    shared: cluster,
    cluster: deps.createCluster(),
    heartbeatMs: deps.heartbeatMs,
    sessionMs: deps.sessionMs,
    held: () => [...runners.values()],
    onAssigned(held) {
      given = new Map(held.map((one) => [nameOf(one), one]))
      for (const [name, runner] of runners) if (!given.has(name)) runner.stop()
      for (const name of given.keys()) begin(name)
    },
    async onLost() {
      given.clear()
      const held = [...runners.values()]
      for (const runner of held) runner.revoke()
      await Promise.all(held.map(({ done }) => done))
    },
    onFatal: (error) => void fail(error),
  })

  function begin(name: string): void {
    if (runners.has(name) || leaving !== undefined) return
    const { topic, partition } = given.get(name)!
    const runner = startRunner({
      topic,
      partition,
      fetcher,
      offsets,
      handler: options.handler,
      confirm: membership.confirm,
      compacted: topics.get(topic).cleanup === 'compact',
      batchRecordsMax: options.batchRecordsMax ?? BATCH_RECORDS_MAX,
      batchBytesMax: options.batchBytesMax ?? BATCH_BYTES_MAX,
      committed: () => offsets.committed(group, topic, partition),
    })
    runners.set(name, runner)
    void follow(name, runner)
  }

  async function follow(name: string, runner: Runner): Promise<void> {
    const reason = await runner.done
    runners.delete(name)
    // A handler that only says that its lease is lost has done what it should.
    const isLeaseLost = reason instanceof LogError && reason.code === 'lease_lost'
    if (reason !== undefined && !isLeaseLost) void fail(reason)
    if (leaving !== undefined) return
    if (given.has(name)) begin(name)
    else membership.rejoin()
  }

  async function fail(reason: unknown): Promise<void> {
    if (failure !== undefined) return
    failure = reason
    const byItself = leaving === undefined
    logger.error({ err: reason, group, topics: options.topics }, 'a consumer stopped: one of its handlers failed')
    for (const runner of runners.values()) runner.revoke()
    await leave()
    if (byItself) options.onStopped(asError(reason))
  }

  async function leaveNow(): Promise<void> {
    const held = [...runners.values()]
    for (const runner of held) runner.stop()
    await Promise.all(held.map(({ done }) => done))
    await membership.leave()
    fetcher.close()
  }
  const leave = (): Promise<void> => (leaving ??= leaveNow())

  try {
    await fetchCluster.refresh().catch(() => undefined)
    await membership.start()
  } catch (error) {
    failure ??= error
    await leave()
    throw error
  }

  function identity(): Identity {
    const member = membership.identity()
    if (member !== undefined) return member
    if (leaving !== undefined) throw new LogError('lease_lost', `this consumer has left the group ${group}`)
    throw unavailable(`this consumer is not in the group ${group} at the moment`)
  }
  const commit = createCommit(cluster, group, identity)
  const runnerOf = (topic: string, partition: number): Runner | undefined => runners.get(`${topic}/${partition}`)
  return {
    owned: () => [...runners.values()].map(({ topic, partition }) => ({ topic, partition })),
    async commit(topic, partition, offset) {
      topics.check(topic, partition)
      await persist(cluster, `what ${group} has done cannot be committed`, () => commit(topic, partition, offset))
    },
    seek: (topic, partition, offset) => runnerOf(topic, partition)?.seek(offset),
    pause: (topic, partition) => runnerOf(topic, partition)?.pause(),
    resume: (topic, partition) => runnerOf(topic, partition)?.resume(),
    async close() {
      const isClosing = leaving === undefined
      await leave()
      if (isClosing && failure !== undefined) throw asError(failure)
    },
  }
}

export const CONSUMER_DEFAULTS = { heartbeatMs: LIMITS.kafka_heartbeat_ms, sessionMs: LIMITS.kafka_session_ms }
