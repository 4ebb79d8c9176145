/**
 * One fetch from one broker. Request and answer are written and read here: a consumer that waits asks several times a
 * second for all its partitions, and kafkajs's own encoding would be most of what that costs.
 *
 *   request (version 11): replica i32, wait ms i32, min bytes i32, max bytes i32, isolation i8, session i32, session epoch
 *   i32, [topic, [partition i32, leader epoch i32, offset i64, log start i64, max bytes i32]], forgotten [], rack string
 *   answer: throttle ms i32, error i16, session i32, [topic, [partition i32, error i16, high watermark i64,
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
const NO_REPLICA = -1
const NO_SESSION = -1
const ANY_EPOCH = -1
/** Of a request without topics. */
const FIXED_BYTES = 35
/** Of one partition in a request. */
const PARTITION_BYTES = 28

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

function encode(wanted: readonly Wanted[], waitMs: number): Buffer {
  const byTopic = Map.groupBy(wanted, ({ topic }) => topic)
  const names = [...byTopic.keys()].map((topic) => Buffer.from(topic))
  const size = names.reduce((sum, name) => sum + name.length + 6, FIXED_BYTES) + wanted.length * PARTITION_BYTES
  const body = Buffer.alloc(size)
  let at = body.writeInt32BE(NO_REPLICA, 0)
  at = body.writeInt32BE(waitMs, at)
  at = body.writeInt32BE(1, at)
  at = body.writeInt32BE(LIMITS.kafka_fetch_bytes_max, at)
  at = body.writeInt8(UNCOMMITTED, at)
  at = body.writeInt32BE(0, at)
  at = body.writeInt32BE(NO_SESSION, at)
  at = body.writeInt32BE(names.length, at)
  for (const [i, ofTopic] of [...byTopic.values()].entries()) {
    at = body.writeInt16BE(names[i]!.length, at)
    at += names[i]!.copy(body, at)
    at = body.writeInt32BE(ofTopic.length, at)
    for (const { partition, offset, bytesMax } of ofTopic) {
      at = body.writeInt32BE(partition, at)
      at = body.writeInt32BE(ANY_EPOCH, at)
      at = body.writeBigInt64BE(BigInt(offset), at)
      at = body.writeBigInt64BE(-1n, at)
      at = body.writeInt32BE(bytesMax, at)
    }
  }
  // No topics to forget, and a rack of no name.
  at = body.writeInt32BE(0, at)
  body.writeInt16BE(0, at)
  return body
}

/** Fetches what there is, waiting up to `waitMs` for something. Partitions that come first are served first. */
export function fetchFrom(wire: Wire, wanted: readonly Wanted[], waitMs: number): Promise<Answer> {
  // The rest of the options is what kafkajs derives its own time limit from.
  return wire.call('Fetch', { topics: [], maxWaitTime: waitMs }, { encode: () => encode(wanted, waitMs), decode })
}
