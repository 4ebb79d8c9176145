/**
 * One partition of a consumer on the fetch side: where the next fetch begins, and what was read and not yet handed out.
 * The changes to it are here; when to fetch is up to the fetcher.
 */
import { LogError, type LogRecord } from '../port.ts'
import type { Taken } from '../runner.ts'
import type { Fetched } from './fetch.ts'
import { readPage } from './read.ts'

export interface Slot {
  readonly topic: string
  readonly partition: number
  readonly compacted: boolean
  /** Called whenever there may be something to take, or an error. */
  readonly onChange: () => void
  /** Where the next fetch begins; -1 before the first reset. */
  offset: number
  /** Changes with every reset, so that the answer to an older fetch is dropped. */
  age: number
  chunk: readonly LogRecord[]
  /** Next record of the chunk. */
  at: number
  /** Of the chunk. */
  bytes: number
  end: number
  paused: boolean
  /** Somebody has asked in vain. */
  hungry: boolean
  /** Fetch it alone next time: a larger fetch brought nothing, although records exist. */
  alone: boolean
  error: LogError | undefined
}

const sizeOf = ({ key, value }: LogRecord): number => (key?.length ?? 0) + (value?.length ?? 0)

export const createSlot = (
  topic: string,
  partition: number,
  { compacted, onChange }: Pick<Slot, 'compacted' | 'onChange'>,
): Slot => ({
  topic,
  partition,
  compacted,
  onChange,
  offset: -1,
  age: 0,
  chunk: [],
  at: 0,
  bytes: 0,
  end: 0,
  paused: false,
  hungry: false,
  alone: false,
  error: undefined,
})

/** Everything that was read has been handed out. */
export const isDrained = (slot: Slot): boolean => slot.at >= slot.chunk.length

function fill(slot: Slot, records: readonly LogRecord[]): void {
  slot.chunk = records
  slot.at = 0
  slot.bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
}

/** Continues from this offset, and drops what was read ahead. */
export function reset(slot: Slot, offset: number): void {
  fill(slot, [])
  Object.assign(slot, { offset, age: slot.age + 1, error: undefined, alone: false })
}

export function stop(slot: Slot, error: LogError): void {
  slot.error = error
  slot.onChange()
}

function takeInPage(slot: Slot, fetched: Fetched, others: boolean): void {
  // In a fetch for many, nothing can also mean that others have filled the answer.
  const isNothing = fetched.recordSet.length === 0
  slot.alone = others && isNothing && fetched.end > slot.offset
  if (slot.alone) return
  const page = readPage(fetched, slot.offset, slot.compacted)
  slot.alone = page.next === slot.offset && fetched.end > slot.offset
  slot.end = fetched.end
  slot.offset = page.next
  if (page.records.length === 0) return
  slot.hungry = false
  fill(slot, page.records)
  slot.onChange()
}

/** Takes in the answer to a fetch; `others` says whether it was one for other partitions, too. */
export function takeIn(slot: Slot, fetched: Fetched, others: boolean): void {
  try {
    takeInPage(slot, fetched, others)
  } catch (cause) {
    stop(slot, cause instanceof LogError ? cause : new LogError('log_corrupt', (cause as Error).message, { cause }))
  }
}

/** Hands out at most so many records; one that is too large comes alone. The slot must not be drained. */
export function handOut(slot: Slot, recordsMax: number, bytesMax: number): Taken {
  const from = slot.at
  let bytes = 0
  while (!isDrained(slot) && slot.at - from < recordsMax) {
    bytes += sizeOf(slot.chunk[slot.at]!)
    if (slot.at > from && bytes > bytesMax) break
    slot.at++
  }
  const records = slot.chunk.slice(from, slot.at)
  if (isDrained(slot)) fill(slot, [])
  return { records, endOffset: slot.end }
}
