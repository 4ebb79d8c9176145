/** Questions about time: an identity's hours now against before, what it did after a moment, how much activity there is. */
import { LIMITS } from '../../../schemas/limits.ts'
import { API_LIMITS } from '../limits.ts'
import { type Condition, condition, equal, oneOf, type TenantReader, within } from '../query.ts'
import { DISTINCT_EVENTS, EVENTS } from '../search/fields.ts'
import { countOf } from './counting.ts'
import { countEvents, type EventRecord, eventsById } from './events.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Seven rows, Monday first, of 24 counts; in UTC. */
export type Week = readonly (readonly number[])[]

async function week(reader: TenantReader, identity: string, since: number, until: number): Promise<Week> {
  const rows = await reader.rows<{ day: number; hour: number; events: string }>({
    name: 'identity_hours',
    columns: ['toDayOfWeek(time) AS day', 'toHour(time) AS hour', `${DISTINCT_EVENTS} AS events`],
    from: 'events',
    where: [...equal('identity', identity), ...within(since, until)],
    groupBy: 'day, hour',
  })
  const counts = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0))
  for (const { day, hour, events } of rows) counts[day - 1]?.splice(hour, 1, Number(events))
  return counts
}

/** The last `days` before `now`, and the four times as many days before those. */
export async function hours(
  reader: TenantReader,
  identity: string,
  now: number,
  days: number,
): Promise<{ now: Week; before: Week; days_now: number; days_before: number }> {
  const begin = now - days * DAY_MS
  const [recent, before] = await Promise.all([
    week(reader, identity, begin, now),
    week(reader, identity, begin - 4 * days * DAY_MS, begin),
  ])
  return { now: recent, before, days_now: days, days_before: 4 * days }
}

/** What an identity did after a moment, in order, and how much it was in all. */
export async function eventsAfter(
  reader: TenantReader,
  identity: string,
  afterMs: number,
  limit: number,
): Promise<{ items: EventRecord[]; events: number }> {
  const rows = await reader.rows<{ event_id: string; events: string }>({
    name: 'events_after',
    columns: [
      'event_id',
      'min((time, time_ns, receipt_time, sequence)) AS at',
      // Of all groups, before the limit.
      'count() OVER () AS events',
    ],
    from: 'events',
    where: [...equal('identity', identity), ...within(afterMs + 1, undefined)],
    groupBy: 'event_id',
    orderBy: 'at, event_id',
    limit,
  })
  const ids = rows.map(({ event_id }) => event_id)
  const found = await eventsById(reader, ids, [identity])
  return { items: ids.flatMap((id) => found.get(id) ?? []), events: Number(rows[0]?.events ?? 0) }
}

const UNTIMED_SENDERS_SHOWN = 10

/** How many events are kept; see counting.ts. */
async function rowsOrEvents(reader: TenantReader): Promise<number> {
  const count = await countOf(reader, EVENTS, [])
  const [all] = await reader.rows<{ events: string }>({
    name: 'activity_all',
    columns: [`${count} AS events`],
    from: 'events',
  })
  return Number(all?.events ?? 0)
}

export interface Activity {
  readonly events: number
  readonly events_last_hour: number
  readonly agents_last_hour: number
  /** Of the events of the last hour, those whose time was replaced, by the token that sent them, most first. */
  readonly untimed_last_hour: readonly { readonly sender: string; readonly events: number }[]
}

/** How much activity there is: by receipt, because that is what "now" means to a reader. */
export async function activity(reader: TenantReader, now: number): Promise<Activity> {
  const recent = condition("receipt_time >= fromUnixTimestamp64Milli({hour_ago:Int64}, 'UTC')", {
    hour_ago: now - HOUR_MS,
  })
  const [events, [last]] = await Promise.all([
    rowsOrEvents(reader),
    reader.rows<Record<'rows' | 'agents' | 'untimed', string>>({
      name: 'activity_hour',
      columns: ['count() AS rows', 'uniqExact(identity) AS agents', "countIf(time_flag != 'ok') AS untimed"],
      from: 'events',
      where: [recent],
    }),
  ])
  const rows = Number(last?.rows ?? 0)
  const [recentEvents, untimed] = await Promise.all([
    rows > API_LIMITS.rows_counted_by_id_max ? rows : countEvents(reader, [recent]),
    Number(last?.untimed ?? 0) === 0 ? [] : untimedSenders(reader, recent),
  ])
  return {
    events,
    events_last_hour: recentEvents,
    agents_last_hour: Number(last?.agents ?? 0),
    untimed_last_hour: untimed,
  }
}

/** Who sent events whose time was replaced, most first. */
async function untimedSenders(reader: TenantReader, recent: Condition): Promise<Activity['untimed_last_hour']> {
  const rows = await reader.rows<{ sender: string; events: string }>({
    name: 'activity_untimed',
    columns: ['sender', `${DISTINCT_EVENTS} AS events`],
    from: 'events',
    where: [recent, condition("time_flag != 'ok'", {})],
    groupBy: 'sender',
    orderBy: 'events DESC, sender',
    limit: UNTIMED_SENDERS_SHOWN,
  })
  return rows.map(({ sender, events }) => ({ sender, events: Number(events) }))
}

export interface Edge {
  readonly from: string
  readonly to: string
  /** peer: talks to it; credential: uses it; delegation: acts for it. */
  readonly kind: string
  readonly count: number
  readonly first_seen: string
  readonly new: boolean
}

/** Kinds of edges: their ends as a list of an event, and one by one. */
const EDGES = [
  { kind: 'peer', ends: 'peer_domains', to: 'arrayJoin(peer_domains)' },
  { kind: 'credential', ends: '[credential]', to: 'credential' },
  { kind: 'delegation', ends: 'on_behalf_of', to: 'arrayJoin(on_behalf_of)' },
] as const

type EdgeKind = (typeof EDGES)[number]

/** The first event of all of each edge, in ms, by its ends: only the identities of these edges are read. */
async function firstTimes(reader: TenantReader, kind: EdgeKind, ends: readonly { from: string; to: string }[]) {
  const all = (end: 'from' | 'to'): string[] => [...new Set(ends.map((edge) => edge[end]))]
  const rows = await reader.rows<{ from: string; to: string; first: string }>({
    name: `graph_${kind.kind}_first`,
    columns: ['identity AS from', `${kind.to} AS to`, 'toUnixTimestamp64Milli(min(time)) AS first'],
    from: 'events',
    where: [...oneOf('identity', all('from')), condition('to IN {ends:Array(String)}', { ends: all('to') })],
    groupBy: 'from, to',
  })
  return new Map(rows.map(({ from, to, first }) => [JSON.stringify([from, to]), Number(first)]))
}

/** The busiest edges of each kind since then, in one pass; `counted`: the expression that counts. */
async function busiest(reader: TenantReader, where: readonly Condition[], counted: string, limit: number) {
  const ends = EDGES.map(({ kind, ends: list }) => `arrayMap(v -> ('${kind}', v), arrayFilter(v -> v != '', ${list}))`)
  const rows = await reader.rows<{ from: string; kind: EdgeKind['kind']; to: string; count: string }>({
    name: 'graph',
    columns: [
      `arrayJoin(arrayConcat(${ends.join(', ')})) AS end`,
      'identity AS from',
      'end.1 AS kind',
      'end.2 AS to',
      `${counted} AS count`,
    ],
    from: 'events',
    where,
    groupBy: 'from, end',
    orderBy: 'kind, count DESC, from, to',
    limitBy: { columns: 'kind', rows: limit },
  })
  return EDGES.map((kind) => [kind, rows.filter((row) => row.kind === kind.kind)] as const)
}

/** Who talked to whom since then, the busiest of each kind. An edge is new if it was never there before. */
export async function edges(reader: TenantReader, since: number): Promise<Edge[]> {
  const where = within(since, undefined)
  const counted = await countOf(reader, { ...EVENTS, name: 'graph' }, where)
  const found = await busiest(reader, where, counted, LIMITS.graph_edges_max)
  const all = await Promise.all(
    found.map(async ([kind, rows]) => {
      const first = rows.length === 0 ? new Map<string, number>() : await firstTimes(reader, kind, rows)
      return rows.map(({ from, to, count }): Edge => {
        const at = first.get(JSON.stringify([from, to])) ?? since
        const first_seen = new Date(at).toISOString()
        return { from, to, kind: kind.kind, count: Number(count), first_seen, new: at >= since }
      })
    }),
  )
  return all.flat()
}

/** How many findings each detector has, newest revisions alone. */
export async function findingsByDetector(reader: TenantReader): Promise<Map<string, number>> {
  const rows = await reader.rows<{ detector: string; findings: string }>({
    name: 'findings_by_detector',
    columns: ['detector', 'uniqExact(id) AS findings'],
    from: 'findings',
    groupBy: 'detector',
  })
  return new Map(rows.map(({ detector, findings }) => [detector, Number(findings)]))
}
