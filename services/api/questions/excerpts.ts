/** The words behind events, for as long as they are kept. */
import type { ExcerptKind } from '../../../schemas/excerpt.ts'
import { condition, oneOf, type TenantDoor } from '../query.ts'

export interface ShownExcerpt {
  readonly event_id: string
  readonly kind: ExcerptKind
  readonly text: string
}

/** Those of these events, in the order of the events. */
export async function excerptsOf(door: TenantDoor, eventIds: readonly string[]): Promise<ShownExcerpt[]> {
  if (eventIds.length === 0) return []
  const rows = await door.rows<ShownExcerpt>({
    name: 'excerpts',
    columns: ['event_id', 'kind', 'text'],
    from: 'excerpts',
    final: true,
    // What is due is removed when parts are merged, which may be later.
    where: [...oneOf('event_id', eventIds), condition('kept_until > now()', {})],
    orderBy: 'event_id, place',
  })
  const byEvent = Map.groupBy(rows, ({ event_id }) => event_id)
  return [...new Set(eventIds)].flatMap((id) => byEvent.get(id) ?? [])
}
