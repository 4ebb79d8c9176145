/**
 * The log port on Apache Kafka: topics, partitions, offsets and groups are Kafka's own. It speaks Kafka's protocol
 * through the lower half of kafkajs. docs/decisions/kafka-log.md says what is built on top of it, and why.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type Consumer, type ConsumeOptions, type Log, type LogRecord, LogError } from '../port.ts'
import { type AppendQueue, createAppendQueue } from './append-queue.ts'
import { type Cluster, type ClusterOptions, createCluster, unavailable } from './cluster.ts'
import { CONSUMER_DEFAULTS, createConsumer } from './consumer.ts'
import { createOffsets, type Offsets } from './offsets.ts'
import { readAll } from './read.ts'
import { findObstacle } from './obstacle.ts'
import { createTopicTable, ensureTopics, type TopicSettings } from './topics.ts'

export type { KafkaSasl } from './wire.ts'

export interface KafkaLogOptions extends ClusterOptions, TopicSettings {
  readonly logger: Logger
  readonly clock: Clock
  /** Bytes of one topic that may wait for the brokers; beyond it an append is refused with log_unavailable. */
  readonly pendingBytesMax?: number
  /** How often a consumer sends a heartbeat, and after how much silence the group drops it, in ms. */
  readonly heartbeatMs?: number
  readonly sessionMs?: number
}

/** The log as it runs. */
interface Running {
  readonly options: KafkaLogOptions
  readonly cluster: Cluster
  readonly topics: ReturnType<typeof createTopicTable>
  readonly offsets: Offsets
  readonly queue: AppendQueue
  readonly consumers: Set<Consumer>
  closing: Promise<void> | undefined
}

const refuseWhenClosed = ({ closing }: Running): void => {
  if (closing !== undefined) throw unavailable('the log is closed')
}

async function* read(running: Running, topic: string, partition: number, from?: number): AsyncGenerator<LogRecord> {
  refuseWhenClosed(running)
  const { cluster, offsets, topics } = running
  const compacted = topics.check(topic, partition).cleanup === 'compact'
  yield* readAll({ cluster, offsets, compacted }, topic, partition, from)
}

async function consume(running: Running, consumed: ConsumeOptions): Promise<Consumer> {
  refuseWhenClosed(running)
  const { options, cluster, topics, offsets, consumers } = running
  const { logger, heartbeatMs = CONSUMER_DEFAULTS.heartbeatMs, sessionMs = CONSUMER_DEFAULTS.sessionMs } = options
  const own = { cluster, topics, offsets, logger, heartbeatMs, sessionMs, createCluster: () => createCluster(options) }
  const consumer = await createConsumer(own, consumed)
  consumers.add(consumer)
  return {
    ...consumer,
    close: () => consumer.close().finally(() => consumers.delete(consumer)),
  }
}

async function shutDown({ consumers, queue, cluster }: Running): Promise<void> {
  try {
    const ends = await Promise.allSettled([...consumers].map((consumer) => consumer.close()))
    const failed = ends.find((ended) => ended.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  } finally {
    await queue.close()
    cluster.close()
  }
}

async function health(running: Running): Promise<{ ok: true } | { ok: false; reason: string }> {
  const { closing, cluster, topics, queue, options } = running
  if (closing !== undefined) return { ok: false, reason: 'the log is closed' }
  try {
    await cluster.refresh()
  } catch (error) {
    return { ok: false, reason: (error as Error).message }
  }
  const reason = (await findObstacle(cluster, topics.names(), options.minInSync)) ?? queue.failure()
  return reason === undefined ? { ok: true } : { ok: false, reason }
}

async function connect(options: KafkaLogOptions): Promise<Running> {
  const { clock, pendingBytesMax = LIMITS.log_pending_bytes_max } = options
  const cluster = createCluster(options)
  const topics = createTopicTable()
  const offsets = createOffsets(cluster)
  const end = async (topic: string, partition: number): Promise<number> => (await offsets.bounds(topic, partition)).end
  const queue = createAppendQueue({ cluster, topics, clock, pendingBytesMax, end })
  try {
    await cluster.refresh()
  } catch (error) {
    cluster.close()
    throw error instanceof LogError ? error : unavailable('the cluster cannot be reached', error)
  }
  return { options, cluster, topics, offsets, queue, consumers: new Set(), closing: undefined }
}

/** Connects to the cluster. Throws LogError log_unavailable if no broker answers. */
export async function createKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const running = await connect(options)
  const { cluster, topics, offsets, queue } = running
  return {
    async ensureTopics(specs) {
      refuseWhenClosed(running)
      await ensureTopics(cluster, specs, options)
      for (const spec of specs) topics.add(spec)
    },
    partitions: (topic) => topics.get(topic).partitions,
    append: queue.append,
    read: (topic, partition, from) => read(running, topic, partition, from),
    async bounds(topic, partition) {
      topics.check(topic, partition)
      return offsets.bounds(topic, partition)
    },
    async committed(group, topic, partition) {
      topics.check(topic, partition)
      return offsets.committed(group, topic, partition)
    },
    consume: (consumed) => consume(running, consumed),
    health: () => health(running),
    async maintain() {
      // Brokers apply retention and compaction in their own time; nothing of it can be asked for.
    },
    close: () => (running.closing ??= shutDown(running)),
  }
}
