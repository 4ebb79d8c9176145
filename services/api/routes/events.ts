/** `/v1/events`: the timeline of a tenant, one event, how many there are, and what they have in common. */
import Type from 'typebox'
import { EVENT_COLUMNS } from '../../../schemas/event.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { EventAnswer, PageAnswer } from '../answers.ts'
import { notFound } from '../errors.ts'
import { exactFilters, ID, listQuery, pageOf, SEARCH, searchOf, word } from '../parameters.ts'
import { countEvents, EVENT_FILTERS, eventsById, listEvents, otherTellings } from '../questions/events.ts'
import { followEvents } from '../questions/tail.ts'
import { exportRoute, isOffset, tailRoute } from '../exports.ts'
import { defineRoute, type Route } from '../route.ts'
import { conditionsOf } from '../search/asked.ts'
import { EVENTS } from '../search/fields.ts'
import { summaryRoutes, warehouseSummaries } from '../summaries.ts'

const FILTERS = exactFilters(
  Object.fromEntries(EVENT_FILTERS.map((column) => [column, word(`Events with this ${column}`)])) as Record<
    (typeof EVENT_FILTERS)[number],
    ReturnType<typeof word>
  >,
  EVENTS.fields,
)

/** Columns of an export: what people read, without hashes and indicators. */
const EXPORTED = EVENT_COLUMNS.map(({ name }) => name).filter(
  (name) => !['tenant', 'raw', 'indicators', 'value_hashes', 'value_kinds'].includes(name),
)

export const eventRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/events',
    right: 'read',
    about:
      'Events, newest first. An event stands in the list once, however often it was sent: the copy that was received first. One that came later under the same id and says something else stands there, too, and has `conflict`. Events of one millisecond stand in the order of the producer’s nanoseconds, of their receipt, and of their places in the request.',
    query: listQuery({ ...SEARCH, ...FILTERS }),
    answer: PageAnswer(EventAnswer),
    example: { query: { limit: '10' } },
    handle: ({ query, reader, now }) =>
      listEvents(reader, searchOf(query, conditionsOf(EVENTS, query, now)), pageOf(query), now),
  }),
  defineRoute({
    method: 'GET',
    path: '/events/count',
    right: 'read',
    about: 'How many events there are; repeats count once. Takes the filters of `/v1/events`.',
    query: Type.Object({ ...SEARCH, ...FILTERS }, { additionalProperties: false }),
    answer: Type.Object({ count: Type.Integer({ minimum: 0 }) }),
    handle: async ({ query, reader, now }) => ({ count: await countEvents(reader, conditionsOf(EVENTS, query, now)) }),
  }),
  ...summaryRoutes('events', FILTERS, warehouseSummaries(EVENTS)),
  exportRoute('events', FILTERS, EXPORTED, ({ query, reader, now }) => {
    const search = searchOf(query, conditionsOf(EVENTS, query, now))
    return (cursor) => listEvents(reader, search, { limit: LIMITS.export_page_rows, cursor }, now)
  }),
  tailRoute(
    'events',
    'Events as the warehouse takes them, about two seconds after their receipt. One may come again after a reader comes again: drop those whose `event_id` is known.',
    ({ reader, now }) => followEvents(reader, now),
    isOffset,
  ),
  defineRoute({
    method: 'GET',
    path: '/events/:id',
    right: 'read',
    about:
      'One event, and in `conflicts` those that came later under the same id and say something else. A call of a tool that came as a log record and as a span has the other one in `same_call`.',
    params: Type.Object({ id: ID }),
    answer: Type.Object({
      ...EventAnswer.properties,
      conflicts: Type.Array(EventAnswer),
      same_call: Type.Array(EventAnswer),
    }),
    async handle({ params: { id }, reader }) {
      const [event, ...conflicts] = (await eventsById(reader, [id])).get(id) ?? []
      if (event === undefined) throw notFound(`there is no event ${id}`)
      return { ...event, conflicts, same_call: await otherTellings(reader, event) }
    },
  }),
]
