/**
 * Holds normalised events in little memory until the receipt time of the import is known. That time must be after every
 * event, so it is known only when the last file has been read. Blocks wait in memory, and beyond some megabytes in a temporary
 * file. Then they are read back with the receipt time filled in: as they came, or in the order of time if somewhere one came
 * so late that a service would not learn from it.
 */
import type { EventRow } from '../../../schemas/event.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { createBlocks } from './blocks.ts'
import { rowsByTime } from './by-time.ts'
import { type PackedEvents, packRows, rowsIn, unpackRows } from './packed.ts'

/** Of compressed blocks: about a million events. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024
const MINUTE_MS = 60_000

export interface Spool {
  add(events: PackedEvents): void
  readonly count: number
  /** The newest event time, rounded up to the next full minute: a function of the events alone. */
  receiptTime(): number
  /** Whether the events are given in the order of time because they came in no such order. */
  readonly isSorted: boolean
  /** All of it, packed. May be read again. */
  blocks(): Generator<Buffer>
  /** The same as rows: see `unpackRows`. */
  rows(): Generator<EventRow[]>
}

/** `memoryBytesMax`: what of it stays in memory; the rest waits in a temporary file. */
export function createSpool(memoryBytesMax = MEMORY_BYTES_MAX): Spool {
  const blocks = createBlocks(memoryBytesMax)
  /** Of each block, ms since 1970. */
  const earliest: number[] = []
  let count = 0
  let newest = 0
  let behindMs = 0

  function* asTheyCame(): Generator<Buffer> {
    for (let n = 0; n < blocks.count; n++) yield blocks.at(n)
  }
  function* byTime(): Generator<Buffer> {
    const timed = earliest.map((time, n) => ({ earliest: time, rows: () => rowsIn(blocks.at(n)) }))
    for (const rows of rowsByTime(timed)) yield packRows(rows)
  }

  const spool: Spool = {
    add(events) {
      for (const block of events.blocks) {
        blocks.add(block.bytes)
        earliest.push(block.earliest)
        if (block.newest > 0) behindMs = Math.max(behindMs, block.behindMs, newest - block.earliest)
        newest = Math.max(newest, block.newest)
      }
      count += events.count
    },
    get count() {
      return count
    },
    get isSorted() {
      return behindMs > LIMITS.event_behind_ms_max
    },
    receiptTime: () => (Math.floor(Math.max(newest, LIMITS.event_time_ms_min) / MINUTE_MS) + 1) * MINUTE_MS,
    blocks: () => (spool.isSorted ? byTime() : asTheyCame()),
    *rows() {
      for (const block of spool.blocks()) yield unpackRows(block, spool.receiptTime())
    },
  }
  return spool
}
