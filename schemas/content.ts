/**
 * The content of an event: what its record says happened. Two copies of one event id with the same content are one
 * event that came twice. A copy with another content is a separate event, so that knowing an event's id is not enough
 * to hide or rewrite it.
 *
 * What may differ between two honest sends of one record is left out: times, receipt, sender, flags, indicators,
 * anything derived from a key of the tenant, and what an exporter or a gateway adds on the way. The hash uses columns
 * alone, so that the warehouse computes the same for rows that were stored before the column existed.
 */
import type { Event } from './event.ts'
import { H } from './ids.ts'

/** In the order in which they are hashed. */
export const CONTENT_COLUMNS = [
  'identity',
  'action',
  'kind',
  'target',
  'outcome',
  'credential',
  'source_address',
  'peer',
  'session',
] as const satisfies readonly (keyof Event)[]

/** What HMACs of credentials look like: hex digits alone. An id of a log has other letters in it, too. */
export const KEYED_CREDENTIAL = '^(?:[0-9a-f]{32}|[0-9a-f]{64})$'
const keyedCredential = new RegExp(KEYED_CREDENTIAL)

/** Columns whose values name the content. A derived conversation is left out: it may be derived otherwise one day. */
export type Content = Pick<Event, (typeof CONTENT_COLUMNS)[number] | 'session_derived'>

/** 32 hex digits. */
export function contentId(event: Content): string {
  const parts = CONTENT_COLUMNS.map((column) => {
    if (column === 'credential' && keyedCredential.test(event.credential)) return ''
    return column === 'session' && event.session_derived === 1 ? '' : event[column]
  })
  return H('content', ...parts)
}
