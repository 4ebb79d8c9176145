/** Frames are cut by bytes, as the log counts, whatever the rows are written in. */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { EVENT_SCHEMA_VERSION } from '../../../schemas/event.ts'
import { cutIntoFrames, decodeFrame, decodeHeader, encodeFrameLines } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { blankSignal, SIGNAL_COLUMNS, type Signal } from '../../../schemas/signal.ts'
import { cutSignals, encodeSignalLines } from '../../../services/detector/runtime/signal-frames.ts'

const OFFSET = SIGNAL_COLUMNS.findIndex(({ name }) => name === 'offset')

/** Text of three bytes a character that hardly compresses. */
const chinese = (characters: number): string =>
  String.fromCharCode(
    ...Array.from(
      new Uint16Array(new Uint8Array(randomBytes(2 * characters)).buffer),
      (one) => 0x4e00 + (one % 20_000),
    ),
  )

it('keeps every frame of rows in Chinese below what a record may have', () => {
  const lines = Array.from({ length: 400 }, () => JSON.stringify([chinese(2_048)]))
  const frames = cutIntoFrames(lines)
  expect(frames.flat()).toEqual(lines)
  for (const frame of frames) {
    const value = encodeFrameLines(frame, { schema: EVENT_SCHEMA_VERSION, receiptTime: 0 })
    expect(value.length).toBeLessThan(LIMITS.log_record_bytes_max)
  }
})

it('keeps every frame of signals in Chinese below what a record may have, and the signals of one record together', () => {
  const signals = Array.from(
    { length: 600 },
    (_, n): Signal => ({
      ...blankSignal(),
      offset: Math.floor(n / 3),
      identity: chinese(256),
      body: chinese(2_048),
    }),
  )
  const source = { sourcePartition: 0, epoch: 'e', logTime: 0 }
  const frames = cutSignals(signals).map((lines) => encodeSignalLines(lines, source))
  const offsets = frames.map((value) => {
    expect(value.length).toBeLessThan(LIMITS.log_record_bytes_max)
    return decodeFrame(value, decodeHeader(value)).rows.map((row) => row[OFFSET])
  })
  expect(offsets.flat()).toEqual(signals.map(({ offset }) => offset))
  expect(offsets.slice(1).every((first, n) => first[0] !== offsets[n]?.at(-1))).toBe(true)
})

it('compresses what is worth it: a few rows stay as they are, and all are read alike', () => {
  const codecs = [1, 3, 300].map((count) => {
    const lines = Array.from({ length: count }, (_, n) => JSON.stringify([`row ${n}`, 'x'.repeat(100)]))
    const value = encodeFrameLines(lines, { schema: EVENT_SCHEMA_VERSION, receiptTime: 0 })
    const header = decodeHeader(value)
    expect(decodeFrame(value, header).rows.map((row) => JSON.stringify(row))).toEqual(lines)
    return header.codec
  })
  expect(codecs).toEqual(['none', 'none', 'zstd'])
})
