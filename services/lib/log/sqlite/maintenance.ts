/**
 * Retention and compaction in small steps. Each `yield` is between two transactions of a few milliseconds, so that
 * appends which arrived meanwhile go first.
 *
 * Retention removes a prefix of a partition: what is older than the topic keeps and, if a limit on bytes is set, the
 * oldest records of all partitions. If that frees much of the file, the space is returned to the disk. Compaction walks
 * what was appended since its last walk and removes older records of the same keys. A tombstone goes after its grace has
 * passed and what it hides has gone. Whatever removes the last record of a partition also stores the partition's end, so
 * no offset is ever assigned twice.
 */
import type { DatabaseSync } from 'node:sqlite'
import { OFFSETS_PER_SLOT, offsetOf, rowId } from './database.ts'
import {
  type Head,
  keepPartition,
  loadPartition,
  type Partition,
  type Partitions,
  readHead,
  rollback,
} from './partitions.ts'
import type { MaintainRequest, MaintenanceResult } from './protocol.ts'

const STEP_MS_MAX = 10
const STEP_RECORDS_MAX = 512
const TRIM_RECORDS_MAX = 512
const TRIM_BYTES_MAX = 1024 * 1024
/** Free pages are kept for what comes next, until they are this share of the file and this many bytes. */
const FREE_SHARE_MAX = 0.2
const FREE_BYTES_MAX = 16 * 1024 * 1024
const RELEASE_PAGES = 256

interface Context {
  readonly database: DatabaseSync
  readonly partitions: Partitions
  readonly onTrimmed: (slot: number, start: number) => void
  readonly result: { expired: number; compacted: number; freeBytes: number; shrinks: boolean }
}

function transact<T>(database: DatabaseSync, run: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = run()
    database.exec('COMMIT')
    return result
  } catch (error) {
    rollback(database)
    throw error
  }
}

interface HeadRow extends NonNullable<Head> {
  readonly id: number
}

/**
 * Removes records from the head of a partition while they are older than `cutoff` or `excessBytes` is not yet freed:
 * a small run of them, inside the caller's transaction.
 */
function trim(context: Context, partition: Partition, cutoff: number, excessBytes: number): Partition {
  const { database } = context
  const sql = 'SELECT id, appended_at, position FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?'
  const from = rowId(partition.slot, partition.start)
  const rows = database.prepare(sql).iterate(from, rowId(partition.slot + 1, 0), TRIM_RECORDS_MAX) as Iterable<HeadRow>
  let { start } = partition
  let head: Head
  let count = 0
  for (const row of rows) {
    const freedBytes = row.position - partition.headPosition
    if ((row.appended_at >= cutoff && freedBytes >= excessBytes) || freedBytes > TRIM_BYTES_MAX) {
      head = row
      break
    }
    start = offsetOf(row.id) + 1
    count++
  }
  database.prepare('DELETE FROM records WHERE id >= ? AND id < ?').run(from, rowId(partition.slot, start))
  keepPartition(database, { ...partition, start })
  head ??= readHead(database, partition.slot, start)
  partition.start = start
  partition.headAt = head?.appended_at ?? null
  partition.headPosition = head?.position ?? partition.endPosition
  context.result.expired += count
  return partition
}

function* expire(context: Context, nowMs: number): Generator<Partition> {
  for (const partition of context.partitions.slots) {
    const cutoff = nowMs - partition.topic.retentionMs
    while (partition.headAt !== null && partition.headAt < cutoff) yield trim(context, partition, cutoff, 0)
  }
}

function* shrink(context: Context, bytesMax: number): Generator<Partition> {
  // Small shares, so that the oldest of all partitions are removed, not all of one.
  const shareBytes = Math.min(TRIM_BYTES_MAX / 4, Math.ceil(bytesMax / 64))
  for (;;) {
    const filled = context.partitions.slots.filter((partition) => partition.headAt !== null)
    const bytes = filled.reduce((sum, partition) => sum + partition.endPosition - partition.headPosition, 0)
    if (bytes <= bytesMax) return
    const oldest = filled.reduce((a, b) => (b.headAt! < a.headAt! ? b : a))
    yield trim(context, oldest, 0, Math.min(bytes - bytesMax, shareBytes))
  }
}

/**
 * Puts as many trims into one transaction as fit its time: under full load the writer then spends about as long on
 * removing as on appending, and removing keeps up.
 */
function* trimInSteps(context: Context, trims: Generator<Partition>): Generator<void> {
  const { database } = context
  for (let done = false; !done; ) {
    const touched = new Set<Partition>()
    const deadline = performance.now() + STEP_MS_MAX
    try {
      transact(database, () => {
        while (!done && performance.now() < deadline) {
          const next = trims.next()
          if (next.done) done = true
          else touched.add(next.value)
        }
      })
    } catch (error) {
      for (const { slot, topic } of touched) context.partitions.slots[slot] = loadPartition(database, slot, topic)
      throw error
    }
    for (const { slot, start } of touched) context.onTrimmed(slot, start)
    yield
  }
}

/** Compacts part of what was appended to a partition since the last walk. */
function compactStep(context: Context, partition: Partition): void {
  const { database } = context
  const base = rowId(partition.slot, 0)
  const dirty = database
    .prepare('SELECT id, key FROM compacted WHERE id >= ? AND id < ? ORDER BY id LIMIT ?')
    .all(rowId(partition.slot, partition.cleaned), rowId(partition.slot, partition.end), STEP_RECORDS_MAX)
  const older = database.prepare('SELECT id FROM compacted WHERE key = ? AND id >= ? AND id < ? ORDER BY id')
  const remove = database.prepare('DELETE FROM compacted WHERE id = ?')
  const deadline = performance.now() + STEP_MS_MAX
  let cleaned = dirty.length < STEP_RECORDS_MAX ? partition.end : offsetOf(dirty.at(-1)!['id'] as number) + 1
  let removed = 0
  transact(database, () => {
    for (const [index, { id, key }] of (dirty as { id: number; key: string }[]).entries()) {
      if (index > 0 && performance.now() > deadline) {
        cleaned = offsetOf(id)
        break
      }
      for (const row of older.all(key, base, id)) removed += Number(remove.run(row['id']!).changes)
    }
    keepPartition(database, { ...partition, cleaned })
  })
  partition.cleaned = cleaned
  context.result.compacted += removed
}

function* compact(context: Context): Generator<void> {
  for (const partition of context.partitions.slots) {
    while (partition.topic.cleanup === 'compact' && partition.cleaned < partition.end) {
      compactStep(context, partition)
      yield
    }
  }
}

/**
 * Removes old tombstones. Only those that compaction has passed: it removed what they hide, and it stored the
 * partition's end, so that the last record of a partition may go.
 */
function* bury(context: Context, cutoff: number): Generator<void> {
  const { database, partitions } = context
  const find = database.prepare(
    'SELECT id FROM compacted WHERE value IS NULL AND appended_at < ? ORDER BY appended_at LIMIT ?',
  )
  const remove = database.prepare('DELETE FROM compacted WHERE id = ?')
  for (;;) {
    const found = find.all(cutoff, STEP_RECORDS_MAX) as { id: number }[]
    const clean = found.filter(({ id }) => {
      return offsetOf(id) < partitions.slots[Math.floor(id / OFFSETS_PER_SLOT)]!.cleaned
    })
    if (clean.length === 0) return
    transact(database, () => {
      for (const { id } of clean) remove.run(id)
    })
    context.result.compacted += clean.length
    yield
  }
}

/** `auto_vacuum` of a database whose pages can be given back in steps. */
const INCREMENTAL = 2

/** Gives free pages back to the disk, and says how many are left. */
function* release({ database, result }: Context): Generator<void> {
  const pages = database.prepare(
    'SELECT freelist_count AS free, page_count AS pages, page_size AS bytes, auto_vacuum AS mode ' +
      'FROM pragma_freelist_count, pragma_page_count, pragma_page_size, pragma_auto_vacuum',
  )
  for (;;) {
    const { free, pages: all, bytes, mode } = pages.get() as Record<'free' | 'pages' | 'bytes' | 'mode', number>
    result.freeBytes = free * bytes
    result.shrinks = mode === INCREMENTAL
    if (!result.shrinks || free < all * FREE_SHARE_MAX || free * bytes < FREE_BYTES_MAX) return
    database.exec(`PRAGMA incremental_vacuum(${RELEASE_PAGES})`)
    yield
  }
}

export function* maintenance(
  database: DatabaseSync,
  partitions: Partitions,
  request: MaintainRequest,
  onTrimmed: (slot: number, start: number) => void,
): Generator<void, MaintenanceResult> {
  const context: Context = {
    database,
    partitions,
    onTrimmed,
    result: { expired: 0, compacted: 0, freeBytes: 0, shrinks: false },
  }
  yield* trimInSteps(context, expire(context, request.nowMs))
  if (request.retentionBytesMax !== null) yield* trimInSteps(context, shrink(context, request.retentionBytesMax))
  yield* compact(context)
  yield* bury(context, request.nowMs - request.tombstoneGraceMs)
  yield* release(context)
  return context.result
}
