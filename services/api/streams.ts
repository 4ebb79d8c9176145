/**
 * Answers that are no JSON document: exports as CSV or NDJSON, and tails as server-sent events. What a log can contain is
 * made harmless on the way: no cell becomes a formula, no text breaks a line or turns the writing around.
 */
import { Answer } from './errors.ts'

/** An answer that is sent piece by piece. */
export class Streamed {
  readonly type: string
  readonly filename: string | undefined
  readonly pieces: AsyncIterable<string>
  constructor(type: string, pieces: AsyncIterable<string>, filename?: string) {
    this.type = type
    this.pieces = pieces
    this.filename = filename
  }
}

/** Controls, line separators and marks that turn the writing around. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const visible = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

/** One cell of CSV: always in quotes; what a spreadsheet would take for a formula begins with an apostrophe. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(UNSEEN, visible)
  const harmless = /^\s*[=+\-@|%]/.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}

/** One line of NDJSON: the same value, with nothing in it that breaks a line or cannot be seen. */
export const ndjsonLine = (item: unknown): string => `${JSON.stringify(item).replaceAll(UNSEEN, visible)}\n`

const valueOf = (item: object, column: string): unknown =>
  Object.hasOwn(item, column) ? (Reflect.get(item, column) as unknown) : undefined

const csvLine = (columns: readonly string[], item: object): string =>
  `${columns.map((column) => csvCell(valueOf(item, column))).join(',')}\r\n`

export type ExportFormat = 'csv' | 'ndjson'

/** One page of an export, and where the next begins. */
type NextPage = (
  cursor: string | undefined,
) => Promise<{ readonly items: readonly object[]; readonly next_cursor: string | null }>

/** All pages of a list as a file. If there are more rows than `rowsMax`, the last line says so. */
async function* lines(format: ExportFormat, columns: readonly string[], next: NextPage, rowsMax: number) {
  let cursor: string | undefined
  let rows = 0
  if (format === 'csv') yield `${columns.map(csvCell).join(',')}\r\n`
  do {
    const page = await next(cursor)
    rows += page.items.length
    const text = page.items.map((item) => (format === 'csv' ? csvLine(columns, item) : ndjsonLine(item)))
    if (text.length > 0) yield text.join('')
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined && rows < rowsMax)
  if (cursor === undefined) return
  const told = `cut off after ${rows} rows: narrow the search by time`
  yield format === 'csv' ? `${csvCell(told)}\r\n` : ndjsonLine({ cut_off: told })
}

/** Starts at once, so that a fault in the query is an answer and not the middle of a file. */
async function begun(pieces: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  const first = await pieces.next()
  return (async function* () {
    if (first.done !== true) yield first.value
    yield* pieces
  })()
}

/** A list as a file. */
export async function exported(
  noun: string,
  format: ExportFormat,
  columns: readonly string[],
  next: NextPage,
  rowsMax: number,
): Promise<Streamed> {
  const firstPage = await next(undefined)
  const again: NextPage = async (cursor) => (cursor === undefined ? firstPage : next(cursor))
  const pieces = await begun(lines(format, columns, again, rowsMax))
  const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson'
  return new Streamed(type, pieces, `${noun}.${format}`)
}

/** A new item, and the id after which a returning reader continues. */
export interface Told {
  readonly id: string
  readonly item: object
}

/** What came after an id, oldest first; without an id, from now on. */
export type Follow = (after: string | undefined) => Promise<{ readonly told: readonly Told[]; readonly after: string }>

const POLL_MS = 1_000
/** A comment now and then keeps proxies from closing the connection. */
const QUIET_POLLS_MAX = 15

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}

const eventText = (noun: string, { id, item }: Told): string => `id: ${id}\nevent: ${noun}\ndata: ${ndjsonLine(item)}\n`

async function* follow(noun: string, lastId: string | undefined, next: Follow, signal: AbortSignal) {
  let after = lastId
  let quiet = 0
  yield `retry: ${POLL_MS}\n\n`
  for (let polls = 0; !signal.aborted; polls++) {
    const news = await next(after)
    after = news.after
    if (news.told.length > 0) yield news.told.map((one) => eventText(noun, one)).join('')
    // Who is cut off before the first item continues from here, not from whenever the connection is there again.
    else if (polls === 0) yield `id: ${after}\n\n`
    else if (++quiet % QUIET_POLLS_MAX === 0) yield ': nothing new\n\n'
    await pause(POLL_MS, signal)
  }
}

/** A tail as server-sent events, until the reader goes. */
export const tailed = (noun: string, lastId: string | undefined, next: Follow, signal: AbortSignal): Streamed =>
  new Streamed('text/event-stream', follow(noun, lastId, next, signal))

/** Places for readers of tails. */
export interface Seats {
  /** Takes a seat until the signal ends. Throws Answer where all of the tenant are taken. */
  take(tenant: string, signal: AbortSignal): void
}

/** Counts readers of tails by tenant. */
export function createSeats(seatsMax: number): Seats {
  const taken = new Map<string, number>()
  return {
    take(tenant, signal) {
      const now = taken.get(tenant) ?? 0
      if (now >= seatsMax) throw new Answer(429, 'too_many', `at most ${seatsMax} tails at a time: close one`)
      taken.set(tenant, now + 1)
      signal.addEventListener('abort', () => taken.set(tenant, (taken.get(tenant) ?? 1) - 1), { once: true })
    },
  }
}
