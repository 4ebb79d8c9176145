/**
 * One fetch from one broker: its request goes out as kafkajs forms it, its answer is read here, down to the records.
 *
 *   answer (version 11): throttle ms i32, error i16, session i32, [topic, [partition i32, error i16, high watermark i64,
 *   last stable offset i64, log start i64, aborted [producer i64, first i64], preferred replica i32, record set bytes]]
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Wire } from './wire.ts'

export interface Wanted {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly bytesMax: number
}

export interface Fetched {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** Offset that the next durable record gets. */
  readonly end: number
  /** Lowest offset that is left. */
  readonly start: number
  /** Whole batches, and perhaps the beginning of one more. */
  readonly recordSet: Buffer
}

interface Answer {
  /** kafkajs waits this long before the next request, where the broker asks for it. */
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly partitions: readonly Fetched[]
}

const ABORTED_BYTES = 16
const UNCOMMITTED = 0

/** Steps through an answer. */
function createSteps(payload: Buffer) {
  let at = 0
  const skip = (bytes: number): number => {
    at += bytes
    return at - bytes
  }
  return {
    int16: () => payload.readInt16BE(skip(2)),
    int32: () => payload.readInt32BE(skip(4)),
    int64: () => Number(payload.readBigInt64BE(skip(8))),
    bytes: (length: number) => payload.subarray(skip(length), at),
    skip,
  }
}

function decode(payload: Buffer): Answer {
  const steps = createSteps(payload)
  const clientSideThrottleTime = steps.int32()
  const errorCode = steps.int16()
  steps.skip(4)
  const partitions: Fetched[] = []
  for (let topicsLeft = steps.int32(); topicsLeft > 0; topicsLeft--) {
    const topic = steps.bytes(steps.int16()).toString()
    for (let left = steps.int32(); left > 0; left--) {
      const [partition, partitionError, end] = [steps.int32(), steps.int16(), steps.int64()]
      steps.skip(8)
      const start = steps.int64()
      steps.skip(Math.max(0, steps.int32()) * ABORTED_BYTES + 4)
      const recordSet = steps.bytes(Math.max(0, steps.int32()))
      partitions.push({ topic, partition, errorCode: partitionError, end, start, recordSet })
    }
  }
  return { clientSideThrottleTime, errorCode, partitions }
}

/** Fetches what there is, waiting up to `waitMs` for something. Partitions that come first are served first. */
export function fetchFrom(wire: Wire, wanted: readonly Wanted[], waitMs: number): Promise<Answer> {
  const topics: { topic: string; partitions: object[] }[] = []
  for (const { topic, partition, offset, bytesMax } of wanted) {
    if (topics.at(-1)?.topic !== topic) topics.push({ topic, partitions: [] })
    topics.at(-1)!.partitions.push({ partition, fetchOffset: String(offset), maxBytes: bytesMax })
  }
  const request = { topics, maxWaitTime: waitMs, minBytes: 1, maxBytes: LIMITS.kafka_fetch_bytes_max }
  return wire.call('Fetch', { ...request, isolationLevel: UNCOMMITTED }, { decode })
}
