/**
 * One partition with what waits to be appended to it, and what an answer changes about that. A lane has at most one batch
 * under way, which keeps the order of the calls; a batch that is repeated has the same records under the same sequence.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import { LogError, type RecordInput } from '../port.ts'
import { unavailable } from './cluster.ts'
import type { PartitionBatch } from './produce.ts'
import { writeRecordBatch } from './record-batch-writer.ts'

/** A run of records of one call that fits in one batch. */
export interface Run {
  readonly records: readonly RecordInput[]
  readonly bytes: number
}

interface Part extends Run {
  /** By performance.now. */
  readonly queuedAt: number
  settle(outcome: number | LogError): void
}

/** A producer id as the brokers gave it. */
export interface Producer {
  readonly id: bigint
  readonly epoch: number
}

export interface Lane {
  readonly topic: string
  readonly partition: number
  /** Of a batch with several records: less than the limit once the brokers have refused one. */
  bytesMax: number
  parts: Part[]
  /** Under way, or to be repeated. */
  batch: Part[] | undefined
  producer: Producer | undefined
  /** Of the batch; -1 where the lane must not go on with the producer id that all share. */
  nextSequence: number
  /** In a row. */
  failures: number
  sending: boolean
  /** Not before this moment, by performance.now. */
  retryAt: number
}

const RECORD_FRAMING_BYTES = 32
const SEQUENCE_END = 2 ** 31
/** The broker has lost track of the sequence, or refuses the producer id: the batch was not written by this request. */
const NEEDS_NEW_PRODUCER = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
])
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

const bytesOf = (runs: readonly Run[]): number => runs.reduce((sum, { bytes }) => sum + bytes, 0)

/** Bytes of key and value of a record. */
export const recordBytes = ({ key, value }: RecordInput): number =>
  (key === null ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0)

/** Cuts the records of one call into runs that fit in a batch each; a record that is larger stands alone. */
export function cutRuns(records: readonly RecordInput[], bytesMax: number = LIMITS.kafka_batch_bytes_max): Run[] {
  const runs: { records: RecordInput[]; bytes: number }[] = []
  for (const record of records) {
    const bytes = recordBytes(record) + RECORD_FRAMING_BYTES
    const last = runs.at(-1)
    if (last === undefined || last.bytes + bytes > bytesMax) runs.push({ records: [record], bytes })
    else {
      last.records.push(record)
      last.bytes += bytes
    }
  }
  return runs
}

export const createLane = (topic: string, partition: number): Lane => ({
  topic,
  partition,
  bytesMax: LIMITS.kafka_batch_bytes_max,
  parts: [],
  batch: undefined,
  producer: undefined,
  nextSequence: 0,
  failures: 0,
  sending: false,
  retryAt: 0,
})

export const isEmpty = ({ parts, batch }: Lane): boolean => batch === undefined && parts.length === 0

/** Puts a run behind the others; resolves with the offset of its first record. */
export function enqueue(lane: Lane, run: Run): Promise<number> {
  return new Promise((resolve, reject) => {
    lane.parts.push({
      ...run,
      queuedAt: performance.now(),
      settle(outcome) {
        if (typeof outcome === 'number') resolve(outcome)
        else reject(outcome)
      },
    })
  })
}

/** Makes the next batch, unless one is to be repeated; answers its bytes. */
export function fillBatch(lane: Lane): number {
  if (lane.batch !== undefined) return bytesOf(lane.batch)
  let count = 0
  let bytes = 0
  while (count < lane.parts.length && (count === 0 || bytes + lane.parts[count]!.bytes <= lane.bytesMax)) {
    bytes += lane.parts[count]!.bytes
    count++
  }
  lane.batch = lane.parts.splice(0, count)
  return bytes
}

/** The batch as the wire has it. The lane must have a producer. */
export function encodeBatch(lane: Lane, timeMs: number): PartitionBatch {
  const { topic, partition, nextSequence: firstSequence } = lane
  const { id: producerId, epoch: producerEpoch } = lane.producer!
  const records = lane.batch!.flatMap((part) => part.records)
  const header = { timeMs, producerId, producerEpoch, firstSequence }
  return { topic, partition, batch: writeRecordBatch(records, header) }
}

/** From here on the lane uses this producer id, and counts from 0. */
export function takeProducer(lane: Lane, producer: Producer): void {
  lane.producer = producer
  lane.nextSequence = 0
}

function leaveProducer(lane: Lane): void {
  lane.producer = undefined
  lane.nextSequence = -1
}

function settle(lane: Lane, outcome: number | LogError): void {
  const batch = lane.batch!
  lane.batch = undefined
  lane.failures = 0
  lane.retryAt = 0
  let offset = outcome
  for (const part of batch) {
    part.settle(offset)
    if (typeof offset === 'number') offset += part.records.length
  }
}

/** The batch is in the log from this offset on. */
export function succeed(lane: Lane, baseOffset: number): void {
  const count = lane.batch!.reduce((sum, part) => sum + part.records.length, 0)
  lane.nextSequence = (lane.nextSequence + count) % SEQUENCE_END
  settle(lane, baseOffset)
}

/** The same part in several, none larger than that unless it is one record. It settles when all of them have. */
function cutPart(part: Part, bytesMax: number): Part[] {
  const runs = cutRuns(part.records, bytesMax)
  if (runs.length === 1) return [part]
  const outcomes: (number | LogError)[] = []
  let left = runs.length
  return runs.map((run, n) => ({
    ...run,
    queuedAt: part.queuedAt,
    settle(outcome) {
      outcomes[n] = outcome
      left -= 1
      if (left === 0) part.settle(outcomes.find((one) => typeof one !== 'number') ?? outcomes[0]!)
    },
  }))
}

/**
 * The brokers take no batch of that size: its records go out again in smaller ones, and all that follow are smaller, too. Calls that
 * happened to share the batch must not fail for one of them. False where it is a single record, which cannot be cut.
 */
function narrow(lane: Lane): boolean {
  const batch = lane.batch!
  if (batch.length === 1 && batch[0]!.records.length === 1) return false
  lane.bytesMax = Math.min(lane.bytesMax, Math.floor(bytesOf(batch) / 2))
  lane.parts.unshift(...batch.flatMap((part) => cutPart(part, lane.bytesMax)))
  lane.batch = undefined
  lane.failures = 0
  lane.retryAt = 0
  return true
}

/**
 * The batch is to be repeated after a pause, or is given up when that has gone on for too long or cannot help. Answers
 * whose fault it is: that of these records, or that of the brokers.
 */
export function fail(lane: Lane, error: Error & { type?: string; retriable?: boolean }): 'records' | 'brokers' {
  const { type = '' } = error
  const place = `${lane.topic}/${lane.partition}`
  if (TOO_LARGE.has(type)) {
    if (narrow(lane)) return 'records'
    const what = `the brokers refuse a record of ${bytesOf(lane.batch!)} bytes for ${place}`
    settle(lane, new LogError('record_too_large', `${what}: raise max.message.bytes of the topic`))
    return 'records'
  }
  const needsProducer = NEEDS_NEW_PRODUCER.has(type)
  if (needsProducer) leaveProducer(lane)
  const isHopeless = type !== '' && error.retriable === false && !needsProducer
  const waitedMs = performance.now() - lane.batch![0]!.queuedAt
  if (isHopeless || waitedMs > LIMITS.kafka_patience_ms_max) {
    leaveProducer(lane)
    settle(lane, unavailable(`nothing could be appended to ${place}`, error))
    return 'brokers'
  }
  const pauseMs = Math.min(LIMITS.kafka_retry_ms_min * 2 ** lane.failures++, LIMITS.kafka_retry_ms_max)
  lane.retryAt = performance.now() + pauseMs
  return 'brokers'
}
