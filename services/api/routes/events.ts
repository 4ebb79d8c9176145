/** `/v1/events`: the timeline of a tenant, one event, and how many there are. */
import Type from 'typebox'
import { EventAnswer, PageAnswer } from '../answers.ts'
import { notFound } from '../errors.ts'
import { ID, listQuery, pageOf, TIMES, timesOf, word } from '../parameters.ts'
import { countEvents, EVENT_FILTERS, type EventFilters, eventsById, listEvents } from '../questions/events.ts'
import { defineRoute, type Route } from '../route.ts'

const FILTERS = Object.fromEntries(
  EVENT_FILTERS.map((column) => [column, word(`Events with this ${column}`)]),
) as Record<(typeof EVENT_FILTERS)[number], ReturnType<typeof word>>

type Given = { readonly [F in (typeof EVENT_FILTERS)[number]]?: string } & { since?: string; until?: string }

function filtersOf(query: Given): EventFilters {
  const equal = EVENT_FILTERS.flatMap((column) => (query[column] === undefined ? [] : [[column, query[column]]]))
  return { ...(Object.fromEntries(equal) as EventFilters), ...timesOf(query) }
}

export const eventRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/events',
    right: 'read',
    about: 'Events, newest first. An event stands in the list once, however often it was sent.',
    query: listQuery({ ...FILTERS, ...TIMES }),
    answer: PageAnswer(EventAnswer),
    example: { query: { limit: '10' } },
    handle: ({ query, door }) => listEvents(door, filtersOf(query), pageOf(query)),
  }),
  defineRoute({
    method: 'GET',
    path: '/events/count',
    right: 'read',
    about: 'How many events there are; repeats count once. Takes the filters of `/v1/events`.',
    query: Type.Object({ ...FILTERS, ...TIMES }, { additionalProperties: false }),
    answer: Type.Object({ count: Type.Integer({ minimum: 0 }) }),
    handle: async ({ query, door }) => ({ count: await countEvents(door, filtersOf(query)) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/events/:id',
    right: 'read',
    about: 'One event, with its `raw` body where the tenant keeps those.',
    params: Type.Object({ id: ID }),
    answer: EventAnswer,
    async handle({ params: { id }, door }) {
      const event = (await eventsById(door, [id], { raw: true })).get(id)
      if (event === undefined) throw notFound(`there is no event ${id}`)
      return event
    },
  }),
]
