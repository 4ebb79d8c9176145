/** Questions about when: an identity's hours now against before, what it did after a moment, how much goes on at all. */
import { LIMITS } from '../../../schemas/limits.ts'
import { condition, equal, type TenantDoor, within } from '../query.ts'
import { DISTINCT_EVENTS } from '../search/fields.ts'
import { type EventRecord, eventsById } from './events.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Seven rows, Monday first, of 24 counts; in UTC. */
export type Week = readonly (readonly number[])[]

async function week(door: TenantDoor, identity: string, since: number, until: number): Promise<Week> {
  const rows = await door.rows<{ day: number; hour: number; events: string }>({
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
  door: TenantDoor,
  identity: string,
  now: number,
  days: number,
): Promise<{ now: Week; before: Week; days_now: number; days_before: number }> {
  const begin = now - days * DAY_MS
  const [recent, before] = await Promise.all([
    week(door, identity, begin, now),
    week(door, identity, begin - 4 * days * DAY_MS, begin),
  ])
  return { now: recent, before, days_now: days, days_before: 4 * days }
}

/** What an identity did after a moment, in order, and how much it was in all. */
export async function eventsAfter(
  door: TenantDoor,
  identity: string,
  afterMs: number,
  limit: number,
): Promise<{ items: EventRecord[]; events: number }> {
  const where = [...equal('identity', identity), ...within(afterMs + 1, undefined)]
  const [rows, [all]] = await Promise.all([
    door.rows<{ event_id: string }>({
      name: 'events_after',
      columns: ['event_id', 'min((time, time_ns, receipt_time, sequence)) AS at'],
      from: 'events',
      where,
      groupBy: 'event_id',
      orderBy: 'at, event_id',
      limit,
    }),
    door.rows<{ events: string }>({
      name: 'events_after_count',
      columns: [`${DISTINCT_EVENTS} AS events`],
      from: 'events',
      where,
    }),
  ])
  const ids = rows.map(({ event_id }) => event_id)
  const found = await eventsById(door, ids, [identity])
  return { items: ids.flatMap((id) => found.get(id) ?? []), events: Number(all?.events ?? 0) }
}

const UNTIMED_SENDERS_SHOWN = 10

export interface Activity {
  readonly events: number
  readonly events_last_hour: number
  readonly agents_last_hour: number
  /** Of the events of the last hour, those whose time was replaced, by the token that sent them, most first. */
  readonly untimed_last_hour: readonly { readonly sender: string; readonly events: number }[]
}

/** How much goes on: by receipt, because that is what "now" means to whoever looks. */
export async function activity(door: TenantDoor, now: number): Promise<Activity> {
  const recent = "receipt_time >= fromUnixTimestamp64Milli({hour_ago:Int64}, 'UTC')"
  const params = { hour_ago: now - HOUR_MS }
  const [[all], [last], untimed] = await Promise.all([
    door.rows<{ events: string }>({ name: 'activity_all', columns: [`${DISTINCT_EVENTS} AS events`], from: 'events' }),
    door.rows<{ events: string; agents: string }>({
      name: 'activity_hour',
      columns: [`${DISTINCT_EVENTS} AS events`, 'uniqExact(identity) AS agents'],
      from: 'events',
      where: [condition(recent, params)],
    }),
    door.rows<{ sender: string; events: string }>({
      name: 'activity_untimed',
      columns: ['sender', `${DISTINCT_EVENTS} AS events`],
      from: 'events',
      where: [condition(recent, params), condition("time_flag != 'ok'", {})],
      groupBy: 'sender',
      orderBy: 'events DESC, sender',
      limit: UNTIMED_SENDERS_SHOWN,
    }),
  ])
  return {
    events: Number(all?.events ?? 0),
    events_last_hour: Number(last?.events ?? 0),
    agents_last_hour: Number(last?.agents ?? 0),
    untimed_last_hour: untimed.map(({ sender, events }) => ({ sender, events: Number(events) })),
  }
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

const EDGES = [
  { kind: 'peer', to: 'arrayJoin(peer_domains)' },
  { kind: 'credential', to: 'credential' },
  { kind: 'delegation', to: 'arrayJoin(on_behalf_of)' },
] as const

async function edgesOf(door: TenantDoor, kind: (typeof EDGES)[number], since: number, limit: number): Promise<Edge[]> {
  const counted = "uniqExactIf(event_id, time >= fromUnixTimestamp64Milli({since:Int64}, 'UTC'))"
  const rows = await door.rows<{ from: string; to: string; count: string; first: string }>({
    name: `graph_${kind.kind}`,
    columns: [
      'identity AS from',
      `${kind.to} AS to`,
      `${counted} AS count`,
      'toUnixTimestamp64Milli(min(time)) AS first',
    ],
    from: 'events',
    where: [condition("to != ''", { since })],
    groupBy: 'from, to',
    orderBy: 'count DESC, from, to',
    limit,
  })
  return rows
    .filter(({ count }) => count !== '0')
    .map(({ from, to, count, first }) => ({
      from,
      to,
      kind: kind.kind,
      count: Number(count),
      first_seen: new Date(Number(first)).toISOString(),
      new: Number(first) >= since,
    }))
}

/** Who talked to whom since then; an edge is new where it was never there before. The busiest of each kind. */
export async function edges(door: TenantDoor, since: number): Promise<Edge[]> {
  const all = await Promise.all(EDGES.map((kind) => edgesOf(door, kind, since, LIMITS.graph_edges_max)))
  return all.flat()
}

/** How many findings each detector has, newest revisions alone. */
export async function findingsByDetector(door: TenantDoor): Promise<Map<string, number>> {
  const rows = await door.rows<{ detector: string; findings: string }>({
    name: 'findings_by_detector',
    columns: ['detector', 'uniqExact(id) AS findings'],
    from: 'findings',
    groupBy: 'detector',
  })
  return new Map(rows.map(({ detector, findings }) => [detector, Number(findings)]))
}
