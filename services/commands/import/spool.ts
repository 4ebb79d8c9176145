/**
 * Holds normalised events in little memory until the receipt time of the import is known. That time must be after every
 * event, so it is known only when the last file has been read. Rows wait in compressed blocks, the form of a frame, about
 * 50 bytes each, and beyond some megabytes in a temporary file. Then they are read back in order with the receipt time
 * filled in.
 */
import { EVENT_COLUMNS, EVENT_SCHEMA_VERSION, type Event, type EventRow, rowOf } from '../../../schemas/event.ts'
import { decodeFrame, encodeFrame } from '../../../schemas/frame.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createBlocks } from './blocks.ts'

/** The receipt time while the real one is not known: later than every event, so that none counts as future. */
export const PROVISIONAL_RECEIPT_MS = 8_640_000_000_000_000

const BLOCK_ROWS = 2_000
/** Of compressed blocks: about a million events. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024
const MINUTE_MS = 60_000

const columnAt = (name: keyof Event): number => EVENT_COLUMNS.findIndex((column) => column.name === name)
const TIME = columnAt('time')
const TIME_FLAG = columnAt('time_flag')
const RECEIPT_TIME = columnAt('receipt_time')

/** Events as a spool keeps them. */
export interface PackedEvents {
  readonly blocks: readonly Buffer[]
  readonly count: number
  /** The newest sound event time, ms since 1970; 0 where there is none. */
  readonly newest: number
}

/** Packs events that were normalised with PROVISIONAL_RECEIPT_MS. */
export function packEvents(events: readonly Event[]): PackedEvents {
  const blocks: Buffer[] = []
  let newest = 0
  for (let first = 0; first < events.length; first += BLOCK_ROWS) {
    const block = events.slice(first, first + BLOCK_ROWS)
    for (const { time, time_flag: flag } of block) if (flag === 'ok' && time > newest) newest = time
    blocks.push(encodeFrame(block.map(rowOf), { schema: EVENT_SCHEMA_VERSION, receiptTime: 0 }))
  }
  return { blocks, count: events.length, newest }
}

export interface Spool {
  add(events: PackedEvents): void
  readonly count: number
  /** The newest event time, rounded up to the next full minute: a function of the events alone. */
  receiptTime(): number
  /** All of it in order, packed. May be read again. */
  blocks(): Generator<Buffer>
  /** The same as rows: see `unpackRows`. */
  rows(): Generator<EventRow[]>
}

/** The rows of a block, with the receipt time filled in. */
export function unpackRows(block: Buffer, receiptTime: number): EventRow[] {
  return decodeFrame(block).rows.map((row) => {
    const mine = [...row]
    mine[RECEIPT_TIME] = receiptTime
    if (row[TIME_FLAG] !== 'ok') mine[TIME] = receiptTime
    return mine
  })
}

/** `memoryBytesMax`: what of it stays in memory; the rest waits in a temporary file. */
export function createSpool(memoryBytesMax = MEMORY_BYTES_MAX): Spool {
  const blocks = createBlocks(memoryBytesMax)
  let count = 0
  let newest: number = LIMITS.event_time_ms_min
  const receiptTime = (): number => (Math.floor(newest / MINUTE_MS) + 1) * MINUTE_MS

  return {
    add(events) {
      for (const block of events.blocks) blocks.add(block)
      count += events.count
      newest = Math.max(newest, events.newest)
    },
    get count() {
      return count
    },
    receiptTime,
    blocks: () => blocks.all(),
    *rows() {
      for (const block of blocks.all()) yield unpackRows(block, receiptTime())
    },
  }
}
