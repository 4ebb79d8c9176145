/**
 * Coverage: what really comes of each field, by identity, sender or source, from the stored events. What a detector can see
 * of it says `coverage.ts` of the API.
 */
import { EVENT_COLUMNS } from '../../../schemas/event.ts'
import { decodeCursor, encodeCursor, type Page } from '../cursor.ts'
import { condition, holding, oneOf, type TenantReader } from '../query.ts'
import { LEARNED_FROM } from '../search/fields.ts'
import { isoOf } from './events.ts'

export const COVERED = ['identity', 'sender', 'source'] as const
export type Covered = (typeof COVERED)[number]

/** What stored events say of one identity, sender or source. */
export interface Received {
  readonly name: string
  /** Repeats included: shares do not depend on them. */
  readonly events: number
  readonly first_seen: string
  readonly last_seen: string
  /** When the engine began to learn from it: what arrives long after its time is as old as its receipt makes it. */
  readonly learned_from: string
  /** Share of its events that say anything in a field, 0 to 1. */
  readonly fields: Readonly<Record<string, number>>
  /** Calls of tools, and how many of them came without any value of arguments or results. */
  readonly tool_calls: number
  readonly tool_calls_empty: number
  /** Events with a session, and how many of these were derived because the producer named none. */
  readonly sessions: number
  readonly sessions_derived: number
}

const KNOWN: ReadonlyMap<string, string> = new Map(EVENT_COLUMNS.map(({ name, clickhouse }) => [name, clickhouse]))

/** Whether a column says something. `field` is a name of our own: a column of the event. */
function saidBy(field: string): string {
  const type = KNOWN.get(field) ?? ''
  if (type.includes('Enum') || field === 'outcome' || field === 'kind') return `\`${field}\` != 'unknown'`
  if (type.startsWith('Array') || type.includes('String')) return `notEmpty(\`${field}\`)`
  return `\`${field}\` > 0`
}

type Row = Readonly<Record<string, string>>

/** A page by name, `from` a name on, of those that hold `name`, with the share of events that say each of `fields`. Throws CursorError. */
export async function received(
  reader: TenantReader,
  by: Covered,
  fields: readonly string[],
  page: { limit: number; cursor: string | undefined },
  { from, name }: { readonly from?: string; readonly name?: string } = {},
): Promise<Page<Received>> {
  const scope = { tenant: reader.tenant, list: 'coverage', filters: { by, from, name } }
  const after = page.cursor === undefined ? undefined : (decodeCursor(scope, page.cursor, ['string'])[0] as string)
  const names = await reader.rows<Row>({
    name: 'coverage_names',
    columns: [`DISTINCT \`${by}\` AS name`],
    from: 'events',
    where: [
      ...(from === undefined ? [] : [condition(`\`${by}\` >= {from:String}`, { from })]),
      ...(after === undefined ? [] : [condition(`\`${by}\` > {after:String}`, { after })]),
      ...holding(`\`${by}\``, name),
    ],
    orderBy: 'name',
    limit: page.limit + 1,
  })
  const shown = names.slice(0, page.limit).map((row) => row['name'] ?? '')
  const last = names.length > page.limit ? shown.at(-1) : undefined
  const asked = fields.filter((field) => KNOWN.has(field))
  const rows = shown.length === 0 ? [] : await sharesOf(reader, by, asked, shown)
  return {
    items: rows.map((row) => receivedOf(row, asked)),
    next_cursor: last === undefined ? null : encodeCursor(scope, [last]),
  }
}

/** What stored events say of one identity; undefined where none names it. */
export async function receivedOfIdentity(
  reader: TenantReader,
  identity: string,
  fields: readonly string[],
): Promise<Received | undefined> {
  const asked = fields.filter((field) => KNOWN.has(field))
  const [row] = await sharesOf(reader, 'identity', asked, [identity])
  return row === undefined ? undefined : receivedOf(row, asked)
}

function sharesOf(
  reader: TenantReader,
  by: Covered,
  fields: readonly string[],
  names: readonly string[],
): Promise<Row[]> {
  const isTool = "kind IN ('tool', 'mcp') AND action != 'user.message'"
  return reader.rows<Row>({
    name: 'coverage',
    columns: [
      `\`${by}\` AS name`,
      'count() AS events',
      'min(time) AS first_seen',
      'max(time) AS last_seen',
      `min(${LEARNED_FROM}) AS learned_from`,
      `countIf(${isTool}) AS tool_calls`,
      `countIf(${isTool} AND empty(value_hashes) AND empty(indicators)) AS tool_calls_empty`,
      "countIf(session != '') AS sessions",
      'countIf(session_derived > 0) AS sessions_derived',
      ...fields.map((field) => `countIf(${saidBy(field)}) / count() AS share_${field}`),
    ],
    from: 'events',
    where: oneOf(by, names),
    groupBy: 'name',
    orderBy: 'name',
  })
}

const receivedOf = (row: Row, fields: readonly string[]): Received => ({
  name: row['name'] ?? '',
  events: Number(row['events']),
  first_seen: isoOf(row['first_seen'] ?? ''),
  last_seen: isoOf(row['last_seen'] ?? ''),
  learned_from: isoOf(row['learned_from'] ?? ''),
  fields: Object.fromEntries(fields.map((field) => [field, Number(Number(row[`share_${field}`]).toFixed(4))])),
  tool_calls: Number(row['tool_calls']),
  tool_calls_empty: Number(row['tool_calls_empty']),
  sessions: Number(row['sessions']),
  sessions_derived: Number(row['sessions_derived']),
})
