/**
 * One produce request to one broker, with a batch for each of several partitions, and the answer for each. Both are
 * encoded and decoded here: kafkajs copies every record several times when encoding, and reports only the first error of
 * an answer.
 *
 *   request (version 7): transactional id string or null, acks i16, timeout ms i32,
 *   [topic string, [partition i32, record batch bytes]]
 *   answer: [topic string, [partition i32, error i16, base offset i64, append time i64, log start i64]], throttle ms i32
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Wire } from './wire.ts'

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
}

export interface Produced {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** Of the first record; -1 if there is none. */
  readonly baseOffset: number
}

interface Answer {
  readonly clientSideThrottleTime: number
  readonly partitions: readonly Produced[]
}

const ALL_IN_SYNC = -1
const NO_TRANSACTION = -1

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

function encode(batches: readonly PartitionBatch[]): Buffer {
  const byTopic = Map.groupBy(batches, ({ topic }) => topic)
  const pieces = [int16(NO_TRANSACTION), int16(ALL_IN_SYNC), int32(LIMITS.kafka_replicate_ms_max), int32(byTopic.size)]
  for (const [topic, ofTopic] of byTopic) {
    const name = Buffer.from(topic)
    pieces.push(int16(name.length), name, int32(ofTopic.length))
    for (const { partition, batch } of ofTopic) pieces.push(int32(partition), int32(batch.length), batch)
  }
  return Buffer.concat(pieces)
}

function decode(payload: Buffer): Answer {
  let at = 0
  const skip = (bytes: number): number => {
    at += bytes
    return at - bytes
  }
  const partitions: Produced[] = []
  for (let topicsLeft = payload.readInt32BE(skip(4)); topicsLeft > 0; topicsLeft--) {
    const length = payload.readInt16BE(skip(2))
    const topic = payload.toString('utf8', skip(length), at)
    for (let left = payload.readInt32BE(skip(4)); left > 0; left--) {
      const partition = payload.readInt32BE(skip(4))
      const errorCode = payload.readInt16BE(skip(2))
      const baseOffset = Number(payload.readBigInt64BE(skip(8)))
      skip(16)
      partitions.push({ topic, partition, errorCode, baseOffset })
    }
  }
  return { partitions, clientSideThrottleTime: payload.readInt32BE(skip(4)) }
}

/** Sends the batches; resolves when each is stored by all replicas in sync, or refused: see the error codes. */
export async function produceTo(wire: Wire, batches: readonly PartitionBatch[]): Promise<readonly Produced[]> {
  const { partitions } = await wire.call('Produce', { topicData: [] }, { encode: () => encode(batches), decode })
  return partitions
}
