/**
 * Questions about events. The log delivers at least once and senders repeat, so the table can hold an event several times,
 * even at several times if its time was replaced by the receipt time. Here each event is one: the copy received first. A
 * copy with different content is a separate event, marked as conflicting with the first.
 */
import { type Event, EVENT_COLUMNS } from '../../../schemas/event.ts'
import { isId } from '../../../schemas/id-text.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { CursorError, type CursorScope, decodeCursor, encodeCursor, type Page, type SortKey } from '../cursor.ts'
import type { Search } from '../parameters.ts'
import { beyond, type Condition, condition, equal, isSortKey, oneOf, type TenantReader, within } from '../query.ts'
import { DISTINCT_EVENTS } from '../search/fields.ts'

/** Columns that a list of events can be filtered by, each by one value. */
export const EVENT_FILTERS = [
  'identity',
  'instance',
  'owner',
  'session',
  'trace',
  'credential',
  'action',
  'kind',
  'outcome',
  'target',
  'source_address',
  'source_network',
  'peer',
] as const satisfies readonly (keyof Event)[]

const INSTANTS: ReadonlySet<string> = new Set(
  EVENT_COLUMNS.filter(({ clickhouse }) => clickhouse.startsWith('DateTime64')).map(({ name }) => name),
)
type Instant = 'time' | 'receipt_time' | 'approval_expires'

/** An event as the API gives it: the canonical event without what it leaves empty, its times in ISO 8601, its indicators read. */
export type EventRecord = Pick<Event, 'event_id' | 'identity'> & { readonly time: string } & Partial<
    Omit<Event, Instant | 'indicators'> &
      Readonly<Record<Exclude<Instant, 'time'>, string>> & {
        readonly indicators: unknown
        /** True: another event was received earlier under the same id, and this one says something else. */
        readonly conflict: boolean
      }
  >

const NEVER = '1970-01-01 00:00:00.000'
/** ClickHouse's text of a DateTime64(3) in UTC as ISO 8601. */
export const isoOf = (text: string): string => `${text.replace(' ', 'T')}Z`

/** The same; null if unknown. */
export const instantOf = (text: string): string | null => (text === NEVER ? null : isoOf(text))

/** What says nothing is not shown: most events leave most columns empty. */
const isEmpty = (value: unknown): boolean =>
  value === '' || value === 0 || value === null || value === 'unknown' || (Array.isArray(value) && value.length === 0)

function shown(name: string, value: unknown): unknown {
  if (INSTANTS.has(name)) return instantOf(value as string)
  if (name === 'indicators') return value === '' ? null : (JSON.parse(value as string) as unknown)
  return value
}

function eventOf(row: Record<string, unknown>, conflict: boolean): EventRecord {
  const said: (readonly [string, unknown])[] = []
  for (const [name, value] of Object.entries(row)) {
    const one = shown(name, value)
    if (!isEmpty(one)) said.push([name, one])
  }
  if (conflict) said.push(['conflict', true])
  return Object.fromEntries(said) as unknown as EventRecord
}

/**
 * The events with these ids, the one received first before those that conflict with it. `identities`, where known, spares
 * reading the rest of the tenant; what conflicts in the name of another identity is not seen then.
 */
export async function eventsById(
  reader: TenantReader,
  ids: readonly string[],
  identities?: readonly string[],
): Promise<Map<string, readonly EventRecord[]>> {
  const wellFormed = ids.filter(isId)
  if (wellFormed.length === 0) return new Map()
  const rows = await reader.rows<Record<string, unknown>>({
    name: 'events_by_id',
    columns: EVENT_COLUMNS.map(({ name }) => `\`${name}\``),
    from: 'events',
    where: [...oneOf('event_id', wellFormed), ...oneOf('identity', identities)],
    orderBy: 'event_id, receipt_time, time, content_id',
    limitBy: { columns: 'event_id, content_id', rows: 1 },
  })
  const groups = Map.groupBy(rows, (row) => row['event_id'] as string)
  return new Map([...groups].map(([id, copies]) => [id, copies.map((copy, index) => eventOf(copy, index > 0))]))
}

/** `span` for a log record, `log` for a span; undefined for anything but a tool call with an id. */
const otherRecord = (event: EventRecord): Event['call_record'] | undefined =>
  event.call_record === 'log' ? 'span' : event.call_record === 'span' ? 'log' : undefined

/**
 * The same tool call as reported by the other kind of record, oldest first: matched by identity, conversation, call id and
 * action, as in stage one. A report that says more than the first is judged in addition.
 */
export async function otherTellings(reader: TenantReader, event: EventRecord): Promise<readonly EventRecord[]> {
  const other = otherRecord(event)
  if (other === undefined || event.session === undefined || event.source_id === undefined) return []
  const time = Date.parse(event.time)
  const rows = await reader.rows<Record<string, unknown>>({
    name: 'other_tellings',
    columns: EVENT_COLUMNS.map(({ name }) => `\`${name}\``),
    from: 'events',
    where: [
      ...equal('identity', event.identity),
      ...equal('session', event.session),
      ...equal('source_id', event.source_id),
      ...equal('action', event.action),
      ...equal('call_record', other),
      ...within(time - LIMITS.told_call_ms_max, time + LIMITS.told_call_ms_max + 1),
    ],
    orderBy: 'time, receipt_time, event_id',
    limitBy: { columns: 'event_id', rows: 1 },
    limit: LIMITS.told_calls_per_id_max,
  })
  return rows.map((row) => eventOf(row, false))
}

/** Newest first; of one time, what the producer wrote later, then what came later, then what stood later in its request. */
const ORDER = [
  ['time', 'DateTime64(3)'],
  ['time_ns', 'UInt32'],
  ['receipt_time', 'DateTime64(3)'],
  ['sequence', 'UInt32'],
  ['event_id', 'String'],
  ['content_id', 'String'],
] as const

interface SortKeyRow {
  readonly event_id: string
  readonly content_id: string
  readonly identity: string
  readonly at: string
  readonly received: string
  readonly time_ns: number
  readonly sequence: number
  readonly ms: string
  readonly received_ms: string
}

const sortKeyOf = (row: SortKeyRow): SortKey => [
  Number(row.ms),
  row.time_ns,
  Number(row.received_ms),
  row.sequence,
  row.event_id,
  row.content_id,
]

function readSortKey(scope: CursorScope, cursor: string | undefined): SortKey | undefined {
  if (cursor === undefined) return undefined
  const sortKey = decodeCursor(scope, cursor, ['number', 'number', 'number', 'number', 'string', 'string'])
  if (!isSortKey(sortKey)) throw new CursorError('this cursor was changed: ask again without a cursor')
  return sortKey
}

/** How many rows are looked at for a page, for each one wanted, and how many times more where repeats filled it. */
const ROWS_A_PLACE = 2
const MORE_ROWS = 16
/**
 * How far back is looked first. What came in last lies in parts of the table of its own, so that a page of what is frequent costs
 * next to nothing; what is not found there is searched for in all.
 */
const RECENT_MS = 6 * 3_600_000

const atLeast = (name: string, ms: number): Condition =>
  condition(`time >= fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`, { [name]: ms })

/**
 * The sort keys of the newest rows. To find a hundred repeats among millions the engine would sort them all: here it finds the time of
 * the n-th newest row first, for which it reads little, and looks only at what is as new.
 */
async function newestSortKeys(reader: TenantReader, where: readonly Condition[], limit: number): Promise<SortKeyRow[]> {
  for (let rows = limit * ROWS_A_PLACE; ; rows *= MORE_ROWS) {
    const [floor] = await reader.rows<{ ms: string }>({
      name: 'events_floor',
      columns: ['toUnixTimestamp64Milli(time) AS ms'],
      from: 'events',
      where,
      orderBy: 'time DESC',
      limit: 1,
      offset: rows,
    })
    const sortKeys = await reader.rows<SortKeyRow>({
      name: 'events',
      columns: [
        'event_id, content_id, identity, time_ns, sequence, time AS at, receipt_time AS received',
        'toUnixTimestamp64Milli(time) AS ms',
        'toUnixTimestamp64Milli(receipt_time) AS received_ms',
      ],
      from: 'events',
      where: [...where, ...(floor === undefined ? [] : [atLeast('floor', Number(floor.ms))])],
      orderBy: ORDER.map(([column]) => `${column} DESC`).join(', '),
      limitBy: { columns: 'event_id, content_id, time, receipt_time, sequence', rows: 1 },
      limit,
    })
    if (floor === undefined || sortKeys.length === limit) return sortKeys
  }
}

/** The same, from the last hours before `from` (ms since 1970) where they hold enough. */
async function newestOf(
  reader: TenantReader,
  where: readonly Condition[],
  { limit, from }: { readonly limit: number; readonly from: number },
): Promise<SortKeyRow[]> {
  const recent = await newestSortKeys(reader, [...where, atLeast('recent', from - RECENT_MS)], limit)
  return recent.length === limit ? recent : newestSortKeys(reader, where, limit)
}

/** Newest first. A page can hold fewer than `limit` events and not be the last. `now`: ms since 1970. Throws CursorError. */
export async function listEvents(
  reader: TenantReader,
  { where, filters }: Search,
  page: { limit: number; cursor: string | undefined },
  now: number,
): Promise<Page<EventRecord>> {
  const scope = { tenant: reader.tenant, list: 'events', filters }
  const sortKey = readSortKey(scope, page.cursor)
  const sortKeys = await newestOf(reader, [...where, ...beyond(ORDER, sortKey)], {
    limit: page.limit + 1,
    from: sortKey === undefined ? now : Number(sortKey[0]),
  })
  const shown = sortKeys.slice(0, page.limit)
  const found = await eventsById(
    reader,
    shown.map(({ event_id }) => event_id),
    [...new Set(shown.map(({ identity }) => identity))],
  )
  const last = sortKeys.length > page.limit ? shown.at(-1) : undefined
  return {
    // Copies received later than the event's first are left out: the event is, or was, listed at its first.
    items: shown.flatMap((sortKey) => {
      const event = found.get(sortKey.event_id)?.find(({ content_id }) => content_id === sortKey.content_id)
      return event?.receipt_time === isoOf(sortKey.received) && event.time === isoOf(sortKey.at) ? [event] : []
    }),
    next_cursor: last === undefined ? null : encodeCursor(scope, sortKeyOf(last)),
  }
}

/** How many events, repeats counted once, however many there are. */
export async function countEvents(reader: TenantReader, where: readonly Condition[]): Promise<number> {
  const [row] = await reader.rows<{ events: string }>({
    name: 'event_count',
    columns: [`${DISTINCT_EVENTS} AS events`],
    from: 'events',
    where,
  })
  return Number(row?.events ?? 0)
}
