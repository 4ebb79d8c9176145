/**
 * Rows of many blocks in the order of time, for files that are not: an export with the newest first, or one file after the other
 * that cover the same days. Blocks are taken by the earliest time in them, so that only those that overlap are held unpacked.
 */
import type { EventRow } from '../../../schemas/event.ts'
import { BLOCK_ROWS, soundTime } from './packed.ts'

export interface TimedBlock {
  /** ms since 1970: no row is earlier. */
  readonly earliest: number
  rows(): readonly EventRow[]
}

interface Timed {
  readonly time: number
  /** Of rows of one time, those of the block that came first are first. */
  readonly block: number
  readonly row: EventRow
}

/** Rows held at a time, some hundred megabytes: in files in no order at all some stay behind later ones. */
const HELD_ROWS_MAX = 100_000

/** A row whose time is not its own stays behind the one that it came with. */
function timed({ earliest, rows }: TimedBlock, block: number): Timed[] {
  let time = earliest
  return rows().map((row) => {
    time = soundTime(row) ?? time
    return { time, block, row }
  })
}

/** How many of these, which are in order, are earlier than a time. */
function countBefore(held: readonly Timed[], time: number): number {
  const at = held.findIndex((one) => one.time >= time)
  return at < 0 ? held.length : at
}

function* ordered(blocks: readonly TimedBlock[]): Generator<Timed> {
  const byTime = blocks.map((block, n) => ({ block, n })).sort((a, b) => a.block.earliest - b.block.earliest)
  let held: Timed[] = []
  for (const { block, n } of byTime) {
    const due = Math.max(countBefore(held, block.earliest), held.length - HELD_ROWS_MAX)
    yield* held.slice(0, due)
    // What is in order already costs one pass: the sort of JavaScript engines merges runs.
    held = [...held.slice(due), ...timed(block, n)].sort((a, b) => a.time - b.time || a.block - b.block)
  }
  yield* held
}

/** All rows, in lists as large as a block. */
export function* rowsByTime(blocks: readonly TimedBlock[]): Generator<EventRow[]> {
  let rows: EventRow[] = []
  for (const { row } of ordered(blocks)) {
    rows.push(row)
    if (rows.length < BLOCK_ROWS) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}
