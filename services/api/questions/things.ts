/**
 * Questions about what identities use: peers they talk to, credentials they hold, addresses they come from. Each is a value
 * of one column, with who used it, how often and since when.
 */
import { decodeCursor, encodeCursor, type Page } from '../cursor.ts'
import { type Condition, condition, holding, type TenantReader } from '../query.ts'
import { DISTINCT_EVENTS, newestNamed } from '../search/fields.ts'
import { isoOf } from './events.ts'

export interface Times {
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
}

/** A value, and how many identities used it. */
export interface Thing extends Times {
  readonly value: string
  readonly identities: number
}

/** One identity that used a value. */
export interface Toucher extends Times {
  readonly identity: string
  readonly owner: string
}

/** Identities that are listed for one value. */
export const TOUCHERS_MAX = 200

const TIMES = [`${DISTINCT_EVENTS} AS events`, 'min(time) AS first_seen', 'max(time) AS last_seen']

type Counted<T extends Times> = Omit<T, 'events'> & { readonly events: string }

const timesOf = <T extends Times>(row: Counted<T>): T =>
  ({
    ...row,
    events: Number(row.events),
    first_seen: isoOf(row.first_seen),
    last_seen: isoOf(row.last_seen),
  }) as unknown as T

/** The values of an expression of ours, by name; `name`: only those that hold it. Throws CursorError. */
export async function listThings(
  reader: TenantReader,
  { list, expression }: { list: string; expression: string },
  page: { limit: number; cursor: string | undefined },
  name?: string,
): Promise<Page<Thing>> {
  const scope = { tenant: reader.tenant, list, filters: name === undefined ? {} : { name } }
  const after = page.cursor === undefined ? '' : (decodeCursor(scope, page.cursor, ['string'])[0] as string)
  const rows = await reader.rows<Counted<Thing> & { identities: string }>({
    name: list,
    columns: [`${expression} AS value`, 'uniqExact(identity) AS identities', ...TIMES],
    from: 'events',
    where: [condition('value > {after:String}', { after }), ...holding('value', name)],
    groupBy: 'value',
    orderBy: 'value',
    limit: page.limit + 1,
  })
  const items = rows.slice(0, page.limit).map((row) => ({ ...timesOf<Thing>(row), identities: Number(row.identities) }))
  const last = rows.length > page.limit ? items.at(-1) : undefined
  return { items, next_cursor: last === undefined ? null : encodeCursor(scope, [last.value]) }
}

/** Who did what a condition says, first ones first. */
export async function touchers(reader: TenantReader, name: string, where: readonly Condition[]): Promise<Toucher[]> {
  const rows = await reader.rows<Counted<Toucher>>({
    name,
    columns: ['identity', newestNamed('owner'), ...TIMES],
    from: 'events',
    where,
    groupBy: 'identity',
    orderBy: 'first_seen, identity',
    limit: TOUCHERS_MAX,
  })
  return rows.map((row) => timesOf<Toucher>(row))
}

/** One value that several identities' events hold, by its keyed hash. */
export interface Shared {
  readonly value: string
  readonly identities: readonly Toucher[]
}

/** Which of these hashes other identities have touched, those that few touched first. */
export async function sharedValues(reader: TenantReader, hashes: readonly string[], but: string): Promise<Shared[]> {
  if (hashes.length === 0) return []
  // The engine takes no list of 64-bit numbers as texts, and a number of JavaScript would round them.
  const asked = 'arrayMap(h -> toUInt64(h), {hashes:Array(String)})'
  const rows = await reader.rows<Counted<Toucher> & { value: string }>({
    name: 'shared_values',
    columns: [
      `toString(arrayJoin(arrayIntersect(value_hashes, ${asked}))) AS value`,
      'identity',
      newestNamed('owner'),
      ...TIMES,
    ],
    from: 'events',
    where: [condition(`hasAny(value_hashes, ${asked})`, { hashes }), condition('identity != {but:String}', { but })],
    groupBy: 'value, identity',
    orderBy: 'first_seen, identity',
    limit: TOUCHERS_MAX * 5,
  })
  const byValue = Map.groupBy(rows, ({ value }) => value)
  return [...byValue]
    .map(([value, of]) => ({ value, identities: of.map(({ value: _value, ...row }) => timesOf<Toucher>(row)) }))
    .toSorted((a, b) => a.identities.length - b.identities.length || (a.value < b.value ? -1 : 1))
}
