/**
 * The waiting room of one table: records come in as they are in the log (compressed), and leave in one insert at a time. An
 * insert is made when the oldest record has waited `archive_every_ms`, or earlier if many rows wait, so that ClickHouse gets
 * few large parts. Records are only decompressed for the current insert, which bounds memory.
 */
import { decodeHeader } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Turns } from '../lib/turns.ts'
import { type Forgotten, type Known, type Naming, unpack, type Unpacked, type UnstoredRecord } from './records.ts'

/** One insert's content. `ends[i]` is the end of the lines of `records[i]` in `lines`. */
export interface Load {
  readonly records: readonly UnstoredRecord[]
  readonly lines: Buffer
  readonly ends: readonly number[]
  /** More waits than goes into this insert. */
  readonly cut: boolean
  /** The last of the records says that an identity is forgotten: after the rows before it are stored. */
  readonly forgotten: Forgotten | undefined
  /** Events that findings among the records name. */
  readonly namings: readonly Naming[]
  readonly dead: readonly { readonly from: UnstoredRecord; readonly why: Extract<Unpacked, { kind: 'dead' }> }[]
}

export interface Shelf {
  add(record: UnstoredRecord): void
  /** Bytes that wait, as encoded in the log, including the current insert. */
  bytes(): number
  empty(): boolean
  /** Resolves when an insert is due; at once after `hurry`. */
  due(): Promise<void>
  /** Everything that waits is due now, and from now on. */
  hurry(): void
  /** Inflates what goes into the next insert. The records stay counted until `done`. `now`: ms since 1970. */
  load(now: number): Promise<Load>
  done(load: Load): void
}

/** Rows of a record, as far as they can be told cheaply. */
function rowsOf(record: UnstoredRecord): number {
  if (record.topic !== 'events') return 1
  try {
    return decodeHeader(record.value).count
  } catch {
    return 0
  }
}

async function inflate(queue: readonly UnstoredRecord[], now: number, known: Known, turns: Turns): Promise<Load> {
  const records: UnstoredRecord[] = []
  const parts: Buffer[] = []
  const ends: number[] = []
  const deadOnes: { from: UnstoredRecord; why: Extract<Unpacked, { kind: 'dead' }> }[] = []
  let bytes = 0
  let forgotten: Forgotten | undefined
  const namings: Naming[] = []
  for (const record of queue) {
    if (bytes >= LIMITS.archive_insert_bytes_max || forgotten !== undefined) break
    if (turns.isOver()) await turns.next()
    const content = unpack(record, now, known)
    if (content.kind === 'lines') {
      parts.push(content.lines)
      bytes += content.lines.length
      if (content.naming !== undefined) namings.push(content.naming)
    } else if (content.kind === 'forget') forgotten = content.forgotten
    else if (content.kind === 'dead') deadOnes.push({ from: record, why: content })
    records.push(record)
    ends.push(bytes)
  }
  return {
    records,
    lines: Buffer.concat(parts),
    ends,
    cut: records.length < queue.length,
    forgotten,
    namings,
    dead: deadOnes,
  }
}

export function createShelf(known: Known, turns: Turns): Shelf {
  let queue: UnstoredRecord[] = []
  let bytes = 0
  let rows = 0
  let hurried = false
  let timer: NodeJS.Timeout | undefined
  let ripe = false
  let wake: (() => void) | undefined

  const ripen = (): void => {
    ripe = true
    clearTimeout(timer)
    timer = undefined
    wake?.()
  }

  return {
    add(record) {
      queue.push(record)
      bytes += record.value.length
      rows += rowsOf(record)
      if (hurried || rows >= LIMITS.archive_rows_min || bytes >= LIMITS.archive_waiting_bytes_max) ripen()
      else timer ??= setTimeout(ripen, LIMITS.archive_every_ms)
    },
    bytes: () => bytes,
    empty: () => queue.length === 0,
    async due() {
      if ((ripe && queue.length > 0) || hurried) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      wake = undefined
    },
    hurry() {
      hurried = true
      ripen()
    },
    load(now) {
      ripe = false
      rows = 0
      // What comes in from here on waits for the insert after this one.
      return inflate([...queue], now, known, turns)
    },
    done(load) {
      queue = queue.slice(load.records.length)
      for (const record of load.records) bytes -= record.value.length
      if (load.cut) ripen()
    },
  }
}
