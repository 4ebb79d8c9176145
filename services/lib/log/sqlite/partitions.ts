/**
 * What the writer knows of every partition without querying the database: its start and end, its size in bytes and the
 * age of its oldest record. Loaded once at open, with at most two seeks per partition.
 */
import { counted } from '../../../../schemas/counted.ts'
import type { DatabaseSync } from 'node:sqlite'
import { LogError } from '../port.ts'
import { offsetOf, rowCrc, rowId, SLOTS_MAX } from './database.ts'
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

export type Head = { appended_at: number; position: number } | undefined

/** The oldest record of a partition at or after an offset: its age and position. */
export function readHead(database: DatabaseSync, slot: number, from: number): Head {
  const sql = 'SELECT appended_at, position FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT 1'
  return database.prepare(sql).get(rowId(slot, from), rowId(slot + 1, 0)) as Head
}

/** Stores what the records do not show: the partition's start and end, and how far compaction came. */
export function keepPartition(
  database: DatabaseSync,
  { slot, start, end, cleaned }: Pick<Partition, 'slot' | 'start' | 'end' | 'cleaned'>,
): void {
  database
    .prepare('INSERT OR REPLACE INTO partitions VALUES (?, ?, ?, ?, ?)')
    .run(slot, start, end, cleaned, rowCrc(slot, start, end, cleaned))
}

interface Kept {
  readonly start: number
  readonly floor: number
  readonly cleaned: number
}

function readKept(database: DatabaseSync, slot: number, place: string): Kept {
  const row = database.prepare('SELECT start, floor, cleaned, crc FROM partitions WHERE slot = ?').get(slot) as
    | (Kept & { crc: number })
    | undefined
  if (row !== undefined && row.crc === rowCrc(slot, row.start, row.floor, row.cleaned)) return row
  throw damaged(database, place, 'its row is missing or does not match its checksum')
}

function damaged(database: DatabaseSync, what: string, how: string): LogError {
  const message = `${database.location()} is damaged: ${what}, ${how}; restore it from a backup or move it away`
  return new LogError('log_corrupt', message)
}

type Row = { id: number; appended_at: number; position: number; bytes: number } | undefined

/** The first or last record of a partition. */
function readEdge(database: DatabaseSync, slot: number, cleanup: TopicRow['cleanup'], order: 'ASC' | 'DESC'): Row {
  const table = cleanup === 'compact' ? 'compacted' : 'records'
  const bytes = "octet_length(coalesce(key, '')) + octet_length(coalesce(value, x'')) AS bytes"
  const where = `WHERE id >= ? AND id < ? ORDER BY id ${order} LIMIT 1`
  const sql = `SELECT id, appended_at, position, ${bytes} FROM ${table} ${where}`
  return database.prepare(sql).get(rowId(slot, 0), rowId(slot + 1, 0)) as Row
}

/** Reads a partition from its row and its first and last record. Throws log_corrupt if they disagree. */
export function loadPartition(database: DatabaseSync, slot: number, topic: TopicRow): Partition {
  const place = `partition ${slot - topic.base} of topic ${topic.name}`
  const { start, floor, cleaned } = readKept(database, slot, place)
  const dense = topic.cleanup === 'delete'
  const first = dense ? readEdge(database, slot, topic.cleanup, 'ASC') : undefined
  const last = readEdge(database, slot, topic.cleanup, 'DESC')
  const end = last === undefined ? 0 : offsetOf(last.id) + 1
  // Retention removes a prefix and stores where it stopped: any other state of the edges is damage.
  if (dense && (first === undefined ? start !== floor : offsetOf(first.id) !== start || end < floor)) {
    throw damaged(database, place, `retention stopped at offset ${start}, and other records are there`)
  }
  const endPosition = last === undefined ? 0 : last.position + last.bytes
  return {
    slot,
    topic,
    start,
    end: Math.max(floor, end),
    cleaned,
    headAt: first?.appended_at ?? null,
    headPosition: first?.position ?? endPosition,
    endPosition,
  }
}

const slotsOf = (topic: TopicRow): number[] => Array.from({ length: topic.partitions }, (_, p) => topic.base + p)

const topicCrc = ({ name, base, partitions, cleanup, retentionMs }: TopicRow): number =>
  rowCrc(name, base, partitions, cleanup, retentionMs)

export function loadPartitions(database: DatabaseSync): Partitions {
  const rows = database
    .prepare('SELECT name, base, partitions, cleanup, retention_ms AS retentionMs, crc FROM topics ORDER BY base')
    .all() as unknown as (TopicRow & { crc: number })[]
  for (const row of rows) {
    if (row.crc !== topicCrc(row)) throw damaged(database, `topic ${row.name}`, 'its row does not match its checksum')
  }
  const topics = new Map(
    rows.map(({ name, base, partitions, cleanup, retentionMs }) => [
      name,
      { name, base, partitions, cleanup, retentionMs },
    ]),
  )
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
  if (base > SLOTS_MAX)
    throw new Error(`${counted(base, 'partition')} in all topics; the embedded log holds at most ${SLOTS_MAX}`)
  const putTopic = database.prepare('INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?, ?)')
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const row of rows) {
      putTopic.run(row.name, row.base, row.partitions, row.cleanup, row.retentionMs, topicCrc(row))
      if (partitions.topics.has(row.name)) continue
      for (const slot of slotsOf(row)) keepPartition(database, { slot, start: 0, end: 0, cleaned: 0 })
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
  const rows = database.prepare('SELECT consumer_group AS "group", slot, next AS offset, crc FROM commits').all()
  const commits = rows as unknown as (OpenState['commits'][number] & { crc: number })[]
  for (const { group, slot, offset, crc } of commits) {
    if (crc !== rowCrc(group, slot, offset))
      throw damaged(database, `an offset of group ${group}`, 'it does not match its checksum')
  }
  return {
    topics: [...partitions.topics.values()],
    starts: Float64Array.from(partitions.slots, (partition) => partition.start),
    ends: Float64Array.from(partitions.slots, (partition) => partition.end),
    commits: commits.map(({ group, slot, offset }) => ({ group, slot, offset })),
  }
}
