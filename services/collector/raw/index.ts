/**
 * The topic `raw`: an input for producers that write to the log themselves. Each record is what one HTTP request would be
 * (an OTLP request, canonical events, CloudTrail records) and takes the same path: normalised, redacted, appended. The
 * log does not say who wrote a record, so the whole topic belongs to one tenant, named by the configuration.
 *
 * The position is committed only when everything before it is durable in `events`. Records read again after a crash
 * become the same events with the same ids, and count once.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Content } from '../../../schemas/excerpt.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import {
  type Batch,
  type BatchContext,
  type Log,
  LogError,
  type LogRecord,
  type PartitionHandler,
} from '../../lib/log/port.ts'
import { createSteadyConsumer, type SteadyConsumer } from '../../lib/log/steady-consumer.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { Partitioning } from '../../lib/partitioning.ts'
import { createEventStore, type Taking } from '../event-store.ts'
import type { FormatChoice } from '../formats/format.ts'
import type { Job, Preparer } from '../preparing/index.ts'
import type { Form } from '../unpack.ts'
import { unreadable } from '../unreadable.ts'
import { formOf } from './form.ts'

export interface RawIntakeOptions {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly preparer: Preparer
  readonly partitioning: Partitioning
  /** Which words are kept at the moment. Default: none. */
  content?(): Content
  readonly tenant: string
  /** A format; auto: told by each record; otlp_proto: OTLP in protobuf. */
  readonly format: string
  /** The events train and find, and never act. */
  readonly history: boolean
  /** Whether the log holds the configuration; before that nothing is read. */
  ready(): { readonly ok: boolean }
}

export interface RawIntake {
  /** Reads from the moment on that the service is ready. */
  start(): void
  /** Ends the current batch, commits, and stops. */
  stop(): Promise<void>
}

const TOPIC = 'raw'
const GROUP = 'collector-raw'
const READY_CHECK_MS = 200

/** The format that is configured, or the one that a record shows. */
const writtenIn = (format: string, value: Buffer): { readonly format: FormatChoice; readonly form: Form } =>
  format === 'otlp_proto'
    ? { format: 'otlp', form: 'protobuf-any' }
    : { format, form: format === 'auto' ? formOf(value) : 'json' }

/** What the reader of the topic knows between two batches. */
interface Reading {
  readonly options: RawIntakeOptions
  readonly store: ReturnType<typeof createEventStore>
  readonly uncommitted: Map<number, number>
  readonly stopping: AbortController
  beginning: Promise<void>
  committing: NodeJS.Timeout | undefined
  readonly consumer: SteadyConsumer
}

const pause = (reading: Reading, ms: number): Promise<void> =>
  wait(ms, undefined, { signal: reading.stopping.signal }).catch(() => undefined)

async function prepare(reading: Reading, { offset, value }: LogRecord, partition: number): Promise<Taking | undefined> {
  const { clock, tenant, history, format, partitioning, preparer } = reading.options
  if (value === null) return undefined
  const receiptTime = clock.now()
  const job: Job = {
    tenant,
    sender: TOPIC,
    receiptTime,
    history,
    ...writtenIn(format, value),
    body: value,
    ...(await partitioning.spread()),
    content: reading.options.content?.() ?? 'none',
  }
  const result = await preparer.prepare(job)
  const prepared = result.ok ? result : unreadable(value, result)
  return { tenant, sender: TOPIC, origin: `${TOPIC}/${partition}/${offset}`, receiptTime, prepared }
}

/** Holds on for as long as the partition is ours: a record of `raw` has no sender who could send it again. */
async function persist(reading: Reading, takings: readonly Taking[], context: BatchContext): Promise<void> {
  for (;;) {
    await context.heartbeat()
    try {
      await reading.store(takings)
      return
    } catch (error) {
      if (!(error instanceof LogError) || !error.retriable || reading.stopping.signal.aborted) throw error
      reading.options.logger.warn(
        { reason: error.message },
        'events of the topic raw wait for the log; nothing is lost',
      )
      await pause(reading, LIMITS.raw_retry_ms)
    }
  }
}

async function process(reading: Reading, batch: Batch, context: BatchContext): Promise<void> {
  const read = await Promise.all(batch.records.map((record) => prepare(reading, record, batch.partition)))
  await persist(
    reading,
    read.filter((taking) => taking !== undefined),
    context,
  )
  const next = (batch.records.at(-1)?.offset ?? -1) + 1
  reading.uncommitted.set(batch.partition, next)
  reading.options.metrics.consumerLag.set({ service: 'collector', topic: TOPIC }, Math.max(0, batch.endOffset - next))
}

async function commit(reading: Reading): Promise<void> {
  for (const [partition, offset] of reading.uncommitted) {
    try {
      await reading.consumer.current()?.commit(TOPIC, partition, offset)
      if (reading.uncommitted.get(partition) === offset) reading.uncommitted.delete(partition)
    } catch (error) {
      // Without a commit more is read again after a restart, and counts once.
      reading.options.logger.debug(
        { partition, reason: (error as Error).message },
        'a position in raw was not committed',
      )
    }
  }
}

const handler = (reading: Reading, partition: number): PartitionHandler => ({
  async start() {
    const [committed, { start }] = await Promise.all([
      reading.options.log.committed(GROUP, TOPIC, partition),
      reading.options.log.bounds(TOPIC, partition),
    ])
    if (committed !== null && committed < start) {
      reading.options.logger.error(
        { partition, from: committed, to: start },
        'records left the topic raw before they were read',
      )
    }
    return Math.max(committed ?? 0, start)
  },
  process: (batch, context) => process(reading, batch, context),
  stop: async () => {
    await commit(reading)
    reading.uncommitted.delete(partition)
  },
})

async function begin(reading: Reading): Promise<void> {
  while (!reading.stopping.signal.aborted) {
    await pause(reading, READY_CHECK_MS)
    if (reading.stopping.signal.aborted || !reading.options.ready().ok) continue
    try {
      await reading.consumer.start()
      reading.committing = setInterval(() => void commit(reading), LIMITS.raw_commit_every_ms)
      return
    } catch (error) {
      reading.options.logger.warn({ reason: (error as Error).message }, 'the topic raw cannot be read yet')
    }
  }
}

export function createRawIntake(options: RawIntakeOptions): RawIntake {
  const reading: Reading = {
    options,
    store: createEventStore(options),
    uncommitted: new Map(),
    stopping: new AbortController(),
    beginning: Promise.resolve(),
    committing: undefined,
    consumer: createSteadyConsumer({
      log: options.log,
      logger: options.logger,
      what: 'reading the topic raw',
      group: GROUP,
      topics: [TOPIC],
      batchRecordsMax: LIMITS.raw_batch_records_max,
      handler: (_topic, partition) => handler(reading, partition),
    }),
  }
  return {
    start() {
      reading.beginning = begin(reading)
    },
    async stop() {
      reading.stopping.abort()
      await reading.beginning
      clearInterval(reading.committing)
      await reading.consumer.stop()
    },
  }
}
