/** Kafka's record batches, as written by kafkajs and as brokers leave them: compacted, compressed, cut off. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import encodings from 'kafkajs/src/protocol/recordBatch/record/v0/index.js'
import batches from 'kafkajs/src/protocol/recordBatch/v0/index.js'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../../services/lib/log/kafka/crc32c.ts'
import { writeRecordBatch } from '../../../services/lib/log/kafka/record-batch-writer.ts'
import { readRecordSet } from '../../../services/lib/log/kafka/record-batch.ts'

interface Entry {
  readonly offsetDelta: number
  readonly timestampDelta: number
  readonly key: string | null
  readonly value: Buffer | null
}

/** Writes the checksum anew after bytes were changed. */
function seal(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}

/** A batch as kafkajs writes it, with the base offset that a broker puts in. */
async function batchOf(baseOffset: number, entries: readonly Entry[], lastOffsetDelta: number): Promise<Buffer> {
  const records = entries.map((entry) => encodings(entry))
  const { buffer } = await batches.RecordBatch({ records, firstTimestamp: 1_000, maxTimestamp: 2_000, lastOffsetDelta })
  const batch = Buffer.from(buffer)
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  return batch
}

interface Made {
  readonly entries: readonly Entry[]
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly codec: number
}

/** The same batch with its records compressed by `codec`. */
function compressed(batch: Buffer, codec: number, compress: (bytes: Buffer) => Buffer): Buffer {
  const packed = Buffer.concat([batch.subarray(0, 61), compress(batch.subarray(61))])
  packed.writeInt32BE(packed.length - 12, 8)
  packed.writeInt16BE(codec, 21)
  return seal(packed)
}

const entry = fc.record({
  timestampDelta: fc.integer({ min: 0, max: 2 ** 40 }),
  key: fc.option(fc.string({ unit: 'grapheme', maxLength: 20 })),
  value: fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))),
})
/** Offsets that compaction has left, as gaps between them. */
const batch = fc
  .array(fc.tuple(fc.nat(3), entry), { maxLength: 20 })
  .chain((list) =>
    fc.record({
      list: fc.constant(list),
      baseOffset: fc.nat(2 ** 40),
      after: fc.nat(5),
      codec: fc.constantFrom(0, 1, 4),
    }),
  )
  .map(({ list, baseOffset, after, codec }) => {
    let next = 0
    const entries = list.map(([gap, one]): Entry => {
      const offsetDelta = next + gap
      next = offsetDelta + 1
      return { ...one, offsetDelta }
    })
    return { entries, baseOffset, lastOffsetDelta: next + after, codec }
  })

async function build({ entries, baseOffset, lastOffsetDelta, codec }: Made): Promise<Buffer> {
  const plain = await batchOf(baseOffset, entries, lastOffsetDelta)
  if (codec === 0) return plain
  return compressed(plain, codec, codec === 1 ? (bytes) => gzipSync(bytes) : (bytes) => zstdCompressSync(bytes))
}

describe('readRecordSet', () => {
  it('reads what was written, compressed or not, with gaps, from any offset', async () => {
    await fc.assert(
      fc.asyncProperty(batch, fc.nat(30), async (made, skip) => {
        const from = made.baseOffset + skip
        const set = readRecordSet(await build(made), from, 'topic/0')
        const expected = made.entries
          .map(({ offsetDelta, timestampDelta, key, value }) => ({
            offset: made.baseOffset + offsetDelta,
            appendedAt: 1_000 + timestampDelta,
            key,
            value,
          }))
          .filter(({ offset }) => offset >= from)
        expect(set.records).toEqual(expected)
        const end = made.baseOffset + made.lastOffsetDelta + 1
        expect(set).toMatchObject({ firstOffset: made.baseOffset, next: Math.max(from, end), cut: false })
      }),
    )
  })

  it('reads the whole batches before one that is cut off, wherever it is cut', async () => {
    const value = Buffer.from('value')
    const entries = [{ offsetDelta: 0, timestampDelta: 0, key: null, value }]
    const [one, two] = [await batchOf(5, entries, 0), await batchOf(6, entries, 0)]
    for (let length = 0; length <= one.length + two.length; length++) {
      const { records, next, cut } = readRecordSet(Buffer.concat([one, two]).subarray(0, length), 5, 'topic/0')
      const whole = length < one.length ? 0 : length < one.length + two.length ? 1 : 2
      expect(records.map(({ offset }) => offset)).toEqual([5, 6].slice(0, whole))
      expect(next).toBe(5 + whole)
      expect(cut).toBe(![0, one.length, one.length + two.length].includes(length))
    }
  })

  it('goes on behind a batch that compaction has emptied, instead of taking it for the end', async () => {
    const value = Buffer.from('value')
    const empty = await batchOf(10, [], 7)
    const full = await batchOf(30, [{ offsetDelta: 2, timestampDelta: 0, key: 'k', value }], 2)
    expect(readRecordSet(empty, 12, 'topic/0')).toMatchObject({ records: [], next: 18, cut: false })
    const both = readRecordSet(Buffer.concat([empty, full.subarray(0, 70)]), 12, 'topic/0')
    expect(both).toMatchObject({ records: [], next: 18, cut: true })
    expect(readRecordSet(Buffer.concat([empty, full]), 12, 'topic/0').records).toHaveLength(1)
  })

  it("takes the broker's time where the batch says so, and leaves control records out", async () => {
    const value = Buffer.from('value')
    const entries = [{ offsetDelta: 0, timestampDelta: 7, key: null, value }]
    const broker = await batchOf(0, entries, 0)
    broker.writeInt16BE(8, 21)
    expect(readRecordSet(seal(broker), 0, 'topic/0').records[0]).toMatchObject({ appendedAt: 2_000 })
    const control = await batchOf(0, entries, 0)
    control.writeInt16BE(32, 21)
    expect(readRecordSet(seal(control), 0, 'topic/0')).toMatchObject({ records: [], next: 1 })
  })

  it('refuses bytes that are no batch, in words and in time, whatever they are', () => {
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(garbage, fc.integer({ min: -100, max: 100 }), (bytes, length) => {
        const batch = writeRecordBatch([{ key: 'k', value: Buffer.from('value') }], {
          timeMs: 0,
          producerId: -1n,
          producerEpoch: 0,
          firstSequence: 0,
        })
        const wrongRecords = Buffer.concat([batch.subarray(0, 61), bytes])
        wrongRecords.writeInt32BE(wrongRecords.length - 12, 8)
        const wrongLength = Buffer.from(batch)
        wrongLength.writeInt32BE(length, 8)
        for (const wrong of [seal(wrongRecords), wrongLength]) {
          try {
            readRecordSet(wrong, 0, 'topic/0')
          } catch (error) {
            expect(error).toMatchObject({ code: 'log_corrupt' })
          }
        }
      }),
    )
  })

  it('refuses codecs that are not supported, and compressed bytes that are none, by name', async () => {
    const plain = await batchOf(0, [{ offsetDelta: 0, timestampDelta: 0, key: null, value: Buffer.from('v') }], 0)
    const snappy = compressed(plain, 2, (bytes) => bytes)
    expect(() => readRecordSet(snappy, 0, 'raw/3')).toThrow(/raw\/3 is compressed with snappy/)
    const broken = compressed(plain, 1, (bytes) => bytes)
    expect(() => readRecordSet(broken, 0, 'raw/3')).toThrow(/raw\/3 cannot be decompressed/)
  })
})

describe('writeRecordBatch', () => {
  const header = { timeMs: 1_700_000_000_000, producerId: 2n ** 40n, producerEpoch: 3, firstSequence: 77 }

  it('writes what kafkajs would write, byte for byte', async () => {
    const records = fc.array(entry, { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(records, async (list) => {
        const entries = list.map((one, offsetDelta) => encodings({ ...one, offsetDelta, timestampDelta: 0 }))
        const { buffer } = await batches.RecordBatch({
          records: entries,
          partitionLeaderEpoch: -1,
          firstTimestamp: header.timeMs,
          maxTimestamp: header.timeMs,
          producerId: String(header.producerId),
          producerEpoch: header.producerEpoch,
          firstSequence: header.firstSequence,
          lastOffsetDelta: list.length - 1,
        })
        expect(Buffer.compare(writeRecordBatch(list, header), buffer)).toBe(0)
      }),
    )
  })

  it('is read back, and a flipped bit in any place of it is noticed', () => {
    const records = [
      { key: 'key', value: Buffer.from('value') },
      { key: null, value: null },
      { key: '', value: Buffer.alloc(0) },
    ]
    const batch = writeRecordBatch(records, header)
    const read = readRecordSet(batch, 0, 'topic/0').records
    expect(read.map(({ key, value }) => ({ key, value }))).toEqual(records)
    for (let bit = 8 * 17; bit < 8 * batch.length; bit++) {
      const flipped = Buffer.from(batch)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => readRecordSet(flipped, 0, 'topic/0')).toThrow('checksum')
    }
  })
})

describe('crc32c', () => {
  it('gives the check value of the standard, and the same for a part as for its copy', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    const bytes = fc.uint8Array({ maxLength: 100 })
    fc.assert(
      fc.property(bytes, fc.nat(100), fc.nat(100), (all, a, b) => {
        const [from, to] = [Math.min(a, b, all.length), Math.min(Math.max(a, b), all.length)]
        expect(crc32c(all, from, to)).toBe(crc32c(all.slice(from, to)))
      }),
    )
  })
})
