/**
 * Questions about events. The log delivers at least once, and senders repeat, so the table may hold an event several times,
 * and where its time was replaced by the receipt time even at several times. Here each event is one: the copy that was
 * received first. A copy with another content is an event of its own, and says that it conflicts with the first.
 */
import { type Event, EVENT_COLUMNS } from '../../../schemas/event.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { CursorError, type CursorScope, decodeCursor, encodeCursor, type Page, type Place } from '../cursor.ts'
import type { Search } from '../parameters.ts'
import { beyond, type Condition, equal, isId, isPlace, oneOf, type TenantDoor, within } from '../query.ts'
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

const INSTANTS = EVENT_COLUMNS.filter(({ clickhouse }) => clickhouse.startsWith('DateTime64')).map(({ name }) => name)
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

/** The same, null for what is not known. */
export const instantOf = (text: string): string | null => (text === NEVER ? null : isoOf(text))

/** What says nothing is not shown: most events leave most columns empty. */
const isEmpty = (value: unknown): boolean =>
  value === '' || value === 0 || value === null || value === 'unknown' || (Array.isArray(value) && value.length === 0)

function eventOf(row: Record<string, unknown>, conflict: boolean): EventRecord {
  const values = new Map(Object.entries(row))
  for (const name of INSTANTS) values.set(name, instantOf(values.get(name) as string))
  const indicators = row['indicators'] as string
  values.set('indicators', indicators === '' ? null : JSON.parse(indicators))
  if (conflict) values.set('conflict', true)
  return Object.fromEntries([...values].filter(([, value]) => !isEmpty(value))) as unknown as EventRecord
}

/**
 * The events with these ids, the one received first before those that conflict with it. `identities`, where known, spares
 * reading the rest of the tenant; what conflicts in the name of another identity is not seen then.
 */
export async function eventsById(
  door: TenantDoor,
  ids: readonly string[],
  identities?: readonly string[],
): Promise<Map<string, readonly EventRecord[]>> {
  const wellFormed = ids.filter(isId)
  if (wellFormed.length === 0) return new Map()
  const rows = await door.rows<Record<string, unknown>>({
    name: 'events_by_id',
    columns: EVENT_COLUMNS.map(({ name }) => `\`${name}\``),
    from: 'events',
    where: [...oneOf('event_id', wellFormed), ...oneOf('identity', identities)],
    orderBy: 'event_id, receipt_time, time, content_id',
    oneBy: 'event_id, content_id',
  })
  const groups = Map.groupBy(rows, (row) => row['event_id'] as string)
  return new Map([...groups].map(([id, copies]) => [id, copies.map((copy, index) => eventOf(copy, index > 0))]))
}

/** A span beside a log record, and the other way round; undefined for what is no call of a tool with an id. */
const otherRecord = (event: EventRecord): Event['call_record'] | undefined =>
  event.call_record === 'log' ? 'span' : event.call_record === 'span' ? 'log' : undefined

/**
 * The same call of a tool as the other kind of record told it, oldest first: by identity, conversation, id of the call and
 * action, as stage one joins them. Who told more than the first is judged beside it.
 */
export async function otherTellings(door: TenantDoor, event: EventRecord): Promise<readonly EventRecord[]> {
  const other = otherRecord(event)
  if (other === undefined || event.session === undefined || event.source_id === undefined) return []
  const time = Date.parse(event.time)
  const rows = await door.rows<Record<string, unknown>>({
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
    oneBy: 'event_id',
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

interface PlaceRow {
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

const placeOf = (row: PlaceRow): Place => [
  Number(row.ms),
  row.time_ns,
  Number(row.received_ms),
  row.sequence,
  row.event_id,
  row.content_id,
]

function readPlace(scope: CursorScope, cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  const place = decodeCursor(scope, cursor, ['number', 'number', 'number', 'number', 'string', 'string'])
  if (!isPlace(place)) throw new CursorError('this cursor was changed: ask again without a cursor')
  return place
}

/** Newest first. A page can hold fewer than `limit` events and not be the last. Throws CursorError. */
export async function listEvents(
  door: TenantDoor,
  { where, filters }: Search,
  page: { limit: number; cursor: string | undefined },
): Promise<Page<EventRecord>> {
  const scope = { tenant: door.tenant, list: 'events', filters }
  const places = await door.rows<PlaceRow>({
    name: 'events',
    columns: [
      'event_id, content_id, identity, time_ns, sequence, time AS at, receipt_time AS received',
      'toUnixTimestamp64Milli(time) AS ms',
      'toUnixTimestamp64Milli(receipt_time) AS received_ms',
    ],
    from: 'events',
    where: [...where, ...beyond(ORDER, readPlace(scope, page.cursor))],
    orderBy: ORDER.map(([column]) => `${column} DESC`).join(', '),
    oneBy: 'event_id, content_id, time, receipt_time, sequence',
    limit: page.limit + 1,
  })
  const shown = places.slice(0, page.limit)
  const found = await eventsById(
    door,
    shown.map(({ event_id }) => event_id),
    [...new Set(shown.map(({ identity }) => identity))],
  )
  const last = places.length > page.limit ? shown.at(-1) : undefined
  return {
    // A copy that was received later than the event's first is left out: the event stands, or stood, at its first.
    items: shown.flatMap((place) => {
      const event = found.get(place.event_id)?.find(({ content_id }) => content_id === place.content_id)
      return event?.receipt_time === isoOf(place.received) && event.time === isoOf(place.at) ? [event] : []
    }),
    next_cursor: last === undefined ? null : encodeCursor(scope, placeOf(last)),
  }
}

/** How many events, repeats counted once. */
export async function countEvents(door: TenantDoor, where: readonly Condition[]): Promise<number> {
  const [row] = await door.rows<{ events: string }>({
    name: 'event_count',
    columns: [`${DISTINCT_EVENTS} AS events`],
    from: 'events',
    where,
  })
  return Number(row?.events ?? 0)
}
