/**
 * The database file: how it is locked, opened, checked and laid out. Both workers open it through here.
 *
 * A partition of a topic has a slot, a small number that it keeps. A record's row id is slot * 2^40 + offset. So each
 * partition is one run of a plain table, appends go to the run's end, and a batch is one range scan. The value is the
 * last column, so that reading the others never loads it. Each row has a checksum, because SQLite detects a flipped bit
 * neither in a value nor in the row id.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { LogError } from '../port.ts'
import type { ErrorReply } from './protocol.ts'

/** 'mwlg' in ASCII: distinguishes our database from any other. */
const APPLICATION_ID = 0x6d776c67
const LAYOUT_VERSION = 1
const PAGE_BYTES = 8_192
const CACHE_KIB = 16_384
/** The write-ahead log is cut back to this size once it has been copied into the database. */
const WAL_BYTES_MAX = 64 * 1024 * 1024
/**
 * The reader copies the log's pages while the writer adds others, so that it rarely reaches the end. From this size on the
 * writer copies what is left, which is little, and begins the file anew.
 */
const WAL_PAGES_MAX = 1_000

/** Offsets per partition; together with the slots this fills the integers that a double holds exactly. */
export const OFFSETS_PER_SLOT = 2 ** 40
export const SLOTS_MAX = 2 ** 12

export const rowId = (slot: number, offset: number): number => slot * OFFSETS_PER_SLOT + offset
export const offsetOf = (id: number): number => id % OFFSETS_PER_SLOT

export const databaseFile = (directory: string): string => join(directory, 'log.sqlite')

const LAYOUT = `
  CREATE TABLE topics (
    name TEXT PRIMARY KEY, base INTEGER NOT NULL, partitions INTEGER NOT NULL, cleanup TEXT NOT NULL,
    retention_ms INTEGER NOT NULL, crc INTEGER NOT NULL
  ) STRICT;
  -- floor: the next offset is at least this, also when no record is left to tell. cleaned: compaction has seen all below.
  CREATE TABLE partitions (
    slot INTEGER PRIMARY KEY, start INTEGER NOT NULL, floor INTEGER NOT NULL, cleaned INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  -- position: bytes of all records of the partition before this one, so that its size is the difference of two rows.
  CREATE TABLE records (
    id INTEGER PRIMARY KEY, appended_at INTEGER NOT NULL, crc INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT,
    value BLOB
  ) STRICT;
  CREATE TABLE compacted (
    id INTEGER PRIMARY KEY, appended_at INTEGER NOT NULL, crc INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL,
    value BLOB
  ) STRICT;
  CREATE INDEX compacted_key ON compacted (key);
  CREATE INDEX compacted_tombstone ON compacted (appended_at) WHERE value IS NULL;
  CREATE TABLE commits (
    consumer_group TEXT NOT NULL, slot INTEGER NOT NULL, next INTEGER NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, slot)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE probe (id INTEGER PRIMARY KEY, filler BLOB) STRICT;
`

/** Checksum of the columns of a small row. */
export const rowCrc = (...columns: readonly (string | number)[]): number => crc32(JSON.stringify(columns))

/** Checksum of everything that a reader gets. Null and empty differ. */
export function recordCrc(id: number, appendedAt: number, key: string | null, value: Uint8Array | null): number {
  const head = `${id} ${appendedAt} ${key === null ? '-' : `k${key}`} ${value === null ? '-' : 'v'}`
  return value === null ? crc32(head) : crc32(value, crc32(head))
}

/** The file ends within a page: not the disk's fault, though SQLite counts it as an input error. */
const SHORT_READ = 522

const SQLITE_ERRORS: Record<number, string> = {
  5: 'the database is locked by another program',
  8: 'the database or its directory is read-only',
  10: 'the disk reports an input/output error',
  13: 'the disk is full, or the database has reached its size limit',
  14: 'the database cannot be opened',
}

/** Turns what SQLite threw into words for people. `code` is null for a bug of ours. */
export function explain(error: unknown, file: string): ErrorReply {
  if (error instanceof LogError) return { code: error.code, message: error.message }
  const { errcode, message } = error as { errcode?: number; message: string }
  const primary = errcode === undefined ? -1 : errcode & 0xff
  if (primary === 11 || primary === 26 || errcode === SHORT_READ) {
    return { code: 'log_corrupt', message: `${file} is damaged (${message}): restore it from a backup or move it away` }
  }
  const known = SQLITE_ERRORS[primary]
  if (known !== undefined) return { code: 'log_unavailable', message: `${known}: ${file} (${message})` }
  return { code: null, message: error instanceof Error ? (error.stack ?? message) : String(error) }
}

function ownerOf(file: string): string {
  try {
    return ` by process ${readFileSync(file, 'utf8').trim()}`
  } catch {
    return ''
  }
}

export interface DirectoryLock {
  /** Whether this directory has held a database before. */
  readonly used: boolean
  /** Notes that the database exists from now on. */
  markUsed(): void
  release(): void
}

/**
 * Locks the directory for this process. The lock is SQLite's own, on a file next to the database: the kernel releases it
 * when the process dies, however it dies. That file also records that a database was created, so a deleted or truncated
 * one is noticed and not replaced by an empty one.
 */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const owner = join(directory, 'owner.pid')
  const lock = new DatabaseSync(join(directory, 'lock.sqlite'), { timeout: 0 })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    if (((cause as { errcode?: number }).errcode ?? 0) !== 5) throw cause
    const message = `${directory} is in use${ownerOf(owner)}: stop that process, or choose another data directory`
    throw new LogError('log_unavailable', message, { cause })
  }
  writeFileSync(owner, `${process.pid}\n`)
  return {
    used: pragma(lock, 'user_version') !== 0,
    markUsed: () => lock.exec('PRAGMA user_version = 1; COMMIT; BEGIN EXCLUSIVE'),
    release() {
      rmSync(owner, { force: true })
      lock.close()
    },
  }
}

const pragma = (database: DatabaseSync, name: string): number =>
  Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0] as number

/** Makes the tables in an empty database and refuses one that is not ours. */
function prepareLayout(database: DatabaseSync, file: string, lock: DirectoryLock): void {
  const id = pragma(database, 'application_id')
  const version = pragma(database, 'user_version')
  if (id === 0 && version === 0 && pragma(database, 'schema_version') === 0) {
    if (lock.used) {
      const message = `${file} is missing or empty, and this directory held a log: restore the file, or remove the directory to begin anew`
      throw new LogError('log_corrupt', message)
    }
    database.exec(
      `BEGIN; ${LAYOUT} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LAYOUT_VERSION}; COMMIT`,
    )
  } else if (id !== APPLICATION_ID) {
    throw new LogError('log_corrupt', `${file} is not a moltwatch log`)
  } else if (version !== LAYOUT_VERSION) {
    const message = `${file} has layout ${version}, this program knows ${LAYOUT_VERSION}: use the program that wrote it`
    throw new LogError('log_corrupt', message)
  }
  if (!lock.used) lock.markUsed()
}

/**
 * Opens the one connection that writes. `synchronous = FULL` makes a commit wait for the disk; the two fullfsync
 * settings do so on macOS, where a plain fsync stops at the drive's cache. `auto_vacuum` lets maintenance give freed pages
 * back to the disk; it is decided when a database is made, and older ones keep theirs for reuse.
 */
export function openForWriting(directory: string, databaseBytesMax: number | null, lock: DirectoryLock): DatabaseSync {
  const file = databaseFile(directory)
  const database = new DatabaseSync(file, { timeout: 5_000 })
  database.exec(`
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = 1;
    PRAGMA checkpoint_fullfsync = 1;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA journal_size_limit = ${WAL_BYTES_MAX};
    PRAGMA wal_autocheckpoint = ${WAL_PAGES_MAX};
  `)
  prepareLayout(database, file, lock)
  if (databaseBytesMax !== null) {
    database.exec(
      `PRAGMA max_page_count = ${Math.max(1, Math.floor(databaseBytesMax / pragma(database, 'page_size')))}`,
    )
  }
  return database
}

/** Opens a connection for reads, separate from the writer's: readers and the writer do not wait for each other. */
export function openForReading(directory: string): DatabaseSync {
  const database = new DatabaseSync(databaseFile(directory), { timeout: 5_000 })
  database.exec(`PRAGMA query_only = 1; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${CACHE_KIB}`)
  return database
}
