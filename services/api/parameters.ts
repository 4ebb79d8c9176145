/** The parameters that lists share: how many, from where, of which time. Unknown parameters are refused by the schemas. */
import Type, { type TProperties } from 'typebox'
import { LIMITS } from '../../schemas/limits.ts'
import { badRequest } from './errors.ts'

export const word = (description: string) => Type.Optional(Type.String({ description, minLength: 1, maxLength: 2_048 }))

/** An id that was made here; anything else is answered with 404, because nothing has such an id. */
export const ID = Type.String({ minLength: 1, maxLength: 64 })
/** An id that goes into an order, where it must have the right form. */
export const HASH = Type.String({ pattern: '^[0-9a-f]{32}$' })
export const REASON = Type.String({
  minLength: 1,
  maxLength: LIMITS.why_chars_max,
  description: 'Why, in a person’s words',
})

const PAGE = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.list_limit_max })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 4_096, description: 'next_cursor of the page before' })),
}

export const TIMES = {
  since: word('From this time on: ISO 8601, or ms since 1970'),
  until: word('Before this time'),
}

/** The query string of a list with these filters. */
export const listQuery = <P extends TProperties>(filters: P) =>
  Type.Object({ ...PAGE, ...filters }, { additionalProperties: false })

/** A page as questions and views take it. */
export const pageOf = (query: { limit?: number; cursor?: string }): { limit: number; cursor: string | undefined } => ({
  limit: query.limit ?? LIMITS.list_items_default,
  cursor: query.cursor,
})

/** A date and time with its zone, or a date alone. Date.parse takes much more, and some of it in local time. */
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/

function instantOf(name: string, text: string): number {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : ISO.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw badRequest(`querystring: ${name} must be a time as 2026-01-31T09:00:00Z or in ms since 1970`)
}

/** `since` and `until` in ms since 1970; absent where they were not given. */
export function timesOf(query: { since?: string; until?: string }): { since?: number; until?: number } {
  return {
    ...(query.since === undefined ? {} : { since: instantOf('since', query.since) }),
    ...(query.until === undefined ? {} : { until: instantOf('until', query.until) }),
  }
}
