/**
 * Which values the events of one identity hold: of several columns in one pass, because the rows of an identity are few and lie
 * together, while each question to the engine costs the opening of every part of the table.
 */
import { condition, equal, type TenantReader, within } from '../query.ts'
import { DISTINCT_EVENTS } from '../search/fields.ts'
import { isoOf } from './events.ts'

/** One value that an identity has used. */
export interface Used {
  readonly value: string
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
}

interface UsedRow extends Omit<Used, 'events'> {
  readonly what: string
  readonly events: string
}

/** What is asked beside what was used: more columns, by name, and what their texts add to a value. */
interface Beside<More extends object> {
  readonly columns: readonly string[]
  read(row: Readonly<Record<string, string>>): More
}

const NOTHING: Beside<object> = { columns: [], read: () => ({}) }

/**
 * The most used values of each list, most used first. `lists`: expressions of ours, each an array of texts of one event, by name; an
 * event counts once for each value. `most`: values of each; `since`: ms since 1970, of all times where absent; `beside`: more about each.
 */
export async function usedBy<Name extends string, More extends object = object>(
  reader: TenantReader,
  identity: string,
  lists: Readonly<Record<Name, string>>,
  { most, since, beside }: { readonly most: number; readonly since?: number; readonly beside?: Beside<More> },
): Promise<Record<Name, readonly (Used & More)[]>> {
  const more = beside ?? (NOTHING as Beside<More>)
  const names = Object.keys(lists) as Name[]
  const pairs = names.map((name) => `arrayMap(v -> ('${name}', toString(v)), ${lists[name]})`)
  const rows = await reader.rows<UsedRow>({
    name: 'identity_used',
    columns: [
      `arrayJoin(arrayConcat(${pairs.join(', ')})) AS pair`,
      'pair.1 AS what',
      'pair.2 AS value',
      `${DISTINCT_EVENTS} AS events`,
      'min(time) AS first_seen',
      'max(time) AS last_seen',
      ...more.columns,
    ],
    from: 'events',
    where: [...equal('identity', identity), ...within(since, undefined), condition("pair.2 != ''", {})],
    groupBy: 'pair',
    orderBy: 'what, events DESC, value',
    limitBy: { columns: 'what', rows: most },
  })
  const byName = Map.groupBy(rows, ({ what }) => what)
  const usedOf = (row: UsedRow): Used & More => ({
    value: row.value,
    events: Number(row.events),
    first_seen: isoOf(row.first_seen),
    last_seen: isoOf(row.last_seen),
    ...more.read(row as unknown as Readonly<Record<string, string>>),
  })
  const listOf = (name: Name): readonly [Name, readonly (Used & More)[]] => [name, (byName.get(name) ?? []).map(usedOf)]
  return Object.fromEntries(names.map(listOf)) as unknown as Record<Name, readonly (Used & More)[]>
}
