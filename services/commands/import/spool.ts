/**
 * Holds normalised events in little memory until the receipt time of the import is known. That time must be after every
 * event, so it is known only when the last file has been read. They wait packed, and beyond some megabytes in a temporary
 * file. Then they are read back in order with the receipt time filled in.
 */
import { EVENT_COLUMNS, type Event, type EventRow } from '../../../schemas/event.ts'
import { decodeFrame } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createBlocks } from './blocks.ts'
import type { PackedEvents } from './packed-events.ts'

/** Of compressed blocks: about a million events. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024
const MINUTE_MS = 60_000

const columnAt = (name: keyof Event): number => EVENT_COLUMNS.findIndex((column) => column.name === name)
const TIME = columnAt('time')
const TIME_FLAG = columnAt('time_flag')
const RECEIPT_TIME = columnAt('receipt_time')

export interface Spool {
  add(packed: PackedEvents): void
  readonly count: number
  /** The newest event time, rounded up to the next full minute: a function of the events alone. */
  receiptTime(): number
  /** All rows in order, in blocks, with the receipt time filled in. May be read again. */
  rows(): Generator<EventRow[]>
}

/** `memoryBytesMax`: what of it stays in memory; the rest waits in a temporary file. */
export function createSpool(memoryBytesMax = MEMORY_BYTES_MAX): Spool {
  const blocks = createBlocks(memoryBytesMax)
  let count = 0
  let newest: number = LIMITS.event_time_ms_min
  const receiptTime = (): number => (Math.floor(newest / MINUTE_MS) + 1) * MINUTE_MS

  function received(row: EventRow): EventRow {
    const mine = [...row]
    mine[RECEIPT_TIME] = receiptTime()
    if (row[TIME_FLAG] !== 'ok') mine[TIME] = receiptTime()
    return mine
  }

  return {
    add(packed) {
      for (const block of packed.blocks) blocks.add(Buffer.from(block.buffer, block.byteOffset, block.byteLength))
      count += packed.events
      newest = Math.max(newest, packed.newest)
    },
    get count() {
      return count
    },
    receiptTime,
    *rows() {
      for (const block of blocks.all()) yield decodeFrame(block).rows.map(received)
    },
  }
}
