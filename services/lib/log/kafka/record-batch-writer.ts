/** Writes record batches in the form that record-batch.ts describes, each in one piece of memory of the right size. */
import type { RecordInput } from '../port.ts'
import { crc32c } from './crc32c.ts'
import { ATTRIBUTES_AT, CRC_AT, LENGTH_AT, MAGIC, MAGIC_AT, RECORDS_AT } from './record-batch.ts'

export interface BatchHeader {
  /** When the records are handed over, ms since 1970; brokers put their own time in its place. */
  readonly timeMs: number
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Sequence of the first record, for brokers to recognise a repeat. */
  readonly firstSequence: number
}

/** Bytes of a zigzag varint: lengths and counts, and -1 for null. */
function sizeOfVarint(value: number): number {
  let size = 1
  for (let rest = value < 0 ? -2 * value - 1 : 2 * value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

function writeVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest >= 128) {
    buffer[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  buffer[at++] = rest
  return at
}

const sizeOfBytes = (length: number): number => sizeOfVarint(length) + Math.max(0, length)

const keyLength = ({ key }: RecordInput): number => (key === null ? -1 : Buffer.byteLength(key))
const valueLength = ({ value }: RecordInput): number => value?.length ?? -1

/** Attributes, time delta and headers take a byte each: all records of a batch have its time, and none has headers. */
const bodySize = (record: RecordInput, index: number): number =>
  3 + sizeOfVarint(index) + sizeOfBytes(keyLength(record)) + sizeOfBytes(valueLength(record))

function writeRecord(buffer: Buffer, start: number, record: RecordInput, index: number): number {
  let at = writeVarint(buffer, start, bodySize(record, index))
  buffer[at++] = 0
  buffer[at++] = 0
  at = writeVarint(buffer, at, index)
  at = writeVarint(buffer, at, keyLength(record))
  if (record.key !== null) at += buffer.write(record.key, at)
  at = writeVarint(buffer, at, valueLength(record))
  if (record.value !== null) at += record.value.copy(buffer, at)
  buffer[at++] = 0
  return at
}

/** One batch of these records, in this order. */
export function writeRecordBatch(records: readonly RecordInput[], header: BatchHeader): Buffer {
  let size = RECORDS_AT
  for (const [index, record] of records.entries()) {
    const body = bodySize(record, index)
    size += sizeOfVarint(body) + body
  }
  const batch = Buffer.allocUnsafe(size)
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(size - LENGTH_AT - 4, LENGTH_AT)
  batch.writeInt32BE(-1, LENGTH_AT + 4)
  batch.writeInt8(MAGIC, MAGIC_AT)
  let at = batch.writeInt16BE(0, ATTRIBUTES_AT)
  at = batch.writeInt32BE(records.length - 1, at)
  at = batch.writeBigInt64BE(BigInt(header.timeMs), at)
  at = batch.writeBigInt64BE(BigInt(header.timeMs), at)
  at = batch.writeBigInt64BE(header.producerId, at)
  at = batch.writeInt16BE(header.producerEpoch, at)
  at = batch.writeInt32BE(header.firstSequence, at)
  at = batch.writeInt32BE(records.length, at)
  for (const [index, record] of records.entries()) at = writeRecord(batch, at, record, index)
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT)
  return batch
}
