/**
 * ClickHouse inside the process: chdb through the `connection` hook of @clickhouse/client. It must be loaded on the main
 * thread (loaded first in a worker it crashes the process), takes one data directory for each process, and shares the
 * cores with the detectors, so its background work and its memory are bounded here.
 */
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { LIMITS } from '../../../schemas/limits.ts'
import { askClient, commandClient, type Engine, insertSettings } from './engine.ts'

type Hook = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>

export interface ChdbOptions {
  readonly kind: 'chdb'
  /** Data directory, created if missing. One process at a time. */
  readonly path: string
}

const ENGINE_ARGUMENTS = [
  // One merge at a time and a second one waiting: with two cores, more would take the detectors' time.
  '--background_pool_size=1',
  '--background_schedule_pool_size=1',
  `--max_server_memory_usage=${LIMITS.warehouse_memory_bytes_max}`,
  `--mark_cache_size=${LIMITS.warehouse_cache_bytes_max}`,
  `--primary_index_cache_size=${LIMITS.warehouse_cache_bytes_max}`,
]

/**
 * Its threads give way to those that take events and detect, where cores are scarce. The engine leaves it out where the process
 * may not change priorities (CAP_SYS_NICE).
 */
export const BEHIND_OTHERS = { os_threads_nice_value_query: LIMITS.background_nice }

/** The engine reports why it does not open on standard error only. Its lock file names who holds the directory. */
function refusedBecause(path: string): string {
  const holder = holderOf(path)
  if (holder === undefined) return `the warehouse directory ${path} is not writable or damaged`
  return `the warehouse directory ${path} is in use by process ${holder}: stop that process, or choose another directory`
}

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(/PID: (\d+)/.exec(readFileSync(join(path, 'status'), 'utf8'))?.[1])
    if (!(pid > 0) || pid === process.pid) return undefined
    process.kill(pid, 0)
    return pid
  } catch {
    // No lock file, or nobody alive behind it.
    return undefined
  }
}

/** Inode of the engine's lock file, which exists while the engine is open; undefined if it is gone. */
const lockOf = (path: string): number | undefined => statSync(join(path, 'status'), { throwIfNoEntry: false })?.ino

/** Opens the engine. Throws where the directory is in use, not writable or damaged. */
export async function openChdb(options: ChdbOptions): Promise<Engine> {
  if (!isMainThread) throw new Error('chdb must be loaded on the main thread: in a worker it ends the process')
  mkdirSync(options.path, { recursive: true })
  const [{ Session }, { createChdbConnection }] = await Promise.all([import('chdb'), import('chdb/connection')])
  // The connection hook takes no engine arguments; a session that is opened first sets them for the whole engine.
  let session: InstanceType<typeof Session>
  try {
    session = new Session(options.path, { connectionArgs: ENGINE_ARGUMENTS })
  } catch (cause) {
    throw new Error(`${refusedBecause(options.path)} (${(cause as Error).message})`, { cause })
  }
  const lock = lockOf(options.path)
  try {
    const connection = createChdbConnection({ path: options.path })
    // chdb names the types of another copy of the client's common part; they agree but for a private field.
    const client = createClient({
      connection: connection as unknown as Hook,
      log: { level: ClickHouseLogLevel.OFF },
    })
    return {
      ask: (sql, params) => askClient(client, sql, params),
      command: (sql, params) => commandClient(client, sql, params),
      async insert({ table, columns, lines }) {
        // The raw form passes the bytes on as they are: 40 % faster than `exec`, which makes a string of them, and no
        // character is split between two chunks.
        await connection.chdb.rawInsert({
          table,
          columns: columns.map((column) => column.name),
          format: 'JSONCompactEachRow',
          values: lines,
          settings: { ...(await insertSettings(lines)), max_threads: 1, max_insert_threads: 1, ...BEHIND_OTHERS },
        })
      },
      // A count is answered from memory, and inserts recreate directories: success proves nothing.
      isLost: () => lock !== undefined && lockOf(options.path) !== lock,
      async close() {
        await client.close()
        session.close()
      },
    }
  } catch (error) {
    session.close()
    throw error
  }
}
