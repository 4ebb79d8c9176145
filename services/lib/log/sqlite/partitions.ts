/**
 * What the writer knows of every partition without asking the database: where it starts and ends, how many bytes it
 * holds and how old its oldest record is. Loaded once at open with two seeks a partition.
 */
import type { DatabaseSync } from 'node:sqlite'
import { LogError } from '../port.ts'
import { offsetOf, rowId, SLOTS_MAX } from './database.ts'
import type { OpenState, TopicRow } from './protocol.ts'

export interface Partition {
  readonly slot: number
  topic: TopicRow
  /** Offset below which retention removed everything. */
  start: number
  /** Offset of the next record. */
  end: number
  /** Compaction has seen every offset below this. */
  cleaned: number
  /** When the oldest record was appended, ms since 1970; null where the partition is empty or compacted. */
  headAt: number | null
  /** Positions in bytes of the oldest record and of the next one: the difference is the partition's size. */
  headPosition: number
  endPosition: number
}

export interface Partitions {
  readonly topics: Map<string, TopicRow>
  /** Index = slot. */
  readonly slots: Partition[]
}

type Head = { appended_at: number; position: number } | undefined

/** The oldest record of a partition at or after an offset: its age and position. */
export function readHead(database: DatabaseSync, slot: number, from: number): Head {
  const sql = 'SELECT appended_at, position FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT 1'
  return database.prepare(sql).get(rowId(slot, from), rowId(slot + 1, 0)) as Head
}

function loadPartition(database: DatabaseSync, slot: number, topic: TopicRow): Partition {
  const kept = database.prepare('SELECT start, floor, cleaned FROM partitions WHERE slot = ?').get(slot) as
    | { start: number; floor: number; cleaned: number }
    | undefined
  if (kept === undefined) throw new LogError('log_corrupt', `partition slot ${slot} of topic ${topic.name} is missing`)
  const table = topic.cleanup === 'compact' ? 'compacted' : 'records'
  const size = "position + octet_length(coalesce(key, '')) + octet_length(coalesce(value, x''))"
  const last = database
    .prepare(`SELECT id, ${size} AS end FROM ${table} WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1`)
    .get(rowId(slot, 0), rowId(slot + 1, 0)) as { id: number; end: number } | undefined
  const head = topic.cleanup === 'compact' ? undefined : readHead(database, slot, kept.start)
  return {
    slot,
    topic,
    start: kept.start,
    end: Math.max(kept.floor, last === undefined ? 0 : offsetOf(last.id) + 1),
    cleaned: kept.cleaned,
    headAt: head?.appended_at ?? null,
    headPosition: head?.position ?? last?.end ?? 0,
    endPosition: last?.end ?? 0,
  }
}

const slotsOf = (topic: TopicRow): number[] => Array.from({ length: topic.partitions }, (_, p) => topic.base + p)

export function loadPartitions(database: DatabaseSync): Partitions {
  const rows = database
    .prepare('SELECT name, base, partitions, cleanup, retention_ms AS retentionMs FROM topics ORDER BY base')
    .all() as unknown as TopicRow[]
  const topics = new Map(rows.map((row) => [row.name, { ...row }]))
  const slots = [...topics.values()].flatMap((topic) =>
    slotsOf(topic).map((slot) => loadPartition(database, slot, topic)),
  )
  return { topics, slots }
}

/** Creates topics that are new and takes over a changed retention; the caller has checked that they fit. */
export function addTopics(
  database: DatabaseSync,
  partitions: Partitions,
  wanted: readonly Omit<TopicRow, 'base'>[],
): TopicRow[] {
  let base = partitions.slots.length
  const rows = wanted.map((topic): TopicRow => {
    const known = partitions.topics.get(topic.name)
    if (known !== undefined) return { ...known, retentionMs: topic.retentionMs }
    const row = { ...topic, base }
    base += topic.partitions
    return row
  })
  if (base > SLOTS_MAX) throw new Error(`${base} partitions in all topics; the embedded log holds at most ${SLOTS_MAX}`)
  const putTopic = database.prepare('INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?)')
  const putPartition = database.prepare('INSERT INTO partitions VALUES (?, 0, 0, 0)')
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const row of rows) {
      putTopic.run(row.name, row.base, row.partitions, row.cleanup, row.retentionMs)
      if (!partitions.topics.has(row.name)) for (const slot of slotsOf(row)) putPartition.run(slot)
    }
    database.exec('COMMIT')
  } catch (error) {
    rollback(database)
    throw error
  }
  for (const row of rows) adopt(partitions, row)
  return rows
}

function adopt(partitions: Partitions, row: TopicRow): void {
  const isNew = !partitions.topics.has(row.name)
  partitions.topics.set(row.name, row)
  for (const slot of slotsOf(row)) {
    if (!isNew) partitions.slots[slot]!.topic = row
    else {
      const empty = { start: 0, end: 0, cleaned: 0, headAt: null, headPosition: 0, endPosition: 0 }
      partitions.slots[slot] = { slot, topic: row, ...empty }
    }
  }
}

/** Ends a failed transaction; SQLite has already done so for some errors. */
export function rollback(database: DatabaseSync): void {
  if (database.isTransaction) database.exec('ROLLBACK')
}

/** What the main side needs to begin. */
export function openState(database: DatabaseSync, partitions: Partitions): OpenState {
  const rows = database.prepare('SELECT consumer_group AS "group", slot, next AS offset FROM commits').all()
  const commits = rows as unknown as OpenState['commits']
  return {
    topics: [...partitions.topics.values()],
    starts: Float64Array.from(partitions.slots, (partition) => partition.start),
    ends: Float64Array.from(partitions.slots, (partition) => partition.end),
    commits: commits.map(({ group, slot, offset }) => ({ group, slot, offset })),
  }
}
