/** Logs on a running Kafka for tests, with topics of their own, and what the tests of several files ask of them. */
import type { RunningKafka } from '../../infra/local/kafka.ts'
import type { TopicSpec } from '../../schemas/topics.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { createLogger } from '../../services/lib/logger.ts'
import { createKafkaLog, type KafkaLogOptions } from '../../services/lib/log/kafka/index.ts'
import type { Log } from '../../services/lib/log/port.ts'

const HEARTBEAT_MS = 100
const DAY_MS = 86_400_000

/** Opens a log on these brokers; heartbeats come often, so that a test of groups takes no seconds. */
export const openKafkaLog = ({ bootstrap }: RunningKafka, options: Partial<KafkaLogOptions> = {}): Promise<Log> =>
  createKafkaLog({
    brokers: bootstrap,
    clientId: 'test',
    clock: systemClock,
    logger: createLogger('silent'),
    heartbeatMs: HEARTBEAT_MS,
    ...options,
  })

let names = 0
/** A topic that no other test has. */
export const kafkaTopic = (wanted: Partial<TopicSpec> = {}): TopicSpec => ({
  name: `kafka-topic-${process.pid}-${++names}`,
  partitions: 1,
  key: 'any',
  holds: 'tests',
  cleanup: 'delete',
  retentionMs: DAY_MS,
  ...wanted,
})

/** Asks until the answer is what is waited for; the test's own limit ends a wait that never comes true. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}
