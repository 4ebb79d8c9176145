/**
 * How far the log is stored in the warehouse, as the warehouse itself records it (table `archived`). The log alone cannot
 * distinguish an empty warehouse from a complete one. A generation begins when the warehouse has to be refilled from the
 * log. Only the newest counts, so late writes of an earlier generation's archiver change nothing.
 */
import type { Log } from '../log/port.ts'
import type { Warehouse } from './port.ts'
import { ARCHIVED_TOPICS, type ArchivedTable, type ArchivedTopic, TABLE_OF_TOPIC } from './tables.ts'

/** Whose committed offsets say how far a warehouse of this log was filled before. */
export const ARCHIVER_GROUP = 'archiver'

export interface Mark {
  readonly topic: ArchivedTopic
  readonly partition: number
  /** Everything below this offset is stored. */
  readonly next: number
  /** One more than the offset of the last record that had rows; 0 before the first. */
  readonly lastRow: number
}

export interface Archived {
  /** The newest that was begun here; 0 if there is none. */
  readonly generation: number
  /** The highest that anything here is of. Higher than `generation`: marks that were meant for the warehouse before it. */
  readonly highest: number
  readonly marks: ReadonlyMap<string, Mark>
  /** What was received before this is missing for good; ms since 1970, 0 if nothing is known to be missing. */
  readonly wholeSince: number
  /** Tables without a row. */
  readonly empty: ReadonlySet<ArchivedTable>
}

export const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`

interface MarkRow {
  readonly generation: number
  readonly topic: ArchivedTopic | ''
  readonly partition: number
  readonly next_offset: string
  readonly last_row: string
  readonly whole_since: string
}

/** Asks the warehouse. Throws WarehouseError. */
export async function readArchived(warehouse: Warehouse): Promise<Archived> {
  const rows = await warehouse.ask<MarkRow>({
    name: 'archived',
    sql: `SELECT generation, topic, partition, max(next_offset) AS next_offset, max(last_row) AS last_row,
      toUnixTimestamp64Milli(max(whole_since)) AS whole_since
      FROM archived WHERE generation >= (SELECT max(generation) FROM archived WHERE topic = '')
      GROUP BY generation, topic, partition`,
    params: {},
  })
  const tables = await warehouse.ask<{ name: ArchivedTable }>({
    name: 'archived',
    sql: `SELECT name FROM system.tables
      WHERE database = currentDatabase() AND total_rows = 0 AND name IN {names:Array(String)}`,
    params: { names: Object.values(TABLE_OF_TOPIC) },
  })
  const marks = new Map<string, Mark>()
  let wholeSince = 0
  // An archiver that has not noticed yet that its warehouse was replaced writes marks of a generation that never began here.
  const generation = rows.find(({ topic }) => topic === '')?.generation ?? 0
  for (const { topic, partition, ...row } of rows.filter((row) => row.generation === generation)) {
    if (topic === '') wholeSince = Number(row.whole_since)
    else {
      const mark = { topic, partition, next: Number(row.next_offset), lastRow: Number(row.last_row) }
      marks.set(placeOf(topic, partition), mark)
    }
  }
  const highest = Math.max(0, ...rows.map((row) => row.generation))
  return { generation, highest, marks, wholeSince, empty: new Set(tables.map(({ name }) => name)) }
}

/** Writes down how far the log is stored. Throws WarehouseError. */
export async function writeMarks(warehouse: Warehouse, generation: number, marks: readonly Mark[]): Promise<void> {
  const rows = marks.map(({ topic, partition, next, lastRow }) => [generation, topic, partition, next, lastRow, 0])
  await warehouse.insert('archived', Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
}

/** From now on nothing counts as stored. `wholeSince`: ms since 1970. Throws WarehouseError. */
export async function beginGeneration(warehouse: Warehouse, generation: number, wholeSince: number): Promise<void> {
  await warehouse.insert('archived', Buffer.from(`${JSON.stringify([generation, '', 0, 0, 0, wholeSince])}\n`))
}

/** A partition as the log knows it. */
export interface LogPlace {
  readonly topic: ArchivedTopic
  readonly partition: number
  readonly start: number
  readonly end: number
  /** Next offset that no archiver has stored, in this warehouse or in the one before it; null before the first. */
  readonly committed: number | null
}

/** All partitions that are archived. Throws LogError. */
export async function readPlaces(log: Log): Promise<LogPlace[]> {
  const places = ARCHIVED_TOPICS.flatMap((topic) =>
    Array.from({ length: log.partitions(topic) }, (_, partition) => ({ topic, partition })),
  )
  return Promise.all(
    places.map(async ({ topic, partition }) => {
      const [committed, bounds] = await Promise.all([
        log.committed(ARCHIVER_GROUP, topic, partition),
        log.bounds(topic, partition),
      ])
      return { topic, partition, ...bounds, committed }
    }),
  )
}

/**
 * A warehouse that was filled before it wrote down how far: it has rows and no mark. What the log says of it counts.
 */
export const isUnmarked = ({ highest, empty }: Archived): boolean =>
  highest === 0 && empty.size < ARCHIVED_TOPICS.length

/**
 * When the oldest record of `events` that the log still holds was appended, in ms since 1970. undefined if no archived topic
 * has lost a record, or if the log holds no record of `events`.
 */
export async function oldestKept(log: Log, places: readonly LogPlace[]): Promise<number | undefined> {
  if (places.every(({ start }) => start === 0)) return undefined
  const times = places
    .filter(({ topic, start, end }) => topic === 'events' && start < end)
    .map(async ({ topic, partition, start }) => {
      for await (const { appendedAt } of log.read(topic, partition, start)) return appendedAt
      return Number.POSITIVE_INFINITY
    })
  const oldest = Math.min(...(await Promise.all(times)))
  return Number.isFinite(oldest) ? oldest : undefined
}
