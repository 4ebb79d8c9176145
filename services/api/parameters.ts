/** The parameters that lists share: how many, from where, of which time. Unknown parameters are refused by the schemas. */
import Type, { type TProperties } from 'typebox'
import { LIMITS } from '../../schemas/limits.ts'
import { badRequest } from './errors.ts'
import type { Condition } from './query.ts'
import { instantOf, TIME_FORMS, TIME_PATTERN } from './search/times.ts'
import { TOLD_LATER } from './validating.ts'

export const word = (description: string) => Type.Optional(Type.String({ description, minLength: 1, maxLength: 2_048 }))

/** An id that was made here; anything else is answered with 404, because nothing has such an id. */
export const ID = Type.String({ minLength: 1, maxLength: 64 })
/** A name in a path. */
export const ID_TEXT = Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max })
/** An id that goes into an order and must have the right form. */
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

/** A time in a query string. */
export const timeWord = (description: string) =>
  Type.Optional(Type.String({ description, pattern: TIME_PATTERN, maxLength: 40, minLength: 1, [TOLD_LATER]: true }))

export const TIMES = {
  since: timeWord('From this time on: ISO 8601, -24h, or ms since 1970'),
  until: timeWord('Before this time'),
}

/** A field of a search, as far as its filter needs it. */
interface Filtered {
  readonly words?: readonly string[]
}

/** The filters of a list; one whose field has a closed list of words takes those alone, several with commas. */
export function exactFilters<P extends TProperties>(filters: P, fields: ReadonlyMap<string, Filtered>): P {
  const exact = Object.entries(filters).map(([name, schema]) => {
    const words = fields.get(name)?.words
    const { description = '', enum: closed } = schema as { description?: string; enum?: unknown }
    if (words === undefined || closed !== undefined) return [name, schema] as const
    const one = `([*]|${words.join('|')})`
    return [
      name,
      Type.Optional(
        Type.String({ description, pattern: `^${one}(,${one})*$`, maxLength: 2_048, minLength: 1, [TOLD_LATER]: true }),
      ),
    ] as const
  })
  return Object.fromEntries(exact) as P
}

/** The parameters of a search. */
export const SEARCH = {
  q: Type.Optional(
    Type.String({ maxLength: LIMITS.search_chars_max, description: 'A search, as docs/search.md explains' }),
  ),
  ...TIMES,
}

/** The filter of a list by name. */
export const NAME = {
  name: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LIMITS.name_chars_max,
      description: 'Only those whose name holds this, in any case',
    }),
  ),
}

/** The query string of a list with these filters. */
export const listQuery = <P extends TProperties>(filters: P) =>
  Type.Object({ ...PAGE, ...filters }, { additionalProperties: false })

/** A page as questions and views take it. */
export const pageOf = (query: { limit?: number; cursor?: string }): { limit: number; cursor: string | undefined } => ({
  limit: query.limit ?? LIMITS.list_items_default,
  cursor: query.cursor,
})

function timeOf(name: string, text: string, now: number): number {
  const ms = instantOf(text, now)
  if (ms !== undefined) return ms
  throw badRequest(`querystring: ${name} must be ${TIME_FORMS}`)
}

/** What a list searches for: its conditions, and the words that its cursors hold on to. */
export interface Search {
  readonly where: readonly Condition[]
  readonly filters: Readonly<Record<string, unknown>>
}

/** The search of a list. A time like `-24h` stays as it was given: turning pages does not move it into another list. */
export function searchOf(query: object, where: readonly Condition[]): Search {
  const { limit: _limit, cursor: _cursor, ...filters } = query as Record<string, unknown>
  return { where, filters }
}

/** `since` and `until` in ms since 1970; absent if not given. */
export function timesOf(query: { since?: string; until?: string }, now: number): { since?: number; until?: number } {
  return {
    ...(query.since === undefined ? {} : { since: timeOf('since', query.since, now) }),
    ...(query.until === undefined ? {} : { until: timeOf('until', query.until, now) }),
  }
}
