/** Questions about findings: lists, one finding with its evidence, how many of each severity. */
import { type Finding, SEVERITIES, type Severity } from '../../../schemas/finding.ts'
import { encodeCursor, type Page, timePlace } from '../cursor.ts'
import type { Search } from '../parameters.ts'
import { before, equal, isId, oneOf, type TenantDoor } from '../query.ts'
import { type EventRecord, eventsById } from './events.ts'

/** Newest first. Throws CursorError. */
export async function listFindings(
  door: TenantDoor,
  { where, filters }: Search,
  page: { limit: number; cursor: string | undefined },
): Promise<Page<Finding>> {
  const scope = { tenant: door.tenant, list: 'findings', filters }
  const places = await door.rows<{ id: string; ms: string }>({
    name: 'findings',
    columns: ['id', 'toUnixTimestamp64Milli(time) AS ms'],
    from: 'findings',
    final: true,
    where: [...where, ...before('id', timePlace(scope, page.cursor))],
    orderBy: 'time DESC, id DESC',
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
    next_cursor: last === undefined ? null : encodeCursor(scope, [Number(last.ms), last.id]),
  }
}

/** The newest revisions. Bodies are read in a second question, because a list would otherwise read those of all findings. */
export async function findingsById(door: TenantDoor, ids: readonly string[]): Promise<Map<string, Finding>> {
  if (ids.length === 0) return new Map()
  const rows = await door.rows<{ id: string; body: string }>({
    name: 'finding_bodies',
    columns: ['id', 'body'],
    from: 'findings',
    where: oneOf('id', ids),
    orderBy: 'id, revision DESC',
    oneBy: 'id',
  })
  return new Map(rows.map(({ id, body }) => [id, JSON.parse(body) as Finding]))
}

export interface FindingWithEvents extends Finding {
  /** The evidence in full, in the order of `evidence`; an event that retention has removed is missing here. */
  readonly events: readonly EventRecord[]
}

export async function findingInFull(door: TenantDoor, id: string): Promise<FindingWithEvents | undefined> {
  const finding = isId(id) ? (await findingsById(door, [id])).get(id) : undefined
  if (finding === undefined) return undefined
  const ids = finding.evidence.map(({ event_id }) => event_id)
  const events = await eventsById(door, ids, { raw: true })
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
