/**
 * The log port on Apache Kafka: topics, partitions, offsets and groups are Kafka's own. It speaks Kafka's protocol through
 * the lower half of kafkajs; see docs/decisions/kafka-log.md for what is built on top of it here, and why.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type Consumer, type Log, type LogRecord, LogError } from '../port.ts'
import { createAppendQueue } from './append-queue.ts'
import { type ClusterOptions, createCluster, unavailable } from './cluster.ts'
import { CONSUMER_DEFAULTS, createConsumer } from './consumer.ts'
import { createOffsets } from './offsets.ts'
import { readAll } from './read.ts'
import { findObstacle } from './obstacle.ts'
import { createTopicTable, ensureTopics, type TopicSettings } from './topics.ts'

export type { KafkaSasl } from './wire.ts'

export interface KafkaLogOptions extends ClusterOptions, TopicSettings {
  readonly logger: Logger
  readonly clock: Clock
  /** Bytes of one topic that may wait for the brokers; beyond it an append is refused with log_unavailable. */
  readonly pendingBytesMax?: number
  /** How often a consumer tells its group that it lives, and after which silence it is given up, in ms. */
  readonly heartbeatMs?: number
  readonly sessionMs?: number
}

/** Reaches the cluster. Throws LogError log_unavailable where no broker answers. */
export async function createKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { clock, logger, pendingBytesMax = LIMITS.log_pending_bytes_max, minInSync } = options
  const cluster = createCluster(options)
  const topics = createTopicTable()
  const offsets = createOffsets(cluster)
  const end = async (topic: string, partition: number): Promise<number> => (await offsets.bounds(topic, partition)).end
  const queue = createAppendQueue({ cluster, topics, clock, pendingBytesMax, end })
  const consumers = new Set<Consumer>()
  const { heartbeatMs = CONSUMER_DEFAULTS.heartbeatMs, sessionMs = CONSUMER_DEFAULTS.sessionMs } = options
  let closing: Promise<void> | undefined

  const refuseWhenClosed = (): void => {
    if (closing !== undefined) throw unavailable('the log is closed')
  }

  async function* read(topic: string, partition: number, from?: number): AsyncGenerator<LogRecord> {
    refuseWhenClosed()
    const compacted = topics.check(topic, partition).cleanup === 'compact'
    yield* readAll({ cluster, offsets, compacted }, topic, partition, from)
  }

  async function shutDown(): Promise<void> {
    try {
      const ends = await Promise.allSettled([...consumers].map((consumer) => consumer.close()))
      const failed = ends.find((ended) => ended.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    } finally {
      await queue.close()
      cluster.close()
    }
  }

  async function health(): Promise<{ ok: true } | { ok: false; reason: string }> {
    if (closing !== undefined) return { ok: false, reason: 'the log is closed' }
    try {
      await cluster.refresh()
    } catch (error) {
      return { ok: false, reason: (error as Error).message }
    }
    const reason = (await findObstacle(cluster, topics.names(), minInSync)) ?? queue.failure()
    return reason === undefined ? { ok: true } : { ok: false, reason }
  }

  try {
    await cluster.refresh()
  } catch (error) {
    cluster.close()
    throw error instanceof LogError ? error : unavailable('the cluster cannot be reached', error)
  }
  return {
    async ensureTopics(specs) {
      refuseWhenClosed()
      await ensureTopics(cluster, specs, options)
      for (const spec of specs) topics.add(spec)
    },
    partitions: (topic) => topics.get(topic).partitions,
    append: queue.append,
    read,
    async bounds(topic, partition) {
      topics.check(topic, partition)
      return offsets.bounds(topic, partition)
    },
    async committed(group, topic, partition) {
      topics.check(topic, partition)
      return offsets.committed(group, topic, partition)
    },
    async consume(consume) {
      refuseWhenClosed()
      const own = {
        cluster,
        topics,
        offsets,
        logger,
        heartbeatMs,
        sessionMs,
        createCluster: () => createCluster(options),
      }
      const consumer = await createConsumer(own, consume)
      consumers.add(consumer)
      return {
        ...consumer,
        close: () => consumer.close().finally(() => consumers.delete(consumer)),
      }
    },
    health,
    async maintain() {
      // Brokers apply retention and compaction in their own time; nothing of it can be asked for.
    },
    close: () => (closing ??= shutDown()),
  }
}
