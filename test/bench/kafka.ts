/**
 * Measures the log on Kafka, on one broker that is started for it: appends per second and their latency for small records
 * and for frames, reads, the time from an append to its delivery, and what adapter and consumer cost while nothing
 * happens. The broker shares the machine. Prints one line each. `npm run bench:kafka`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { toolOptions } from '../../scripts/tool-options.ts'
import { startKafka } from '../../infra/local/kafka.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { createKafkaLog } from '../../services/lib/log/kafka/index.ts'
import type { Consumer, Log } from '../../services/lib/log/port.ts'
import { createLogger } from '../../services/lib/logger.ts'

toolOptions(import.meta.url, {})

const FRAME_BYTES = 28_000
const SMALL_BYTES = 480
const IDLE_MS = 10_000

const bytes = Buffer.from(Array.from({ length: FRAME_BYTES }, (_, i) => (i * 7919) % 251))
const say = (what: string, said: string): void => console.log(`${what.padEnd(44)} ${said}`)

function quantiles(latencies: number[]): string {
  latencies.sort((a, b) => a - b)
  const at = (share: number): string => latencies[Math.floor((latencies.length - 1) * share)]!.toFixed(2)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`
}

/** CPU of this process since `before`, per `count` things, in microseconds. */
function cpuOf(before: NodeJS.CpuUsage, count: number): string {
  const { user, system } = process.cpuUsage(before)
  return `${((user + system) / count).toFixed(1)} us of CPU each`
}

interface Load {
  readonly topic: string
  readonly size: number
  readonly count: number
  /** Appends under way at once. */
  readonly width: number
}

async function measureAppends(log: Log, what: string, { topic, size, count, width }: Load): Promise<void> {
  const latencies: number[] = []
  const value = bytes.subarray(0, size)
  const loop = monitorEventLoopDelay({ resolution: 2 })
  let next = 0
  const append = async (): Promise<void> => {
    while (next < count) {
      const partition = next++ % log.partitions(topic)
      const begun = performance.now()
      await log.append(topic, partition, [{ key: null, value }])
      latencies.push(performance.now() - begun)
    }
  }
  loop.enable()
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await Promise.all(Array.from({ length: width }, append))
  const seconds = (performance.now() - begun) / 1_000
  loop.disable()
  const rate = `${Math.round(count / seconds)}/s, ${((count * size) / seconds / 1e6).toFixed(1)} MB/s`
  const delay = `event loop p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms`
  say(what, `${rate}, ${quantiles(latencies)}, ${cpuOf(cpu, count)}, ${delay}`)
}

/** Consumes a topic from its start; resolves when `count` records have come. */
async function measureReads(log: Log, topic: string, count: number): Promise<void> {
  let seen = 0
  let begun = performance.now()
  let consumer: Consumer | undefined
  const cpu = process.cpuUsage()
  await new Promise<void>((resolve, reject) => {
    const handler = () => ({
      async start() {
        begun = performance.now()
        return 'earliest' as const
      },
      async process({ records }: { records: readonly unknown[] }) {
        seen += records.length
        if (seen >= count) resolve()
      },
      stop: async () => {},
    })
    log.consume({ group: `reads ${topic}`, topics: [topic], handler, onStopped: reject }).then((made) => {
      consumer = made
    }, reject)
  })
  const seconds = (performance.now() - begun) / 1_000
  say(`consume ${topic}`, `${Math.round(seen / seconds)}/s, ${cpuOf(cpu, seen)}`)
  await consumer?.close()
}

async function measureDelivery(log: Log): Promise<Consumer> {
  const latencies: number[] = []
  let delivered = (): void => {}
  const handler = () => ({
    start: async () => 'latest' as const,
    process: async () => delivered(),
    stop: async () => {},
  })
  const topics = ['commands', 'events', 'signals']
  const consumer = await log.consume({ group: 'delivery', topics, handler, onStopped: console.error })
  // Until every partition has been given out and asked for its end.
  while (consumer.owned().length < 8 + 128) await new Promise((resolve) => setTimeout(resolve, 10))
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  for (let i = 0; i < 200; i++) {
    const begun = performance.now()
    const arrival = new Promise<void>((resolve) => {
      delivered = resolve
    })
    await log.append('commands', i % log.partitions('commands'), [{ key: null, value: bytes.subarray(0, SMALL_BYTES) }])
    await arrival
    latencies.push(performance.now() - begun)
  }
  say('from the call of append to the handler', quantiles(latencies))
  return consumer
}

async function measureIdle(what: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const { user, system } = process.cpuUsage(before)
  say(what, `${((user + system) / (10 * IDLE_MS)).toFixed(2)} % of a core`)
}

async function measure(log: Log): Promise<void> {
  let begun = performance.now()
  await log.ensureTopics(topicSpecs())
  say('create all topics', `${(performance.now() - begun).toFixed(0)} ms`)
  begun = performance.now()
  await log.ensureTopics(topicSpecs())
  say('check all topics', `${(performance.now() - begun).toFixed(0)} ms`)
  await measureIdle('idle, nothing consumed')
  const frames = { topic: 'events', size: FRAME_BYTES }
  await measureAppends(log, 'frames, warming up', { ...frames, count: 1_000, width: 16 })
  await measureAppends(log, 'frames, one at a time', { ...frames, count: 200, width: 1 })
  await measureAppends(log, 'frames, 16 at a time', { ...frames, count: 5_000, width: 16 })
  await measureAppends(log, 'frames, 128 at a time', { ...frames, count: 10_000, width: 128 })
  const small = { topic: 'findings', size: SMALL_BYTES }
  await measureAppends(log, 'small, one at a time', { ...small, count: 300, width: 1 })
  await measureAppends(log, 'small, 2000 at a time', { ...small, count: 100_000, width: 2_000 })
  await measureReads(log, 'events', 16_200)
  await measureReads(log, 'findings', 100_300)
  const consumer = await measureDelivery(log)
  await measureIdle('idle, 136 partitions consumed')
  await consumer.close()
}

const kafka = await startKafka({ brokers: 1 })
try {
  say('runs on', kafka.description)
  const logger = createLogger('warn')
  const log = await createKafkaLog({ brokers: kafka.bootstrap, clientId: 'bench', clock: systemClock, logger })
  await measure(log)
  await log.close()
} finally {
  await kafka.close()
}
