/**
 * How runs of records travel between threads: keys as strings, all values in one block of memory, with the lengths next to
 * it. The block is transferred, not copied.
 */
import type { LogRecord } from './port.ts'

/** A run of records on its way between threads. `lengths[i]` is -1 for a tombstone. */
export interface PackedValues {
  readonly keys: readonly (string | null)[]
  readonly lengths: Int32Array<ArrayBuffer>
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Copies the values into one block of their own, because the callers' buffers stay the callers'. */
export function packValues(records: readonly { key: string | null; value: Uint8Array | null }[]): PackedValues {
  const lengths = new Int32Array(records.length)
  const keys: (string | null)[] = new Array(records.length)
  let total = 0
  for (let i = 0; i < records.length; i++) {
    const { key, value } = records[i]!
    keys[i] = key
    lengths[i] = value === null ? -1 : value.length
    total += value?.length ?? 0
  }
  const bytes = new Uint8Array(total)
  let at = 0
  for (const { value } of records) {
    if (value === null) continue
    bytes.set(value, at)
    at += value.length
  }
  return { keys, lengths, bytes }
}

/** Calls `each` with key and value of every packed record; values are views into the block. */
export function unpackValues(
  packed: PackedValues,
  each: (index: number, key: string | null, value: Buffer | null) => void,
): void {
  let at = packed.bytes.byteOffset
  for (let i = 0; i < packed.lengths.length; i++) {
    const length = packed.lengths[i]!
    each(i, packed.keys[i]!, length < 0 ? null : Buffer.from(packed.bytes.buffer, at, length))
    if (length > 0) at += length
  }
}

/** Records as a reader gets them. */
export interface PackedRecords {
  readonly offsets: ArrayLike<number>
  readonly appendedAt: ArrayLike<number>
  readonly values: PackedValues
}

export const packRecords = (records: readonly LogRecord[]): PackedRecords => ({
  offsets: Float64Array.from(records, ({ offset }) => offset),
  appendedAt: Float64Array.from(records, ({ appendedAt }) => appendedAt),
  values: packValues(records),
})

export function unpackRecords({ offsets, appendedAt, values }: PackedRecords): LogRecord[] {
  const records: LogRecord[] = new Array(offsets.length)
  unpackValues(values, (i, key, value) => {
    records[i] = { offset: offsets[i]!, appendedAt: appendedAt[i]!, key, value }
  })
  return records
}
