/**
 * ClickHouse as a server, over HTTP through @clickhouse/client. Rows are sent as one byte stream by `exec`, because
 * `insert` of the client refuses raw bytes in this format.
 */
import { Readable } from 'node:stream'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { LIMITS } from '../../../schemas/limits.ts'
import { askClient, commandClient, type Engine, insertSettings, quoted } from './engine.ts'

export interface ServerOptions {
  readonly kind: 'server'
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** Must exist. */
  readonly database?: string
}

/** A migration may copy a table for an hour: the server says that it is alive before the client takes it for dead. */
const PROGRESS = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: String(LIMITS.warehouse_progress_ms),
} as const

const sqlValue = (value: string | number): string => (typeof value === 'number' ? String(value) : `'${value}'`)

/** Makes a client; nothing is sent before the first call. */
export async function openServer(options: ServerOptions): Promise<Engine> {
  const client = createClient({
    url: options.url,
    application: 'moltwatch',
    // The client would print rows that the server refuses; callers report their own errors.
    log: { level: ClickHouseLogLevel.OFF },
    request_timeout: LIMITS.warehouse_request_ms_max,
    compression: { request: false, response: true },
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.database === undefined ? {} : { database: options.database }),
  })
  return {
    ask: (sql, params) => askClient(client, sql, params),
    command: (sql, params) => commandClient(client, sql, params, PROGRESS),
    async insert({ table, columns, lines }) {
      const names = columns.map((column) => quoted(column.name)).join(', ')
      const settings = Object.entries(await insertSettings(lines))
        .map(([setting, value]) => `${setting} = ${sqlValue(value)}`)
        .join(', ')
      const answer = await client.exec({
        query: `INSERT INTO ${quoted(table)} (${names}) SETTINGS ${settings} FORMAT JSONCompactEachRow`,
        values: Readable.from([lines], { objectMode: false }),
      })
      // An answer that nobody reads keeps its socket busy.
      answer.stream.resume()
      await new Promise<void>((resolve, reject) => {
        answer.stream.once('end', resolve).once('close', resolve).once('error', reject)
      })
    },
    // A server manages its own files; a different one is recognised by its tables.
    isLost: () => false,
    close: () => client.close(),
  }
}
