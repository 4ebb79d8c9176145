/**
 * The embedded log: the log port on SQLite in a data directory, for one process. See docs/decisions/embedded-log.md for
 * how it is built and why.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Log } from '../port.ts'

export interface SqliteLogOptions {
  /** Holds the database and its lock; made where it is missing. One process at a time. */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  /** Deletes the oldest records of non-compacted topics beyond this many bytes in all. Default: age alone counts. */
  readonly retentionBytesMax?: number
  /** The database file grows to this size and no further: appends are then refused. Default: the disk is the limit. */
  readonly databaseBytesMax?: number
  /** How long a tombstone stays readable before compaction removes it, in ms. */
  readonly tombstoneGraceMs?: number
  /** How often retention and compaction run, in ms; 0 leaves it to `maintain()`. */
  readonly maintenanceEveryMs?: number
  /** Bytes of one topic that may wait for the disk; beyond it an append is refused with log_unavailable. */
  readonly pendingBytesMax?: number
}

/**
 * Opens the log, or makes it. Throws LogError: `log_unavailable` where another process holds the directory or the disk
 * refuses, `log_corrupt` where the database is damaged.
 */
export function createSqliteLog(options: SqliteLogOptions): Promise<Log> {
  return Promise.reject(new Error(`the log in ${options.directory} cannot be opened yet`))
}
