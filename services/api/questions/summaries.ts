/** What a search has found, summed up: the values that come most, and how many there were when. */
import { LIMITS } from '../../../schemas/limits.ts'
import { badRequest } from '../errors.ts'
import type { Condition, TenantDoor } from '../query.ts'
import { condition } from '../query.ts'
import type { Field, Subject } from '../search/fields.ts'
import { type Histogram, histogramOf, stepOf } from '../search/histogram.ts'

/** The values of one field that come most, most frequent first. */
export interface Facet {
  readonly field: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
}

/** The names of fields in a list with commas, or those that the subject shows by itself. Throws Answer. */
export function facetFields(
  fields: ReadonlyMap<string, { readonly kind: string }>,
  own: readonly string[],
  text: string | undefined,
): readonly string[] {
  const names = text === undefined ? own : text.split(',')
  if (names.length > LIMITS.facet_fields_max) {
    throw badRequest(`querystring: fields may name at most ${LIMITS.facet_fields_max}`)
  }
  for (const name of names) {
    const kind = fields.get(name)?.kind
    if (kind === undefined) {
      throw badRequest(
        `querystring: fields: there is no field ${name.slice(0, 64)}; known: ${[...fields.keys()].join(', ')}`,
      )
    }
    if (kind === 'time') throw badRequest(`querystring: fields: ${name} is a time: ask for its histogram`)
  }
  return names
}

async function facet(
  door: TenantDoor,
  subject: Subject,
  field: Field,
  where: readonly Condition[],
  top: number,
): Promise<Facet> {
  const isList = field.kind === 'list' || field.kind === 'hash'
  const rows = await door.rows<{ value: string; count: string }>({
    name: `${subject.name}_facet`,
    columns: [`toString(${isList ? `arrayJoin(${field.sql})` : field.sql}) AS value`, `${subject.count} AS count`],
    from: subject.from,
    final: subject.final,
    where: [...where, condition("value != ''", {})],
    groupBy: 'value',
    orderBy: 'count DESC, value',
    limit: top,
  })
  return { field: field.name, values: rows.map(({ value, count }) => ({ value, count: Number(count) })) }
}

/** The facets of a search. */
export function facets(
  door: TenantDoor,
  subject: Subject,
  { where, names, top }: { where: readonly Condition[]; names: readonly string[]; top: number },
): Promise<Facet[]> {
  return Promise.all(names.map((name) => facet(door, subject, subject.fields.get(name) as Field, where, top)))
}

/** How many there were when. */
export async function histogram(
  door: TenantDoor,
  subject: Subject,
  where: readonly Condition[],
  buckets: number,
): Promise<Histogram> {
  const common = { from: subject.from, final: subject.final, where }
  const [span] = await door.rows<{ first: string; last: string }>({
    ...common,
    name: `${subject.name}_span`,
    columns: ['toUnixTimestamp64Milli(min(time)) AS first', 'toUnixTimestamp64Milli(max(time)) AS last'],
  })
  const step = stepOf(Number(span?.last ?? 0) - Number(span?.first ?? 0), buckets)
  const rows = await door.rows<{ start: string; count: string }>({
    ...common,
    name: `${subject.name}_histogram`,
    columns: [`intDiv(toUnixTimestamp64Milli(time), ${step}) * ${step} AS start`, `${subject.count} AS count`],
    groupBy: 'start',
    orderBy: 'start',
    // A few more than asked for: what came between the two questions can widen the time.
    limit: buckets * 2,
  })
  return histogramOf(new Map(rows.map(({ start, count }) => [Number(start), Number(count)])), step)
}
