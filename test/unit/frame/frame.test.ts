/** Records of `events` and `signals` that somebody has damaged: whatever is wrong with them is said, and nothing else is thrown. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeControl,
  decodeFrame,
  decodeHeader,
  encodeControl,
  encodeFrame,
  encodeTick,
  FrameError,
} from '../../../schemas/frame.ts'

const NOW = Date.UTC(2026, 5, 1)
const ROWS = Array.from({ length: 5 }, (_, i) => [`id ${i}`, NOW + i, ['a', 'b'], null, 'x'.repeat(i * 20)])
const WHOLE = [
  encodeFrame(ROWS, { schema: 1, receiptTime: NOW }),
  encodeFrame(ROWS, { schema: 1, receiptTime: NOW, sourcePartition: 3, epoch: 'e' }),
  encodeTick(1, NOW),
  encodeControl({ type: 'config', name: 'detection', tenant: '', hash: '0'.repeat(32) }, NOW),
]

/** Reads it as a worker does. */
function read(value: Buffer): unknown {
  const header = decodeHeader(value)
  return header.kind === 'control' ? decodeControl(value) : decodeFrame(value, header)
}

const expectReadableOrRefused = (value: Buffer): void => {
  try {
    read(value)
  } catch (error) {
    expect(error).toBeInstanceOf(FrameError)
    expect((error as Error).message).not.toBe('')
  }
}

describe('a damaged record', () => {
  it('is refused or read, at whatever byte it is cut', () => {
    for (const whole of WHOLE) {
      for (let length = 0; length < whole.length; length++) expectReadableOrRefused(whole.subarray(0, length))
    }
  })

  it('is refused or read, whatever bytes of it are others', () => {
    const edit = fc.tuple(fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(fc.constantFrom(...WHOLE), fc.array(edit, { minLength: 1, maxLength: 4 }), (whole, edits) => {
        const value = Buffer.from(whole)
        for (const [at, byte] of edits) value[at % value.length] = byte
        expectReadableOrRefused(value)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is refused where its header is JSON and no header', () => {
    for (const text of [
      'null',
      '7',
      '[]',
      '{}',
      '{"kind":"frame","codec":"zstd","schema":1,"count":-1,"receipt_time":0}',
    ]) {
      const start = Buffer.from('MW\0\0')
      start.writeUInt16LE(text.length, 2)
      expect(() => decodeHeader(Buffer.concat([start, Buffer.from(text)]))).toThrow(FrameError)
    }
  })
})

it('what is written can be read, or is refused at once', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.integer()), (receiptTime) => {
      let value: Buffer
      try {
        value = encodeTick(1, receiptTime)
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError)
        return
      }
      expect(decodeHeader(value).receipt_time === receiptTime).toBe(true)
    }),
    { examples: [[NOW + 0.5], [Number.NaN], [-1], [0]] },
  )
})

it('a whole record is read as it was written', () => {
  expect(decodeFrame(WHOLE[0]!).rows).toEqual(ROWS)
  expect(decodeHeader(WHOLE[1]!)).toMatchObject({ source_partition: 3, epoch: 'e', count: 5, receipt_time: NOW })
})
