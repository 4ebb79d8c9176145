/**
 * Reads Kafka's record batches (magic 2) out of a fetch answer. It is ours because two facts are needed that kafkajs does
 * not give: the offsets that a batch covers even where compaction has removed its records, and whether a batch at the
 * end was cut off. Without them a compacted stretch looks like the end of the partition. It also compares each batch
 * with its checksum. Values are views, not copies.
 *
 *   batch:  base offset i64, length i32, leader epoch i32, magic i8, crc u32, attributes i16, last offset delta i32,
 *           first and max timestamp i64, producer id i64, epoch i16, base sequence i32, count i32, records
 *   record: length, attributes i8, timestamp delta, offset delta, key length, key, value length, value, headers;
 *           numbers are zigzag varints
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { LIMITS } from '../../../../schemas/limits.ts'
import { LogError, type LogRecord } from '../port.ts'
import { crc32c } from './crc32c.ts'

export const LENGTH_AT = 8
export const MAGIC_AT = 16
export const CRC_AT = 17
export const ATTRIBUTES_AT = 21
export const RECORDS_AT = 61
export const MAGIC = 2
const LAST_DELTA_AT = 23
const FIRST_TIME_AT = 27
const MAX_TIME_AT = 35
const COUNT_AT = 57

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const BROKER_TIME = 8
const CONTROL = 32

export interface RecordSet {
  readonly records: readonly LogRecord[]
  /** Lowest offset that the first whole batch covers; undefined if there is none. */
  readonly firstOffset: number | undefined
  /** Offset behind the last whole batch: where to read on. */
  readonly next: number
  /** Bytes of a batch that did not fit in the answer follow. */
  readonly cut: boolean
}

interface Cursor {
  at: number
}

/** A zigzag varint of up to 53 bits. Throws RangeError where the bytes end before it does. */
function readVarint(buffer: Buffer, cursor: Cursor): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = buffer[cursor.at++]
    if (byte === undefined) throw new RangeError('a number is cut off')
    value += (byte & 127) * scale
    if (byte < 128) break
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

function readBytes(buffer: Buffer, cursor: Cursor): Buffer | null {
  const length = readVarint(buffer, cursor)
  if (length < 0) return null
  cursor.at += length
  if (cursor.at > buffer.length) throw new RangeError('a key or value is cut off')
  return buffer.subarray(cursor.at - length, cursor.at)
}

const readInt64 = (buffer: Buffer, at: number): number => Number(buffer.readBigInt64BE(at))

function inflate(codec: number, bytes: Buffer, place: string): Buffer {
  const maxOutputLength = LIMITS.kafka_inflated_bytes_max
  try {
    if (codec === 0) return bytes
    if (codec === 1) return gunzipSync(bytes, { maxOutputLength })
    if (codec === 4) return zstdDecompressSync(bytes, { maxOutputLength })
  } catch (error) {
    throw new LogError('log_corrupt', `a batch of ${place} cannot be decompressed`, { cause: error })
  }
  throw new LogError('log_corrupt', `a batch of ${place} is compressed with ${CODECS[codec]}: send gzip, zstd or none`)
}

/** Adds the records of one batch from offset `from` on. */
function readBatch(batch: Buffer, from: number, records: LogRecord[], place: string): void {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT)
  if ((attributes & CONTROL) !== 0) return
  const baseOffset = readInt64(batch, 0)
  const firstTime = readInt64(batch, FIRST_TIME_AT)
  const brokerTime = (attributes & BROKER_TIME) === 0 ? undefined : readInt64(batch, MAX_TIME_AT)
  const bytes = inflate(attributes & 7, batch.subarray(RECORDS_AT), place)
  const cursor = { at: 0 }
  for (let left = batch.readInt32BE(COUNT_AT); left > 0; left--) {
    const length = readVarint(bytes, cursor)
    const end = cursor.at + length
    cursor.at++
    const time = firstTime + readVarint(bytes, cursor)
    const offset = baseOffset + readVarint(bytes, cursor)
    if (offset >= from) {
      const key = readBytes(bytes, cursor)?.toString() ?? null
      const value = readBytes(bytes, cursor)
      if (cursor.at > end) throw new RangeError(`record ${offset} is longer than its length says`)
      records.push({ offset, appendedAt: brokerTime ?? time, key, value })
    }
    if (end < cursor.at) throw new RangeError('a record has no length')
    cursor.at = end
  }
}

/** Decodes what a fetch from offset `from` returned. Throws LogError log_corrupt if it cannot be read. */
export function readRecordSet(buffer: Buffer, from: number, place: string): RecordSet {
  const records: LogRecord[] = []
  let firstOffset: number | undefined
  let next = from
  let at = 0
  while (at + RECORDS_AT <= buffer.length) {
    const end = at + LENGTH_AT + 4 + buffer.readInt32BE(at + LENGTH_AT)
    if (end < at + RECORDS_AT) throw new LogError('log_corrupt', `a batch of ${place} is shorter than its own header`)
    if (end > buffer.length) break
    const batch = buffer.subarray(at, end)
    const magic = batch.readInt8(MAGIC_AT)
    if (magic !== MAGIC) throw new LogError('log_corrupt', `a batch of ${place} has the old format ${magic}`)
    const baseOffset = readInt64(batch, 0)
    if (crc32c(batch, ATTRIBUTES_AT) !== batch.readUInt32BE(CRC_AT)) {
      throw new LogError('log_corrupt', `the batch at offset ${baseOffset} of ${place} does not match its checksum`)
    }
    firstOffset ??= baseOffset
    try {
      readBatch(batch, from, records, place)
    } catch (error) {
      if (error instanceof LogError) throw error
      const message = `the batch at offset ${baseOffset} of ${place} cannot be read: ${(error as Error).message}`
      throw new LogError('log_corrupt', message, { cause: error })
    }
    next = Math.max(next, baseOffset + batch.readInt32BE(LAST_DELTA_AT) + 1)
    at = end
  }
  return { records, firstOffset, next, cut: at < buffer.length }
}
