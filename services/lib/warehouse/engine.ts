/**
 * What differs between ClickHouse in the process and ClickHouse as a server, and what both do alike through
 * @clickhouse/client. Settings stand in the SQL (SETTINGS clause), because chdb turns the client's settings into SET
 * statements that stay in force for every later query of the session.
 */
import { hash } from 'node:crypto'
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client'
import type { TableColumn } from './tables.ts'

export type Params = Readonly<Record<string, string | number | readonly string[]>>

export interface InsertSpec {
  readonly table: string
  readonly columns: readonly TableColumn[]
  readonly lines: Buffer
}

/** One engine, open. What its methods throw is the engine's own error; `errors.ts` gives it a code. */
export interface Engine {
  ask<Row>(sql: string, params: Params): Promise<Row[]>
  command(sql: string, params?: Params): Promise<void>
  insert(spec: InsertSpec): Promise<void>
  close(): Promise<void>
}

/**
 * Settings of every insert. One part at once and no waiting for other inserts (async_insert is on by default in 26.x);
 * any number of months in one insert; the hash of the content as the deduplication token, so that a retry after a lost
 * answer stores nothing twice and other rows are never taken for a repeat; repeats inside one insert are left to merges,
 * which is a fifth faster.
 */
export const insertSettings = (lines: Buffer) => ({
  async_insert: 0,
  max_partitions_per_insert_block: 0,
  insert_deduplicate: 1,
  insert_deduplication_token: hash('sha256', lines, 'hex').slice(0, 32),
  optimize_on_insert: 0,
})

export const quoted = (name: string): string => `\`${name}\``

/** Reads all rows of a SELECT; 64-bit integers as strings, because a JavaScript number would round them. */
export async function askClient<Row>(client: ClickHouseClient, sql: string, params: Params): Promise<Row[]> {
  const answer = await client.query({ query: sql, query_params: { ...params }, format: 'JSONEachRow' })
  return answer.json<Row>()
}

export async function commandClient(
  client: ClickHouseClient,
  sql: string,
  params: Params = {},
  settings: ClickHouseSettings = {},
): Promise<void> {
  await client.command({ query: sql, query_params: { ...params }, clickhouse_settings: settings })
}
