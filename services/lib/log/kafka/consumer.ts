/**
 * A consumer: a membership in a group, a fetcher, and a runner for each assigned partition. A partition that moves to
 * another member is stopped first and then given back; the others are not disturbed. If a handler throws, all handlers
 * learn that their lease is lost, the member leaves the group, and the caller receives the reason once.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Logger } from '../../logger.ts'
import { type Consumer, type ConsumeOptions, LogError } from '../port.ts'
import { type Runner, startRunner } from '../runner.ts'
import type { Held } from './assignment.ts'
import { type Cluster, persist, unavailable } from './cluster.ts'
import { createCommit } from './commits.ts'
import { createFetcher, type Fetcher } from './fetcher.ts'
import { createMembership, type Identity, type Membership } from './membership/index.ts'
import type { Offsets } from './offsets.ts'
import type { TopicTable } from './topics.ts'

export interface ConsumerDeps {
  /** The log's own: commits, offsets. */
  readonly cluster: Cluster
  /** Creates a separate client, for what blocks its connection. */
  createCluster(): Cluster
  readonly topics: TopicTable
  readonly offsets: Offsets
  readonly logger: Logger
  readonly heartbeatMs: number
  readonly sessionMs: number
}

const nameOf = ({ topic, partition }: Held): string => `${topic}/${partition}`
const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

/** A consumer as it runs. */
interface Consuming {
  readonly deps: ConsumerDeps
  readonly options: ConsumeOptions
  readonly fetcher: Fetcher
  readonly membership: Membership
  readonly runners: Map<string, Runner>
  /** What the group has given it, by name. */
  given: Map<string, Held>
  failure: unknown
  leaving: Promise<void> | undefined
}

function begin(consuming: Consuming, name: string): void {
  const { deps, options, fetcher, membership, runners, given, leaving } = consuming
  if (runners.has(name) || leaving !== undefined) return
  const { topic, partition } = given.get(name)!
  const { offsets, topics } = deps
  const runner = startRunner({
    ...options,
    topic,
    partition,
    open: (onChange) =>
      fetcher.open(topic, partition, { compacted: topics.get(topic).cleanup === 'compact', onChange }),
    bounds: () => offsets.bounds(topic, partition),
    check: async (offset) => void (await offsets.check(topic, partition, offset)),
    committed: () => offsets.committed(options.group, topic, partition),
    confirm: membership.confirm,
  })
  runners.set(name, runner)
  void follow(consuming, name, runner)
}

async function follow(consuming: Consuming, name: string, runner: Runner): Promise<void> {
  const reason = await runner.done
  consuming.runners.delete(name)
  // A handler that only says that its lease is lost has done what it should.
  const isLeaseLost = reason instanceof LogError && reason.code === 'lease_lost'
  if (reason !== undefined && !isLeaseLost) void fail(consuming, reason)
  if (consuming.leaving !== undefined) return
  if (consuming.given.has(name)) begin(consuming, name)
  else consuming.membership.rejoin()
}

async function fail(consuming: Consuming, reason: unknown): Promise<void> {
  if (consuming.failure !== undefined) return
  consuming.failure = reason
  const byItself = consuming.leaving === undefined
  const { group, topics, onStopped } = consuming.options
  consuming.deps.logger.error({ err: reason, group, topics }, 'a consumer stopped: one of its handlers failed')
  for (const runner of consuming.runners.values()) runner.revoke()
  await leave(consuming)
  if (byItself) onStopped(asError(reason))
}

async function leaveNow({ runners, membership, fetcher }: Consuming): Promise<void> {
  const held = [...runners.values()]
  for (const runner of held) runner.stop()
  await Promise.all(held.map(({ done }) => done))
  await membership.leave()
  fetcher.close()
}

const leave = (consuming: Consuming): Promise<void> => (consuming.leaving ??= leaveNow(consuming))

/** Applies a new assignment: lost partitions end after their batch, new ones begin. */
function takeUp(consuming: Consuming, held: readonly Held[]): void {
  consuming.given = new Map(held.map((one) => [nameOf(one), one]))
  for (const [name, runner] of consuming.runners) if (!consuming.given.has(name)) runner.stop()
  for (const name of consuming.given.keys()) begin(consuming, name)
}

async function giveUp(consuming: Consuming): Promise<void> {
  consuming.given.clear()
  const held = [...consuming.runners.values()]
  for (const runner of held) runner.revoke()
  await Promise.all(held.map(({ done }) => done))
}

function identityIn({ membership, options, leaving }: Consuming): Identity {
  const member = membership.identity()
  if (member !== undefined) return member
  if (leaving !== undefined) throw new LogError('lease_lost', `this consumer has left the group ${options.group}`)
  throw unavailable(`this consumer is not in the group ${options.group} at the moment`)
}

function prepare(deps: ConsumerDeps, options: ConsumeOptions, fetchCluster: Cluster): Consuming {
  const { cluster, offsets, logger, heartbeatMs, sessionMs } = deps
  const { group, topics } = options
  const consuming: Consuming = {
    deps,
    options,
    fetcher: createFetcher({ cluster: fetchCluster, offsets, logger }),
    membership: createMembership({
      group,
      topics,
      logger,
      shared: cluster,
      cluster: deps.createCluster(),
      heartbeatMs,
      sessionMs,
      held: () => [...consuming.runners.values()],
      onAssigned: (held) => takeUp(consuming, held),
      onLost: () => giveUp(consuming),
      onFatal: (error) => void fail(consuming, error),
    }),
    runners: new Map(),
    given: new Map(),
    failure: undefined,
    leaving: undefined,
  }
  return consuming
}

const faceOf = (consuming: Consuming): Consumer => {
  const { deps, options, runners } = consuming
  const { cluster, topics } = deps
  const commit = createCommit(cluster, options.group, () => identityIn(consuming))
  const runnerOf = (topic: string, partition: number): Runner | undefined => runners.get(nameOf({ topic, partition }))
  return {
    owned: () => [...runners.values()].map(({ topic, partition }) => ({ topic, partition })),
    async commit(topic, partition, offset) {
      topics.check(topic, partition)
      const what = `what ${options.group} has done cannot be committed`
      await persist(cluster, what, () => commit(topic, partition, offset))
    },
    seek: (topic, partition, offset) => runnerOf(topic, partition)?.seek(offset),
    pause: (topic, partition) => runnerOf(topic, partition)?.pause(),
    resume: (topic, partition) => runnerOf(topic, partition)?.resume(),
    async close() {
      const isClosing = consuming.leaving === undefined
      await leave(consuming)
      if (isClosing && consuming.failure !== undefined) throw asError(consuming.failure)
    },
  }
}

/** Joins the group. Throws what keeps it from joining. */
export async function createConsumer(deps: ConsumerDeps, options: ConsumeOptions): Promise<Consumer> {
  const fetchCluster = deps.createCluster()
  fetchCluster.watch(options.topics)
  const consuming = prepare(deps, options, fetchCluster)
  try {
    await fetchCluster.refresh().catch(() => undefined)
    await consuming.membership.start()
  } catch (error) {
    consuming.failure ??= error
    await leave(consuming)
    throw error
  }
  return faceOf(consuming)
}

export const CONSUMER_DEFAULTS = { heartbeatMs: LIMITS.kafka_heartbeat_ms, sessionMs: LIMITS.kafka_session_ms }
