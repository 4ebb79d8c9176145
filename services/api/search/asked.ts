/** What a request searches for: `q`, filters named like fields, `since` and `until`; as conditions, or as a test of things in memory. */
import { Answer, badRequest } from '../errors.ts'
import { timesOf } from '../parameters.ts'
import { type Condition, within } from '../query.ts'
import { compileSearch } from './compile.ts'
import type { Field, Subject } from './fields.ts'
import { filterTerm, parseSearch, SearchError, type Tree } from './language.ts'
import { type HeldSubject, instantIn, recall, valueIn } from './recall.ts'

/** The parameters of a search; everything else in a query is a filter by the field of that name, or belongs to the page. */
export interface Searched {
  readonly q?: string
  readonly since?: string
  readonly until?: string
}

const NOT_FILTERS = new Set(['q', 'since', 'until', 'limit', 'cursor', 'fields', 'top', 'buckets', 'order', 'format'])

/** The filters of a query, by name. */
export const filtersOf = (query: object): [string, string][] =>
  Object.entries(query as Record<string, unknown>).flatMap(([name, value]): [string, string][] =>
    NOT_FILTERS.has(name) || value === undefined ? [] : [[name, String(value)]],
  )

/** Several values of a closed list are separated by commas; any of them matches. */
function filterTree(name: string, value: string, field: Pick<Field, 'words'> | undefined): Tree {
  const values = field?.words === undefined ? [value] : value.split(',')
  const parts = values.map((one) => filterTerm(name, one))
  return parts.length === 1 ? (parts[0] as Tree) : { kind: 'or', parts }
}

/** A SearchError as the caller sees it: `q` gives its position, a filter its name. */
function told<T>(filter: string | undefined, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof SearchError)) throw error
    if (filter !== undefined) throw badRequest(`querystring: ${error.message}`)
    const { position, length } = error.at
    throw new Answer(400, 'bad_search', `q: at ${position + 1}: ${error.message}`, { position, length })
  }
}

const treeOf = (q: string | undefined): Tree | undefined =>
  q === undefined ? undefined : told(undefined, () => parseSearch(q))

/** The conditions of a search in the warehouse. Throws Answer. */
export function conditionsOf(subject: Subject, query: Searched, now: number): Condition[] {
  const tree = treeOf(query.q)
  const { since, until } = timesOf(query, now)
  return [
    ...(tree === undefined ? [] : [told(undefined, () => compileSearch(subject, tree, now))]),
    ...filtersOf(query).map(([name, value], index) =>
      told(name, () => compileSearch(subject, filterTree(name, value, subject.fields.get(name)), now, `f${index}_`)),
    ),
    ...within(since, until),
  ]
}

/** The test of a search over things in memory. Throws Answer. */
export function testOf(subject: HeldSubject, query: Searched, now: number): (thing: object) => boolean {
  const tree = treeOf(query.q)
  const { since = 0, until = Number.POSITIVE_INFINITY } = timesOf(query, now)
  const tests = [
    ...(tree === undefined ? [] : [told(undefined, () => recall(subject, tree, now))]),
    ...filtersOf(query).map(([name, value]) =>
      told(name, () => recall(subject, filterTree(name, value, subject.fields.get(name)), now)),
    ),
  ]
  return (thing) => {
    const at = instantIn(valueIn(thing, subject.time)) ?? 0
    return at >= since && at < until && tests.every((test) => test(thing))
  }
}
