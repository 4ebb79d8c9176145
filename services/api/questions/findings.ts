/** Questions about findings: lists, one finding with its evidence, how many of each severity. */
import { type Finding, SEVERITIES, type Severity } from '../../../schemas/finding.ts'
import { CursorError, type CursorScope, decodeCursor, encodeCursor, type Page, type Place } from '../cursor.ts'
import type { Search } from '../parameters.ts'
import { beyond, equal, isId, isPlace, oneOf, type TenantDoor } from '../query.ts'
import { type EventRecord, eventsById, instantOf } from './events.ts'

const ORDER = [
  ['time', 'DateTime64(3)'],
  ['place', 'UInt64'],
  ['id', 'String'],
] as const

function readPlace(scope: CursorScope, cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  const place = decodeCursor(scope, cursor, ['number', 'number', 'string'])
  if (!isPlace(place)) throw new CursorError('this cursor was changed: ask again without a cursor')
  return place
}

/** A finding with the log's time when it was found; null where it was found before the log kept that. */
export interface FoundFinding extends Finding {
  readonly found_at: string | null
}

/** Newest first; of one time, what was found later. Throws CursorError. */
export async function listFindings(
  door: TenantDoor,
  { where, filters }: Search,
  page: { limit: number; cursor: string | undefined },
): Promise<Page<FoundFinding>> {
  const scope = { tenant: door.tenant, list: 'findings', filters }
  const places = await door.rows<{ id: string; ms: string; place: string }>({
    name: 'findings',
    columns: ['id', 'place', 'toUnixTimestamp64Milli(time) AS ms'],
    from: 'findings',
    final: true,
    where: [...where, ...beyond(ORDER, readPlace(scope, page.cursor))],
    orderBy: ORDER.map(([column]) => `${column} DESC`).join(', '),
    limit: page.limit + 1,
  })
  const shown = places.slice(0, page.limit)
  const found = await findingsById(
    door,
    shown.map(({ id }) => id),
  )
  const last = places.length > page.limit ? shown.at(-1) : undefined
  return {
    items: shown.flatMap(({ id }) => found.get(id) ?? []),
    next_cursor: last === undefined ? null : encodeCursor(scope, [Number(last.ms), Number(last.place), last.id]),
  }
}

/** Where a pull begins that has no cursor yet. */
export const PULL_START = 'start'

const PULL_ORDER = [
  ['place', 'UInt64'],
  ['id', 'String'],
] as const

/** One pull: what was found, and the cursor to go on from, which there always is. */
export interface Pull {
  readonly items: readonly FoundFinding[]
  readonly next_cursor: string
}

/**
 * Findings in the order in which they were written to the log, from a cursor on: whoever pulls on from the last cursor
 * misses none, however late its events came. A revised finding stands at the place of its revision, and comes again. Throws
 * CursorError.
 */
export async function pullFindings(
  door: TenantDoor,
  { where, filters }: Search,
  { limit, after }: { limit: number; after: string },
): Promise<Pull> {
  const scope = { tenant: door.tenant, list: 'findings-pulled', filters }
  const from = after === PULL_START ? undefined : decodeCursor(scope, after, ['number', 'string'])
  if (from !== undefined && !isPlace(from)) throw new CursorError('this cursor was changed: begin with after=start')
  const rows = await door.rows<{ id: string; place: string }>({
    name: 'findings_pulled',
    columns: ['id', 'place'],
    from: 'findings',
    final: true,
    where: [...where, ...beyond(PULL_ORDER, from, 'newer')],
    orderBy: PULL_ORDER.map(([column]) => column).join(', '),
    limit,
  })
  const found = await findingsById(
    door,
    rows.map(({ id }) => id),
  )
  const last = rows.at(-1)
  return {
    items: rows.flatMap(({ id }) => found.get(id) ?? []),
    next_cursor: last === undefined ? after : encodeCursor(scope, [Number(last.place), last.id]),
  }
}

/** The newest revisions. Bodies are read in a second question, because a list would otherwise read those of all findings. */
export async function findingsById(door: TenantDoor, ids: readonly string[]): Promise<Map<string, FoundFinding>> {
  if (ids.length === 0) return new Map()
  const rows = await door.rows<{ id: string; body: string; found_at: string }>({
    name: 'finding_bodies',
    columns: ['id', 'body', 'found_at'],
    from: 'findings',
    where: oneOf('id', ids),
    orderBy: 'id, revision DESC',
    oneBy: 'id',
  })
  return new Map(
    rows.map(({ id, body, found_at }) => [id, { ...(JSON.parse(body) as Finding), found_at: instantOf(found_at) }]),
  )
}

export interface FindingWithEvents extends FoundFinding {
  /**
   * The evidence in full, in the order of `evidence`, each with those that conflict with it; an event that retention has
   * removed is missing here.
   */
  readonly events: readonly EventRecord[]
}

export async function findingInFull(door: TenantDoor, id: string): Promise<FindingWithEvents | undefined> {
  const finding = isId(id) ? (await findingsById(door, [id])).get(id) : undefined
  if (finding === undefined) return undefined
  const ids = finding.evidence.map(({ event_id }) => event_id)
  const events = await eventsById(door, ids)
  return { ...finding, events: ids.flatMap((event) => events.get(event) ?? []) }
}

/** How many findings an identity has, by severity. */
export async function findingCounts(door: TenantDoor, agent: string): Promise<Record<Severity, number>> {
  const rows = await door.rows<{ severity: Severity; findings: string }>({
    name: 'finding_counts',
    columns: ['severity', 'uniqExact(id) AS findings'],
    from: 'findings',
    final: true,
    where: equal('agent', agent),
    groupBy: 'severity',
  })
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>
  for (const { severity, findings } of rows) counts[severity] = Number(findings)
  return counts
}
