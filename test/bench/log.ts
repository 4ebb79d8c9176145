/**
 * Measures the embedded log: appends per second and their latency for small records and for frames, reads, the time
 * from an append to its delivery, and what maintenance costs appends. Prints one line each. `npm run bench:log`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { toolOptions } from '../../scripts/tool-options.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { createLogger } from '../../services/lib/logger.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'

toolOptions(import.meta.url, {})

const FRAME_BYTES = 28_000
const SMALL_BYTES = 480
const EIGHT_DAYS_MS = 8 * 86_400_000

const bytes = Buffer.from(Array.from({ length: FRAME_BYTES }, (_, i) => (i * 7919) % 251))
const directory = mkdtempSync(join(tmpdir(), 'moltwatch-bench-'))
const say = (what: string, said: string): void => console.log(`${what.padEnd(44)} ${said}`)

function quantiles(latencies: number[]): string {
  latencies.sort((a, b) => a - b)
  const at = (share: number): string => latencies[Math.floor((latencies.length - 1) * share)]!.toFixed(2)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`
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
  const begun = performance.now()
  await Promise.all(Array.from({ length: width }, append))
  const seconds = (performance.now() - begun) / 1_000
  loop.disable()
  const rate = `${Math.round(count / seconds)}/s, ${((count * size) / seconds / 1e6).toFixed(1)} MB/s`
  say(what, `${rate}, ${quantiles(latencies)}, event loop p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms`)
}

/** Consumes a topic from its start; resolves when `count` records have come, and goes on consuming. */
async function measureReads(log: Log, topic: string, count: number): Promise<void> {
  let seen = 0
  const begun = performance.now()
  await new Promise<void>((resolve, reject) => {
    const handler = () => ({
      start: async () => 'earliest' as const,
      async process({ records }: { records: readonly unknown[] }) {
        seen += records.length
        if (seen >= count) resolve()
      },
      stop: async () => {},
    })
    log.consume({ group: `reads ${topic}`, topics: [topic], handler, onStopped: reject }).catch(reject)
  })
  say(`read ${topic}`, `${Math.round((seen / (performance.now() - begun)) * 1_000)}/s`)
}

async function measureDelivery(log: Log): Promise<void> {
  const latencies: number[] = []
  let delivered = (): void => {}
  const handler = () => ({
    start: async () => 'latest' as const,
    process: async () => delivered(),
    stop: async () => {},
  })
  await log.consume({ group: 'delivery', topics: ['commands'], handler, onStopped: console.error })
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
}

async function measureIdle(): Promise<void> {
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const { user, system } = process.cpuUsage(before)
  say('idle, 80 partitions consumed', `${((user + system) / 30_000).toFixed(2)} % of a core`)
}

async function measureMaintenance(): Promise<void> {
  const begun = performance.now()
  const clock = { now: () => systemClock.now() + EIGHT_DAYS_MS }
  const log = await createSqliteLog({ directory, clock, logger: createLogger('warn') })
  say('open a log of that size', `${(performance.now() - begun).toFixed(0)} ms`)
  const latencies: number[] = []
  const ended = new AbortController()
  const started = performance.now()
  const maintaining = log.maintain().finally(() => ended.abort())
  while (!ended.signal.aborted) {
    const at = performance.now()
    await log.append('events', 0, [{ key: null, value: bytes }])
    latencies.push(performance.now() - at)
  }
  await maintaining
  say(
    'remove everything',
    `${(performance.now() - started).toFixed(0)} ms; frames appended meanwhile: ${quantiles(latencies)}`,
  )
  await log.close()
}

try {
  const begun = performance.now()
  const log = await createSqliteLog({ directory, clock: systemClock, logger: createLogger('warn') })
  await log.ensureTopics(topicSpecs())
  say('open an empty directory, create all topics', `${(performance.now() - begun).toFixed(0)} ms`)
  const controls = performance.now()
  const control = [{ key: null, value: bytes.subarray(0, SMALL_BYTES) }]
  await Promise.all(Array.from({ length: 128 }, (_, i) => log.append(i < 64 ? 'events' : 'signals', i % 64, control)))
  say('128 control records, one a partition', `${(performance.now() - controls).toFixed(1)} ms`)
  await measureAppends(log, 'frames, one at a time', { topic: 'events', size: FRAME_BYTES, count: 200, width: 1 })
  await measureAppends(log, 'frames, 16 at a time', { topic: 'events', size: FRAME_BYTES, count: 3_000, width: 16 })
  await measureAppends(log, 'frames, 128 at a time', { topic: 'events', size: FRAME_BYTES, count: 5_000, width: 128 })
  await measureAppends(log, 'small, one at a time', { topic: 'findings', size: SMALL_BYTES, count: 300, width: 1 })
  await measureAppends(log, 'small, 2000 at a time', {
    topic: 'findings',
    size: SMALL_BYTES,
    count: 60_000,
    width: 2_000,
  })
  await measureReads(log, 'events', 64 + 200 + 3_000 + 5_000)
  await measureReads(log, 'findings', 60_300)
  await measureAppends(log, 'frames, 16 at a time, consumed', {
    topic: 'events',
    size: FRAME_BYTES,
    count: 3_000,
    width: 16,
  })
  await measureDelivery(log)
  await measureIdle()
  await log.close()
  await measureMaintenance()
} finally {
  rmSync(directory, { recursive: true, force: true })
}
