/** Lists of the responder's memory as routes: narrowed by a search, page by page, summed up. */
import Type, { type TObject, type TProperties } from 'typebox'
import { LIMITS } from '../../schemas/limits.ts'
import type { ResponderViews, ViewAnswer, ViewPage } from '../lib/quarantine-view.ts'
import { PageAnswer } from './answers.ts'
import { Answer, notFound } from './errors.ts'
import { exactFilters, ID, listQuery, searchOf, SEARCH } from './parameters.ts'
import { exportRoute } from './exports.ts'
import { facetFields, facetNames } from './questions/summaries.ts'
import { type Ask, defineRoute, type Route } from './route.ts'
import { summaryRoutes } from './summaries.ts'
import { testOf } from './search/asked.ts'
import { histogramOf, stepOf } from './search/histogram.ts'
import { type HeldSubject, instantIn, valueIn } from './search/recall.ts'

/** Where people call it otherwise than the code does. */
const NAMES: ReadonlyMap<string, string> = new Map([['auditEntry', 'entry of the audit log for the command']])

type View = (tenant: string, page: ViewPage) => Promise<ViewAnswer<object>>
type List = 'quarantines' | 'incidents' | 'deliveries' | 'suppressions' | 'commands' | 'tokens' | 'audit'

/** What a noun of the responder needs to become routes. */
interface Viewed {
  readonly list: List
  readonly singular: 'quarantine' | 'incident' | 'delivery' | 'suppression' | 'command' | 'token' | 'auditEntry'
  readonly about: string
  readonly aboutOne?: string
  readonly item: TObject
  readonly filters: TProperties
  readonly subject: HeldSubject
  /** What is shown of a single one, if that is more than the list shows. */
  readonly one?: {
    readonly answer: TObject
    show(item: never, ask: Pick<Ask, 'views' | 'grant' | 'reader'>): Promise<object>
  }
}

const cursorRefused = (reason: string): Answer => new Answer(400, 'bad_cursor', reason)

/** Everything that a search finds. */
async function allOf(view: View, tenant: string, holds: (item: object) => boolean): Promise<readonly object[]> {
  const limit = Math.max(LIMITS.incidents_kept_max, LIMITS.quarantines_kept_max, LIMITS.deliveries_closed_max)
  const answer = await view(tenant, { limit, cursor: null, only: { key: '', holds } })
  if (!answer.ok) throw cursorRefused(answer.reason)
  return answer.items
}

function valuesOf(item: object, property: string): string[] {
  return [valueIn(item, property)]
    .flat()
    .flatMap((one) => (one === '' || one === null || one === undefined ? [] : [String(one)]))
}

function countValues(items: readonly object[], property: string, top: number) {
  const counts = new Map<string, number>()
  for (const item of items) {
    for (const value of new Set(valuesOf(item, property))) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, top)
}

function countTimes(items: readonly object[], property: string, buckets: number) {
  const times = items.flatMap((item) => instantIn(valueIn(item, property)) ?? [])
  const first = times.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY)
  const last = times.reduce((most, ms) => Math.max(most, ms), 0)
  const step = stepOf(Math.max(0, last - first), buckets)
  const counts = new Map<number, number>()
  for (const ms of times) {
    const start = Math.floor(ms / step) * step
    counts.set(start, (counts.get(start) ?? 0) + 1)
  }
  return histogramOf(counts, step)
}

const viewOf = (views: ResponderViews, list: List): View => views[list]

/** The list, its summaries, and one of it by its id. */
export function viewedRoutes(viewed: Viewed): readonly Route[] {
  const { list, singular, about, aboutOne, item, subject, one } = viewed
  const filters = exactFilters(viewed.filters, subject.fields)
  return [
    defineRoute({
      method: 'GET',
      path: `/${list}`,
      right: 'read',
      about,
      query: listQuery({ ...SEARCH, ...filters }),
      answer: PageAnswer(item),
      async handle({ query, grant, views, now }) {
        const holds = testOf(subject, query, now)
        const { filters: asked } = searchOf(query, [])
        const answer = await viewOf(views, list)(grant.tenant, {
          limit: query.limit ?? LIMITS.list_items_default,
          cursor: query.cursor ?? null,
          only: { key: JSON.stringify(asked), holds },
        })
        if (!answer.ok) throw cursorRefused(answer.reason)
        return { items: answer.items, next_cursor: answer.next_cursor }
      },
    }),
    ...summaryRoutes(list, filters, {
      fields: facetNames(subject.fields),
      async facets({ query, grant, views, now }, top) {
        const names = facetFields(subject.fields, subject.facets, query.fields)
        const items = await allOf(viewOf(views, list), grant.tenant, testOf(subject, query, now))
        return names.map((field) => ({
          field,
          values: countValues(items, subject.fields.get(field)?.property ?? '', top),
        }))
      },
      async histogram({ query, grant, views, now }, buckets) {
        const items = await allOf(viewOf(views, list), grant.tenant, testOf(subject, query, now))
        return countTimes(items, subject.time, buckets)
      },
    }),
    exportRoute(list, filters, Object.keys(item.properties), ({ query, grant, views, now }) => {
      const holds = testOf(subject, query, now)
      return async (cursor) => {
        const page = { limit: LIMITS.export_page_rows, cursor: cursor ?? null, only: { key: 'export', holds } }
        const answer = await viewOf(views, list)(grant.tenant, page)
        if (!answer.ok) throw cursorRefused(answer.reason)
        return answer
      }
    }),
    defineRoute({
      method: 'GET',
      path: `/${list}/:id`,
      right: 'read',
      about: aboutOne ?? `One ${singular}.`,
      params: Type.Object({ id: ID }),
      answer: one?.answer ?? item,
      async handle({ params: { id }, grant, views, reader }) {
        const found = await views[singular](grant.tenant, id)
        if (found === undefined) throw notFound(`there is no ${NAMES.get(singular) ?? singular} ${id}`)
        return one === undefined ? found : one.show(found as never, { grant, views, reader })
      },
    }),
  ]
}
