/** `/v1/events`: the timeline of a tenant, one event, and how many there are. */
import Type from 'typebox'
import type { RouteContext, Routes } from '../context.ts'
import { notFound } from '../errors.ts'
import { listQuery, pageOf, TIMES, timesOf, word } from '../parameters.ts'
import { countEvents, EVENT_FILTERS, type EventFilters, eventsById, listEvents } from '../questions/events.ts'

const FILTERS = Object.fromEntries(
  EVENT_FILTERS.map((column) => [column, word(`Events with this ${column}`)]),
) as Record<(typeof EVENT_FILTERS)[number], ReturnType<typeof word>>

const ListQuery = listQuery({ ...FILTERS, ...TIMES })
const CountQuery = Type.Object({ ...FILTERS, ...TIMES }, { additionalProperties: false })

type Given = { readonly [F in (typeof EVENT_FILTERS)[number]]?: string } & { since?: string; until?: string }

function filtersOf(query: Given): EventFilters {
  const equal = EVENT_FILTERS.flatMap((column) => (query[column] === undefined ? [] : [[column, query[column]]]))
  return { ...(Object.fromEntries(equal) as EventFilters), ...timesOf(query) }
}

export function eventRoutes(routes: Routes, context: RouteContext): void {
  routes.get('/events', { schema: { querystring: ListQuery } }, async (request) =>
    listEvents(context.door(request), filtersOf(request.query), pageOf(request.query)),
  )

  routes.get('/events/count', { schema: { querystring: CountQuery } }, async (request) => ({
    count: await countEvents(context.door(request), filtersOf(request.query)),
  }))

  const One = Type.Object({ id: Type.String({ maxLength: 64 }) })
  routes.get('/events/:id', { schema: { params: One } }, async (request) => {
    const { id } = request.params
    const event = (await eventsById(context.door(request), [id], { raw: true })).get(id)
    if (event === undefined) throw notFound(`there is no event ${id}`)
    return event
  })
}
