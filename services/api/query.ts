/**
 * The one door to the warehouse. A question is put together here from parts, and the tenant of the credential stands in
 * it whatever the parts are; nobody else in the API sees the warehouse, so no route can ask without a tenant. Parts are
 * fixed texts of our own with named parameters: no value of a caller becomes SQL.
 */
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
  readonly from: TableName
  /** Merges the rows of one key to the newest first. */
  readonly final?: boolean
  readonly where?: readonly Condition[]
  readonly groupBy?: string
  readonly orderBy?: string
  /** Takes the first row of each value of these columns, in the order given. */
  readonly oneBy?: string
  readonly limit?: number
}

/** Asks for one tenant; made from a grant, see `tenantDoor`. */
export interface TenantDoor {
  readonly tenant: string
  rows<Row>(select: Select): Promise<Row[]>
}

/** Whether a text has the form of an id. The columns of ids have a fixed length, and refuse to be compared with longer texts. */
export const isId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text)

/** Whether the parts of a cursor's place are whole numbers and ids, as an order of columns has them. */
export const isPlace = (place: readonly (string | number)[]): boolean =>
  place.every((part) => (typeof part === 'string' ? isId(part) : Number.isSafeInteger(part) && part >= 0))

export const condition = (sql: string, params: Condition['params']): Condition => ({ sql, params })

/** `column = value`, or nothing if there is no value. */
export const equal = (column: string, value: string | undefined): Condition[] =>
  value === undefined ? [] : [condition(`\`${column}\` = {is_${column}:String}`, { [`is_${column}`]: value })]

/** `column` is one of the values, or nothing where there are none. */
export const oneOf = (column: string, values: readonly string[] | undefined): Condition[] =>
  values === undefined ? [] : [condition(`\`${column}\` IN {in_${column}:Array(String)}`, { [`in_${column}`]: values })]

/** From `since` on and before `until`, both in ms since 1970. */
export const within = (since: number | undefined, until: number | undefined): Condition[] => [
  ...(since === undefined ? [] : [condition("time >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')", { since })]),
  ...(until === undefined ? [] : [condition("time < fromUnixTimestamp64Milli({until:Int64}, 'UTC')", { until })]),
]

/** What comes after a place in an order of columns: newest first, or as they came. Types are ClickHouse's; times are in ms. */
export function beyond(
  order: readonly (readonly [column: string, type: string])[],
  place: readonly (string | number)[] | undefined,
  towards: 'older' | 'newer' = 'older',
): Condition[] {
  if (place === undefined) return []
  const values = order.map(([column, type]) =>
    type === 'DateTime64(3)' ? `fromUnixTimestamp64Milli({place_${column}:Int64}, 'UTC')` : `{place_${column}:${type}}`,
  )
  const columns = order.map(([column]) => column)
  const params = Object.fromEntries(order.map(([column], index) => [`place_${column}`, place[index] ?? '']))
  return [condition(`(${columns.join(', ')}) ${towards === 'older' ? '<' : '>'} (${values.join(', ')})`, params)]
}

/** What comes after a place in the order (time, id), newest first. */
export const before = (idColumn: string, place: { time: number; id: string } | undefined): Condition[] =>
  place === undefined
    ? []
    : [
        condition(`(time, ${idColumn}) < (fromUnixTimestamp64Milli({place_time:Int64}, 'UTC'), {place_id:String})`, {
          place_time: place.time,
          place_id: place.id,
        }),
      ]

function sqlOf(select: Select): string {
  const conditions = ['tenant = {tenant:String}', ...(select.where ?? []).map(({ sql }) => `(${sql})`)]
  return [
    `SELECT ${select.columns.join(', ')}`,
    `FROM ${select.from}${select.final === true ? ' FINAL' : ''}`,
    `WHERE ${conditions.join(' AND ')}`,
    ...(select.groupBy === undefined ? [] : [`GROUP BY ${select.groupBy}`]),
    ...(select.orderBy === undefined ? [] : [`ORDER BY ${select.orderBy}`]),
    ...(select.oneBy === undefined ? [] : [`LIMIT 1 BY ${select.oneBy}`]),
    ...(select.limit === undefined ? [] : [`LIMIT ${Math.trunc(select.limit)}`]),
  ].join('\n')
}

/** The door of one tenant. The tenant must come from a grant. Questions throw WarehouseError. */
export function tenantDoor(warehouse: Warehouse, tenant: string): TenantDoor {
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

/** What was asked; undefined while the warehouse does not answer, for answers that hold more than it knows. */
export async function unlessAway<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof WarehouseError) return undefined
    throw error
  }
}
