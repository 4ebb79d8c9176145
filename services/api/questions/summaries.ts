/** What a search has found, summed up: the values that come most, and how many there were when. */
import { LIMITS } from '../../../schemas/limits.ts'
import { badRequest } from '../errors.ts'
import { countBy, countOf } from './counting.ts'
import type { Condition, TenantReader } from '../query.ts'
import { condition } from '../query.ts'
import type { Field, Subject } from '../search/fields.ts'
import { type Histogram, histogramOf, stepOf } from '../search/histogram.ts'

/** The values of one field that come most, most frequent first. */
export interface Facet {
  readonly field: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
}

/** Fields that have facets: a time has a histogram. */
export const facetNames = (fields: ReadonlyMap<string, { readonly kind: string }>): string[] =>
  [...fields].flatMap(([name, { kind }]) => (kind === 'time' ? [] : [name]))

/** The field names in a comma-separated list, or the subject's defaults. Throws Answer. */
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

interface Counting {
  readonly where: readonly Condition[]
  readonly top: number
  /** The expression that counts. */
  readonly count: string
}

const isList = ({ kind }: Field): boolean => kind === 'list' || kind === 'hash'

/** The facet of a field with several values in a row. */
async function listFacet(reader: TenantReader, subject: Subject, field: Field, how: Counting): Promise<Facet> {
  const rows = await reader.rows<{ value: string; count: string }>({
    name: `${subject.name}_facet`,
    columns: [`toString(arrayJoin(${field.sql})) AS value`, `${how.count} AS count`],
    from: subject.from,
    final: subject.final,
    where: [...how.where, condition("value != ''", {})],
    groupBy: 'value',
    orderBy: 'count DESC, value',
    limit: how.top,
  })
  return { field: field.name, values: rows.map(({ value, count }) => ({ value, count: Number(count) })) }
}

/**
 * The facets of fields with one value in a row, in one pass: each of them alone would read the times of all rows to find those that
 * match, and they lie far apart, because rows are ordered by identity.
 */
async function plainFacets(
  reader: TenantReader,
  subject: Subject,
  fields: readonly Field[],
  how: Counting,
): Promise<Facet[]> {
  if (fields.length === 0) return []
  const names = fields.map((_, index) => `facet_${index}`)
  const rows = await reader.rows<{ set: string; value: string; count: string }>({
    name: `${subject.name}_facets`,
    columns: [
      `grouping(${names.join(', ')}) AS set`,
      // Of a row, all but the field of its set are empty.
      `concat(${names.join(', ')}, '') AS value`,
      `${how.count} AS count`,
    ],
    from: subject.from,
    with: fields.map(({ sql }, index) => `toString(${sql}) AS facet_${index}`),
    final: subject.final,
    where: how.where,
    groupBy: `GROUPING SETS (${names.map((name) => `(${name})`).join(', ')})`,
    orderBy: 'count DESC, value',
    // One more, for rows without a value are a group, too.
    limitBy: { columns: 'set', rows: how.top + 1 },
  })
  const sets = Map.groupBy(rows, ({ set }) => Number(set))
  return fields.map((field, index) => {
    // The engine sets a bit for each field that is not in the set; the first is the highest.
    const own = sets.get(2 ** fields.length - 1 - 2 ** (fields.length - 1 - index)) ?? []
    const values = own.filter(({ value }) => value !== '').slice(0, how.top)
    return { field: field.name, values: values.map(({ value, count }) => ({ value, count: Number(count) })) }
  })
}

/** The facets of a search. */
export async function facets(
  reader: TenantReader,
  subject: Subject,
  { where, names, top }: { where: readonly Condition[]; names: readonly string[]; top: number },
): Promise<Facet[]> {
  const how = { where, top, count: await countOf(reader, subject, where) }
  const fields = [...new Set(names)].map((name) => subject.fields.get(name) as Field)
  const found = await Promise.all([
    plainFacets(
      reader,
      subject,
      fields.filter((field) => !isList(field)),
      how,
    ),
    ...fields.filter(isList).map(async (field) => [await listFacet(reader, subject, field, how)]),
  ])
  const byName = new Map(found.flat().map((facet) => [facet.field, facet]))
  return names.flatMap((name) => byName.get(name) ?? [])
}

/** How many there were when. */
export async function histogram(
  reader: TenantReader,
  subject: Subject,
  where: readonly Condition[],
  buckets: number,
): Promise<Histogram> {
  const common = { from: subject.from, final: subject.final, where }
  const [span] = await reader.rows<{ first: string; last: string; rows: string }>({
    ...common,
    name: `${subject.name}_span`,
    columns: [
      'toUnixTimestamp64Milli(min(time)) AS first',
      'toUnixTimestamp64Milli(max(time)) AS last',
      'count() AS rows',
    ],
  })
  const count = countBy(subject, Number(span?.rows ?? 0))
  const step = stepOf(Number(span?.last ?? 0) - Number(span?.first ?? 0), buckets)
  const rows = await reader.rows<{ start: string; count: string }>({
    ...common,
    name: `${subject.name}_histogram`,
    columns: [`intDiv(toUnixTimestamp64Milli(time), ${step}) * ${step} AS start`, `${count} AS count`],
    groupBy: 'start',
    orderBy: 'start',
    // A few more than asked for: what came between the two questions can widen the time.
    limit: buckets * 2,
  })
  return histogramOf(new Map(rows.map(({ start, count }) => [Number(start), Number(count)])), step)
}
