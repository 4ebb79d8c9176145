/**
 * Retention and compaction in small steps. Each `yield` stands between two transactions of a few milliseconds, so that
 * appends which arrived meanwhile go first.
 *
 * Retention removes a prefix of a partition: what is older than the topic keeps, and, where a limit on bytes is set,
 * the oldest records over all partitions. Compaction walks what was appended since its last walk and removes older
 * records of the same keys; a tombstone goes when its grace has passed, and only after what it hides has gone. Whatever
 * removes the last record of a partition also stores the partition's end, so that no offset is ever given twice.
 */
import type { DatabaseSync } from 'node:sqlite'
import { OFFSETS_PER_SLOT, offsetOf, rowId } from './database.ts'
import { keepPartition, type Partition, type Partitions, readHead, rollback } from './partitions.ts'
import type { MaintainRequest, MaintenanceResult } from './protocol.ts'

const STEP_RECORDS_MAX = 512
const STEP_BYTES_MAX = 2 * 1024 * 1024
const STEP_MS_MAX = 10

interface Context {
  readonly database: DatabaseSync
  readonly partitions: Partitions
  readonly onTrimmed: (slot: number, start: number) => void
  readonly result: { expired: number; compacted: number }
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

/** Removes records from the head of a partition while they are older than `cutoff` or `excessBytes` is not yet freed. */
function trimStep(context: Context, partition: Partition, cutoff: number, excessBytes: number): void {
  const { database } = context
  const sql = 'SELECT id, appended_at, position FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?'
  const from = rowId(partition.slot, partition.start)
  const rows = database.prepare(sql).all(from, rowId(partition.slot + 1, 0), STEP_RECORDS_MAX) as unknown as {
    id: number
    appended_at: number
    position: number
  }[]
  const freedBy = (count: number): number => (rows[count]?.position ?? partition.endPosition) - partition.headPosition
  let count = 0
  while (count < rows.length && (rows[count]!.appended_at < cutoff || freedBy(count) < excessBytes)) {
    count++
    if (freedBy(count) > STEP_BYTES_MAX) break
  }
  const start = rows.length === 0 ? partition.end : count === 0 ? partition.start : offsetOf(rows[count - 1]!.id) + 1
  transact(database, () => {
    database.prepare('DELETE FROM records WHERE id >= ? AND id < ?').run(from, rowId(partition.slot, start))
    keepPartition(database, { ...partition, start })
  })
  const head = rows[count] ?? readHead(database, partition.slot, start)
  partition.start = start
  partition.headAt = head?.appended_at ?? null
  partition.headPosition = head?.position ?? partition.endPosition
  context.result.expired += count
  context.onTrimmed(partition.slot, start)
}

function* expire(context: Context, nowMs: number): Generator<void> {
  for (const partition of context.partitions.slots) {
    const cutoff = nowMs - partition.topic.retentionMs
    while (partition.headAt !== null && partition.headAt < cutoff) {
      trimStep(context, partition, cutoff, 0)
      yield
    }
  }
}

function* shrink(context: Context, bytesMax: number): Generator<void> {
  // Small shares, so that what is removed is the oldest of all partitions and not all of one.
  const shareBytes = Math.min(STEP_BYTES_MAX / 8, Math.ceil(bytesMax / 64))
  for (;;) {
    const filled = context.partitions.slots.filter((partition) => partition.headAt !== null)
    const bytes = filled.reduce((sum, partition) => sum + partition.endPosition - partition.headPosition, 0)
    if (bytes <= bytesMax) return
    const oldest = filled.reduce((a, b) => (b.headAt! < a.headAt! ? b : a))
    trimStep(context, oldest, 0, Math.min(bytes - bytesMax, shareBytes))
    yield
  }
}

/** Cleans part of what was appended to a compacted partition since the last walk. */
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

export function* maintenance(
  database: DatabaseSync,
  partitions: Partitions,
  request: MaintainRequest,
  onTrimmed: (slot: number, start: number) => void,
): Generator<void, MaintenanceResult> {
  const context: Context = { database, partitions, onTrimmed, result: { expired: 0, compacted: 0 } }
  yield* expire(context, request.nowMs)
  if (request.retentionBytesMax !== null) yield* shrink(context, request.retentionBytesMax)
  yield* compact(context)
  yield* bury(context, request.nowMs - request.tombstoneGraceMs)
  return context.result
}
