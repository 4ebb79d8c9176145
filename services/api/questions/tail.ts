/**
 * Events as they arrive. The warehouse takes frames of many partitions in turns, so an event can arrive after one that was
 * received later. The query therefore looks back, and leaves out what was already sent.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import { condition, type TenantReader } from '../query.ts'
import type { Follow, Told } from '../streams.ts'
import { eventsById } from './events.ts'

/** What came after a time of receipt in ms, oldest first; ids are such times. */
export function followEvents(reader: TenantReader, now: number): Follow {
  const told = new Map<string, number>()
  return async (after) => {
    const since = after === undefined ? now : Number(after)
    const rows = await reader.rows<{ event_id: string; received: string }>({
      name: 'events_tail',
      columns: ['event_id', 'toUnixTimestamp64Milli(min(receipt_time)) AS received'],
      from: 'events',
      where: [
        condition("receipt_time > fromUnixTimestamp64Milli({since:Int64}, 'UTC')", {
          since: Math.max(0, since - (told.size === 0 ? 0 : LIMITS.tail_overlap_ms)),
        }),
      ],
      groupBy: 'event_id',
      orderBy: 'received, event_id',
      limit: LIMITS.list_limit_max,
    })
    const fresh = rows.filter(({ event_id }) => !told.has(event_id))
    const found = await eventsById(
      reader,
      fresh.map(({ event_id }) => event_id),
    )
    for (const { event_id, received } of fresh) told.set(event_id, Number(received))
    const newest = fresh.reduce((latest, { received }) => Math.max(latest, Number(received)), since)
    for (const [id, received] of told) if (received < newest - 2 * LIMITS.tail_overlap_ms) told.delete(id)
    const news = fresh.flatMap(({ event_id, received }): Told[] =>
      (found.get(event_id) ?? []).map((item) => ({ id: received, item })),
    )
    return { told: news, after: String(newest) }
  }
}
