/** `/v1/<noun>/facets` and `/v1/<noun>/histogram`: the same two routes for everything that can be searched. */
import Type, { type TProperties } from 'typebox'
import { LIMITS } from '../../schemas/limits.ts'
import { time } from './answers.ts'
import { SEARCH } from './parameters.ts'
import { facetFields, facetNames, type Facet, facets, histogram } from './questions/summaries.ts'
import { type Ask, defineRoute, type Route } from './route.ts'
import { conditionsOf } from './search/asked.ts'
import type { Subject } from './search/fields.ts'
import type { Histogram } from './search/histogram.ts'
import { TOLD_LATER } from './validating.ts'

const FacetsAnswer = Type.Object(
  {
    facets: Type.Array(
      Type.Object({
        field: Type.String(),
        values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer({ minimum: 0 }) })),
      }),
      { description: 'In the order of fields; values by their count' },
    ),
  },
  { $id: 'facets' },
)

const HistogramAnswer = Type.Object(
  {
    step_ms: Type.Integer({ minimum: 1, description: 'Width of a bucket' }),
    buckets: Type.Array(Type.Object({ time: time('Where it begins'), count: Type.Integer({ minimum: 0 }) }), {
      description: 'Without gaps, from the first that holds something to the last',
    }),
  },
  { $id: 'histogram' },
)

const facetQuery = (names: readonly string[]) => ({
  fields: Type.Optional(
    Type.String({
      description: 'Fields with commas between them; absent: those that help most',
      pattern: `^(${names.join('|')})(,(${names.join('|')})){0,${LIMITS.facet_fields_max - 1}}$`,
      [TOLD_LATER]: true,
    }),
  ),
  top: Type.Optional(
    Type.Integer({ minimum: 1, maximum: LIMITS.facet_values_max, description: 'Values of each; 10 where absent' }),
  ),
})
const HistogramQuery = {
  buckets: Type.Optional(
    Type.Integer({ minimum: 2, maximum: LIMITS.histogram_buckets_max, description: 'At most; 60 where absent' }),
  ),
}

/** A field that the noun has, for the documents; most have a status. */
const FACET_EXAMPLES = new Map([
  ['events', 'action'],
  ['findings', 'severity'],
  ['incidents', 'severity'],
  ['suppressions', 'detector'],
])

type SearchAsk = Ask<{ q?: string; since?: string; until?: string; fields?: string; top?: number; buckets?: number }>

/** How something searched is summed up. */
interface Summaries {
  /** Names of the fields that facets may be asked of, see `facetNames`. */
  readonly fields: readonly string[]
  readonly facets: (ask: SearchAsk, top: number) => Promise<readonly Facet[]>
  readonly histogram: (ask: SearchAsk, buckets: number) => Promise<Histogram>
}

/** The two routes of a noun; `filters` are those of its list. */
export const summaryRoutes = (noun: string, filters: TProperties, summaries: Summaries): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: `/${noun}/facets`,
    right: 'read',
    about: `The values that come most among the ${noun} that a search finds, with how many have them.`,
    query: Type.Object({ ...SEARCH, ...filters, ...facetQuery(summaries.fields) }, { additionalProperties: false }),
    answer: FacetsAnswer,
    example: { query: { fields: FACET_EXAMPLES.get(noun) ?? 'status' } },
    handle: async (ask) => ({
      facets: await summaries.facets(ask as SearchAsk, (ask.query as { top?: number }).top ?? 10),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: `/${noun}/histogram`,
    right: 'read',
    about: `How many ${noun} a search finds, over time.`,
    query: Type.Object({ ...SEARCH, ...filters, ...HistogramQuery }, { additionalProperties: false }),
    answer: HistogramAnswer,
    handle: (ask) => summaries.histogram(ask as SearchAsk, (ask.query as { buckets?: number }).buckets ?? 60),
  }),
]

/** Summaries by the warehouse. */
export const warehouseSummaries = (subject: Subject): Summaries => ({
  fields: facetNames(subject.fields),
  facets: ({ query, reader, now }, top) =>
    facets(reader, subject, {
      where: conditionsOf(subject, query, now),
      names: facetFields(subject.fields, subject.facets, query.fields),
      top,
    }),
  histogram: ({ query, reader, now }, buckets) =>
    histogram(reader, subject, conditionsOf(subject, query, now), buckets),
})
