/** The words behind events, for as long as they are kept. */
import type { ExcerptKind } from '../../../schemas/excerpt.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { API_LIMITS } from '../limits.ts'
import { condition, equal, oneOf, type TenantReader, within } from '../query.ts'

export interface ShownExcerpt {
  readonly event_id: string
  readonly kind: ExcerptKind
  readonly text: string
}

/** The messages of the user in the session of a finding, up to its newest evidence: what was asked for last, oldest first. */
async function tasksOf(reader: TenantReader, { agent, session, evidence }: Finding): Promise<string[]> {
  const newest = Math.max(...evidence.map(({ time }) => Date.parse(time)))
  if (session === null || session === '' || !Number.isFinite(newest)) return []
  const rows = await reader.rows<{ event_id: string }>({
    name: 'finding_tasks',
    columns: ['event_id', 'min((time, time_ns, receipt_time, sequence)) AS at'],
    from: 'events',
    where: [
      ...equal('identity', agent),
      ...equal('session', session),
      ...equal('kind', 'message'),
      ...within(newest - API_LIMITS.finding_tasks_ms_max, newest + 1),
    ],
    groupBy: 'event_id',
    orderBy: 'at DESC, event_id',
    limit: API_LIMITS.finding_tasks_max,
  })
  return rows.map(({ event_id }) => event_id).toReversed()
}

/** The words that a finding is judged by: what the user had asked for, then those of its evidence. */
export async function excerptsBehind(reader: TenantReader, finding: Finding): Promise<ShownExcerpt[]> {
  const evidence = finding.evidence.map(({ event_id }) => event_id)
  return excerptsOf(reader, [...(await tasksOf(reader, finding)), ...evidence])
}

/** Those of these events, in the order of the events. */
async function excerptsOf(reader: TenantReader, eventIds: readonly string[]): Promise<ShownExcerpt[]> {
  if (eventIds.length === 0) return []
  const rows = await reader.rows<ShownExcerpt>({
    name: 'excerpts',
    columns: ['event_id', 'kind', 'text'],
    from: 'excerpts',
    final: true,
    // Expired rows are removed when parts are merged, which can be later.
    where: [...oneOf('event_id', eventIds), condition('kept_until > now()', {})],
    orderBy: 'event_id, place',
  })
  const byEvent = Map.groupBy(rows, ({ event_id }) => event_id)
  return [...new Set(eventIds)].flatMap((id) => byEvent.get(id) ?? [])
}
