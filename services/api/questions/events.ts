/**
 * Questions about events. The log delivers at least once, so the table may hold an event several times, and where its
 * time was replaced by the receipt time even at several times. Here each event is one: its copy with the earliest time.
 */
import { type Event, EVENT_COLUMNS } from '../../../schemas/event.ts'
import { encodeCursor, type Page, timePlace } from '../cursor.ts'
import type { Search } from '../parameters.ts'
import { before, type Condition, isId, oneOf, type TenantDoor } from '../query.ts'
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
      Readonly<Record<Exclude<Instant, 'time'>, string>> & { readonly indicators: unknown }
  >

const NEVER = '1970-01-01 00:00:00.000'
/** ClickHouse's text of a DateTime64(3) in UTC as ISO 8601. */
export const isoOf = (text: string): string => `${text.replace(' ', 'T')}Z`

/** What says nothing is not shown: most events leave most columns empty. */
const isEmpty = (value: unknown): boolean =>
  value === '' || value === 0 || value === null || value === 'unknown' || (Array.isArray(value) && value.length === 0)

function eventOf(row: Record<string, unknown>): EventRecord {
  const values = new Map(Object.entries(row))
  for (const name of INSTANTS) {
    const text = values.get(name) as string
    values.set(name, text === NEVER ? null : isoOf(text))
  }
  const indicators = row['indicators'] as string
  values.set('indicators', indicators === '' ? null : JSON.parse(indicators))
  return Object.fromEntries([...values].filter(([, value]) => !isEmpty(value))) as unknown as EventRecord
}

/** The events with these ids, each once. `identities`, where known, spares reading the rest of the tenant. */
export async function eventsById(
  door: TenantDoor,
  ids: readonly string[],
  { raw = false, identities }: { raw?: boolean; identities?: readonly string[] } = {},
): Promise<Map<string, EventRecord>> {
  const wellFormed = ids.filter(isId)
  if (wellFormed.length === 0) return new Map()
  const rows = await door.rows<Record<string, unknown>>({
    name: 'events_by_id',
    columns: EVENT_COLUMNS.filter(({ name }) => raw || name !== 'raw').map(({ name }) => `\`${name}\``),
    from: 'events',
    where: [...oneOf('event_id', wellFormed), ...oneOf('identity', identities)],
    orderBy: 'event_id, time, receipt_time',
    oneBy: 'event_id',
  })
  return new Map(rows.map((row) => [row['event_id'] as string, eventOf(row)]))
}

/** Newest first. A page can hold fewer than `limit` events and not be the last. Throws CursorError. */
export async function listEvents(
  door: TenantDoor,
  { where, filters }: Search,
  page: { limit: number; cursor: string | undefined },
): Promise<Page<EventRecord>> {
  const scope = { tenant: door.tenant, list: 'events', filters }
  const places = await door.rows<{ event_id: string; identity: string; at: string; ms: string }>({
    name: 'events',
    columns: ['event_id', 'identity', 'time AS at', 'toUnixTimestamp64Milli(time) AS ms'],
    from: 'events',
    where: [...where, ...before('event_id', timePlace(scope, page.cursor))],
    orderBy: 'time DESC, event_id DESC',
    oneBy: 'event_id, time',
    limit: page.limit + 1,
  })
  const shown = places.slice(0, page.limit)
  const found = await eventsById(
    door,
    shown.map(({ event_id }) => event_id),
    { identities: [...new Set(shown.map(({ identity }) => identity))] },
  )
  const last = places.length > page.limit ? shown.at(-1) : undefined
  return {
    // A copy at a later time than the event's own is left out: the event stands, or stood, at its earliest.
    items: shown.flatMap(({ event_id, at }) => {
      const event = found.get(event_id)
      return event !== undefined && event.time === isoOf(at) ? [event] : []
    }),
    next_cursor: last === undefined ? null : encodeCursor(scope, [Number(last.ms), last.event_id]),
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
