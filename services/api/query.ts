/**
 * The only access to the warehouse. A query is assembled here from parts and always contains the tenant of the credential.
 * Nothing else in the API sees the warehouse, so no route can query without a tenant. Parts are our own fixed texts with
 * named parameters: no value of a caller becomes SQL.
 */
import { isId } from '../../schemas/id-text.ts'
import { type Warehouse, WarehouseError } from '../lib/warehouse/port.ts'
import type { TableName } from '../lib/warehouse/tables.ts'

export type { WarehouseStatus } from '../lib/warehouse/port.ts'

type Value = string | number | readonly string[]

/** One condition; its parameters are named {name:Type} in the text. */
export interface Condition {
  readonly sql: string
  readonly params: Readonly<Record<string, Value>>
}

export interface Select {
  /** Names the question in metrics. */
  readonly name: string
  readonly columns: readonly string[]
  /** Expressions with a name, for the other parts. */
  readonly with?: readonly string[]
  readonly from: TableName
  /** Merges the rows of one key to the newest first. */
  readonly final?: boolean
  readonly where?: readonly Condition[]
  readonly groupBy?: string
  readonly orderBy?: string
  /** Takes the first rows of each value of these columns, in the order given. */
  readonly limitBy?: { readonly columns: string; readonly rows: number }
  readonly limit?: number
  /** So many rows are passed over before the first. */
  readonly offset?: number
}

/** Asks for one tenant; made from a grant, see `tenantReader`. */
export interface TenantReader {
  readonly tenant: string
  rows<Row>(select: Select): Promise<Row[]>
}

/** Whether the parts of a cursor's sort key are whole numbers and ids, as an order of columns has them. */
export const isSortKey = (sortKey: readonly (string | number)[]): boolean =>
  sortKey.every((part) => (typeof part === 'string' ? isId(part) : Number.isSafeInteger(part) && part >= 0))

export const condition = (sql: string, params: Condition['params']): Condition => ({ sql, params })

/** `column = value`, or nothing if there is no value. */
export const equal = (column: string, value: string | undefined): Condition[] =>
  value === undefined ? [] : [condition(`\`${column}\` = {is_${column}:String}`, { [`is_${column}`]: value })]

/** `column` is one of the values; no condition if `values` is undefined. */
export const oneOf = (column: string, values: readonly string[] | undefined): Condition[] =>
  values === undefined ? [] : [condition(`\`${column}\` IN {in_${column}:Array(String)}`, { [`in_${column}`]: values })]

/** What the expression gives holds a text, in any case; nothing if there is none. */
export const holding = (expression: string, text: string | undefined): Condition[] =>
  text === undefined ? [] : [condition(`positionCaseInsensitiveUTF8(${expression}, {held:String}) > 0`, { held: text })]

/** From `since` on and before `until`, both in ms since 1970. */
export const within = (since: number | undefined, until: number | undefined): Condition[] => [
  ...(since === undefined ? [] : [condition("time >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')", { since })]),
  ...(until === undefined ? [] : [condition("time < fromUnixTimestamp64Milli({until:Int64}, 'UTC')", { until })]),
]

/** What comes after a sort key in an order of columns: newest first, or as they came. Types are ClickHouse's; times are in ms. */
export function beyond(
  order: readonly (readonly [column: string, type: string])[],
  sortKey: readonly (string | number)[] | undefined,
  towards: 'older' | 'newer' = 'older',
): Condition[] {
  if (sortKey === undefined) return []
  const values = order.map(([column, type]) =>
    type === 'DateTime64(3)' ? `fromUnixTimestamp64Milli({place_${column}:Int64}, 'UTC')` : `{place_${column}:${type}}`,
  )
  const columns = order.map(([column]) => column)
  const params = Object.fromEntries(order.map(([column], index) => [`place_${column}`, sortKey[index] ?? '']))
  return [condition(`(${columns.join(', ')}) ${towards === 'older' ? '<' : '>'} (${values.join(', ')})`, params)]
}

/** What comes after a sort key in the order (time, id), newest first. */
export const before = (idColumn: string, sortKey: { time: number; id: string } | undefined): Condition[] =>
  sortKey === undefined
    ? []
    : [
        condition(`(time, ${idColumn}) < (fromUnixTimestamp64Milli({place_time:Int64}, 'UTC'), {place_id:String})`, {
          place_time: sortKey.time,
          place_id: sortKey.id,
        }),
      ]

function sqlOf(select: Select): string {
  const conditions = ['tenant = {tenant:String}', ...(select.where ?? []).map(({ sql }) => `(${sql})`)]
  return [
    ...(select.with === undefined ? [] : [`WITH ${select.with.join(', ')}`]),
    `SELECT ${select.columns.join(', ')}`,
    `FROM ${select.from}${select.final === true ? ' FINAL' : ''}`,
    `WHERE ${conditions.join(' AND ')}`,
    ...(select.groupBy === undefined ? [] : [`GROUP BY ${select.groupBy}`]),
    ...(select.orderBy === undefined ? [] : [`ORDER BY ${select.orderBy}`]),
    ...(select.limitBy === undefined ? [] : [`LIMIT ${Math.trunc(select.limitBy.rows)} BY ${select.limitBy.columns}`]),
    ...(select.limit === undefined ? [] : [`LIMIT ${Math.trunc(select.limit)}`]),
    ...(select.offset === undefined ? [] : [`OFFSET ${Math.trunc(select.offset)}`]),
  ].join('\n')
}

/** Makes the reader of one tenant. The tenant must come from a grant. Questions throw WarehouseError. */
export function tenantReader(warehouse: Warehouse, tenant: string): TenantReader {
  return {
    tenant,
    rows<Row>(select: Select): Promise<Row[]> {
      const params: Record<string, Value> = {}
      for (const { params: own } of select.where ?? []) Object.assign(params, own)
      // Last, so that no part can put another tenant in its place.
      params['tenant'] = tenant
      return warehouse.ask<Row>({ tenant, name: select.name, sql: sqlOf(select), params })
    },
  }
}

/** The result; undefined while the warehouse is away, for answers that hold more than its data. */
export async function unlessAway<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof WarehouseError) return undefined
    throw error
  }
}
