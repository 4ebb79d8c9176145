/** Events as a spool keeps them: rows in compressed blocks, the form of a frame, about 50 bytes each. */
import { EVENT_COLUMNS, EVENT_SCHEMA_VERSION, type Event, type EventRow, rowOf } from '../../../schemas/event.ts'
import { decodeFrame, encodeFrame } from '../../../schemas/frame.ts'

/** The receipt time while the real one is not known: later than every event, so that none counts as future. */
export const PROVISIONAL_RECEIPT_MS = 8_640_000_000_000_000

export const BLOCK_ROWS = 2_000

const columnAt = (name: keyof Event): number => EVENT_COLUMNS.findIndex((column) => column.name === name)
const TIME = columnAt('time')
const TIME_FLAG = columnAt('time_flag')
const RECEIPT_TIME = columnAt('receipt_time')

/** Times are ms since 1970, of events whose own time is sound; 0 where there is none. */
export interface PackedBlock {
  readonly bytes: Buffer
  readonly earliest: number
  readonly newest: number
  /** The most that an event of the block is earlier than one before it there, ms. */
  readonly behindMs: number
}

export interface PackedEvents {
  readonly blocks: readonly PackedBlock[]
  readonly count: number
}

export const packRows = (rows: readonly EventRow[]): Buffer =>
  encodeFrame(rows, { schema: EVENT_SCHEMA_VERSION, receiptTime: 0 })

function packBlock(events: readonly Event[]): PackedBlock {
  let [earliest, newest, behindMs] = [Number.POSITIVE_INFINITY, 0, 0]
  for (const { time, time_flag: flag } of events) {
    if (flag !== 'ok') continue
    earliest = Math.min(earliest, time)
    newest = Math.max(newest, time)
    behindMs = Math.max(behindMs, newest - time)
  }
  return { bytes: packRows(events.map(rowOf)), earliest: Math.min(earliest, newest), newest, behindMs }
}

/** Packs events that were normalised with PROVISIONAL_RECEIPT_MS. */
export function packEvents(events: readonly Event[]): PackedEvents {
  const blocks: PackedBlock[] = []
  for (let first = 0; first < events.length; first += BLOCK_ROWS) {
    blocks.push(packBlock(events.slice(first, first + BLOCK_ROWS)))
  }
  return { blocks, count: events.length }
}

/** The rows of a block as they were packed. */
export const rowsIn = (block: Buffer): readonly EventRow[] => decodeFrame(block).rows

/** The rows of a block, with the receipt time filled in. */
export function unpackRows(block: Buffer, receiptTime: number): EventRow[] {
  return rowsIn(block).map((row) => {
    const mine = [...row]
    mine[RECEIPT_TIME] = receiptTime
    if (row[TIME_FLAG] !== 'ok') mine[TIME] = receiptTime
    return mine
  })
}

/** The event time of a row in ms; undefined where it is not its own. */
export const soundTime = (row: EventRow): number | undefined =>
  row[TIME_FLAG] === 'ok' ? (row[TIME] as number) : undefined
