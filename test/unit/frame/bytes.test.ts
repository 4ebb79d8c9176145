/** Frames are cut by bytes, as the log counts, whatever the rows are written in. */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { EVENT_SCHEMA_VERSION } from '../../../schemas/event.ts'
import { cutIntoFrames, encodeFrameLines } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'

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
