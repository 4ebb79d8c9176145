/**
 * What differs between ClickHouse in the process and as a server, and what both share through @clickhouse/client.
 * Settings are in the SQL (SETTINGS clause), because chdb turns the client's settings into SET statements that stay in
 * force for every later query of the session.
 */
import { webcrypto } from 'node:crypto'
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
  /** Whether the files that it was opened on are gone from beneath it: it is of no more use. */
  isLost(): boolean
  close(): Promise<void>
}

/**
 * Settings of every insert. One part at once and no waiting for other inserts (async_insert is on by default in 26.x);
 * any number of months in one insert; the hash of the content as the deduplication token, so that a retry after a lost
 * answer stores nothing twice and other rows are never taken for a repeat; repeats inside one insert are left to merges,
 * which is a fifth faster.
 */
export const insertSettings = async (lines: Buffer) => ({
  async_insert: 0,
  max_partitions_per_insert_block: 0,
  insert_deduplicate: 1,
  insert_deduplication_token: (await digestOf(lines)).toString('hex').slice(0, 32),
  optimize_on_insert: 0,
})

/** SHA-256, in another thread: some megabytes take too long on the event loop. */
const digestOf = async (lines: Buffer): Promise<Buffer> =>
  Buffer.from(await webcrypto.subtle.digest('SHA-256', lines as Buffer<ArrayBuffer>))

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
