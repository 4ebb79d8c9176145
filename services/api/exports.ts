/** `/v1/<noun>/export` and `/v1/<noun>/tail`: the same two routes for what can be searched and what comes live. */
import Type, { type TProperties } from 'typebox'
import { LIMITS } from '../../schemas/limits.ts'
import { badRequest } from './errors.ts'
import { SEARCH } from './parameters.ts'
import { type Ask, defineRoute, type Route } from './route.ts'
import type { Searched } from './search/asked.ts'
import { exported, type Follow, tailed } from './streams.ts'

type Next = (
  cursor: string | undefined,
) => Promise<{ readonly items: readonly object[]; readonly next_cursor: string | null }>

/** The export of a noun; `columns` are those of CSV, `next` gives the pages of its list. */
export const exportRoute = (
  noun: string,
  filters: TProperties,
  columns: readonly string[],
  next: (ask: Ask<Searched>) => Next,
): Route =>
  defineRoute({
    method: 'GET',
    path: `/${noun}/export`,
    right: 'read',
    about: `All ${noun} that a search finds as a file, at most ${LIMITS.export_rows_max} of them. In CSV no cell can become a formula, and controls are written out.`,
    query: Type.Object(
      {
        ...SEARCH,
        ...filters,
        format: Type.Optional(Type.Enum(['csv', 'ndjson'], { description: 'ndjson where absent' })),
      },
      { additionalProperties: false },
    ),
    answer: Type.String(),
    media: ['application/x-ndjson', 'text/csv'],
    async handle(ask) {
      const format = (ask.query as { format?: 'csv' | 'ndjson' }).format ?? 'ndjson'
      // Every export is reported, before its first row leaves.
      await ask.record('export', [noun, ask.query.q ?? ''])
      return exported(noun, format, columns, next(ask), LIMITS.export_rows_max)
    },
  })

/** The tail of a noun; `follow` gives what came after an id. */
export const tailRoute = (
  noun: string,
  about: string,
  follow: (ask: Ask) => Follow,
  isId: (text: string) => boolean,
): Route =>
  defineRoute({
    method: 'GET',
    path: `/${noun}/tail`,
    right: 'read',
    about: `${about} Server-sent events; with \`Last-Event-ID\` it goes on where the reader stopped, otherwise it begins now.`,
    answer: Type.String(),
    media: ['text/event-stream'],
    async handle(ask) {
      const { lastEventId, signal, seats, grant } = ask
      if (lastEventId !== undefined && !isId(lastEventId)) {
        throw badRequest(`headers: last-event-id ${lastEventId.slice(0, 64)} is none of this tail`)
      }
      seats.take(grant.tenant, signal)
      return tailed(noun, lastEventId, follow(ask), signal)
    },
  })

/** Whether a text is an offset. */
export const isOffset = (text: string): boolean => /^\d{1,15}$/.test(text)

/** A tail of things in memory that carry the time of their last change: what changed after a time. */
export function changesAfter<T extends object>(
  list: () => Promise<readonly T[]>,
  at: (item: T) => number,
  now: number,
): Follow {
  return async (after) => {
    const since = after === undefined ? now : Number(after)
    const changed = (await list()).filter((item) => at(item) > since).toSorted((a, b) => at(a) - at(b))
    const told = changed.map((item) => ({ id: String(at(item)), item }))
    return { told, after: told.at(-1)?.id ?? String(since) }
  }
}
