/** Questions about findings: lists, one finding with its evidence, how many of each severity. */
import { isId } from '../../../schemas/id-text.ts'
import { type Finding, SEVERITIES, type Severity } from '../../../schemas/finding.ts'
import { CursorError, type CursorScope, decodeCursor, encodeCursor, type Page, type SortKey } from '../cursor.ts'
import type { Search } from '../parameters.ts'
import { beyond, equal, isSortKey, oneOf, type TenantReader } from '../query.ts'
import { type EventRecord, eventsById, instantOf } from './events.ts'

const ORDER = [
  ['time', 'DateTime64(3)'],
  ['place', 'UInt64'],
  ['id', 'String'],
] as const

function readSortKey(scope: CursorScope, cursor: string | undefined): SortKey | undefined {
  if (cursor === undefined) return undefined
  const sortKey = decodeCursor(scope, cursor, ['number', 'number', 'string'])
  if (!isSortKey(sortKey)) throw new CursorError('this cursor was changed: ask again without a cursor')
  return sortKey
}

/** A finding with the log time at which it was found; null if it was found before the log kept that. */
export interface FoundFinding extends Finding {
  readonly found_at: string | null
}

/** Newest first; at equal times, the one found later first. Throws CursorError. */
export async function listFindings(
  reader: TenantReader,
  { where, filters }: Search,
  page: { limit: number; cursor: string | undefined },
): Promise<Page<FoundFinding>> {
  const scope = { tenant: reader.tenant, list: 'findings', filters }
  const sortKeys = await reader.rows<{ id: string; ms: string; place: string }>({
    name: 'findings',
    columns: ['id', 'place', 'toUnixTimestamp64Milli(time) AS ms'],
    from: 'findings',
    final: true,
    where: [...where, ...beyond(ORDER, readSortKey(scope, page.cursor))],
    orderBy: ORDER.map(([column]) => `${column} DESC`).join(', '),
    limit: page.limit + 1,
  })
  const shown = sortKeys.slice(0, page.limit)
  const found = await findingsById(
    reader,
    shown.map(({ id }) => id),
  )
  const last = sortKeys.length > page.limit ? shown.at(-1) : undefined
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

/** One pull: what was found, and the cursor to continue from, which always exists. */
export interface Pull {
  readonly items: readonly FoundFinding[]
  readonly next_cursor: string
}

/**
 * Findings in the order in which they were written to the log, from a cursor on. A client that continues from its last
 * cursor misses none, however late the events arrived. A revised finding moves to the position of its revision and is
 * returned again. Throws CursorError.
 */
export async function pullFindings(
  reader: TenantReader,
  { where, filters }: Search,
  { limit, after }: { limit: number; after: string },
): Promise<Pull> {
  const scope = { tenant: reader.tenant, list: 'findings-pulled', filters }
  const from = after === PULL_START ? undefined : decodeCursor(scope, after, ['number', 'string'])
  if (from !== undefined && !isSortKey(from)) throw new CursorError('this cursor was changed: begin with after=start')
  const rows = await reader.rows<{ id: string; place: string }>({
    name: 'findings_pulled',
    columns: ['id', 'place'],
    from: 'findings',
    final: true,
    where: [...where, ...beyond(PULL_ORDER, from, 'newer')],
    orderBy: PULL_ORDER.map(([column]) => column).join(', '),
    limit,
  })
  const found = await findingsById(
    reader,
    rows.map(({ id }) => id),
  )
  const last = rows.at(-1)
  return {
    items: rows.flatMap(({ id }) => found.get(id) ?? []),
    next_cursor: last === undefined ? after : encodeCursor(scope, [Number(last.place), last.id]),
  }
}

/** The newest revisions. Bodies are read in a second question, because a list would otherwise read those of all findings. */
export async function findingsById(reader: TenantReader, ids: readonly string[]): Promise<Map<string, FoundFinding>> {
  if (ids.length === 0) return new Map()
  const rows = await reader.rows<{ id: string; body: string; found_at: string }>({
    name: 'finding_bodies',
    columns: ['id', 'body', 'found_at'],
    from: 'findings',
    where: oneOf('id', ids),
    orderBy: 'id, revision DESC',
    limitBy: { columns: 'id', rows: 1 },
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

export const findingById = async (reader: TenantReader, id: string): Promise<FoundFinding | undefined> =>
  isId(id) ? (await findingsById(reader, [id])).get(id) : undefined

export async function findingInFull(reader: TenantReader, id: string): Promise<FindingWithEvents | undefined> {
  const finding = await findingById(reader, id)
  if (finding === undefined) return undefined
  const ids = finding.evidence.map(({ event_id }) => event_id)
  const events = await eventsById(reader, ids)
  return { ...finding, events: ids.flatMap((event) => events.get(event) ?? []) }
}

/** How many findings an identity has, by severity. */
export async function findingCounts(reader: TenantReader, agent: string): Promise<Record<Severity, number>> {
  const rows = await reader.rows<{ severity: Severity; findings: string }>({
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
