/**
 * How far the archiver is: for each partition what the log holds, what has been stored and what has been committed. Lag
 * is counted in records of the log (frames), because only the log knows it without reading them.
 */
import type { Metrics } from '../lib/metrics.ts'
import type { Mark } from '../lib/warehouse/archived.ts'
import { ARCHIVED_TOPICS, type ArchivedTopic } from '../lib/warehouse/tables.ts'
import { hasRows, type UnstoredRecord } from './records.ts'

interface PartitionProgress {
  readonly topic: ArchivedTopic
  readonly partition: number
  /** Offset that the log's next record gets, as last heard. */
  end: number
  /** Next offset that is not stored yet. */
  stored: number
  /** One more than the offset of the last record that had rows. */
  lastRow: number
  /** What the warehouse says is stored. */
  marked: number
  /** Highest offset that an archiver has committed, in this warehouse or in the one before it. */
  committed: number | null
}

export interface Progress {
  begins(mark: Mark, committed: number | null): void
  heard(topic: ArchivedTopic, partition: number, end: number): void
  stored(records: readonly UnstoredRecord[]): void
  ends(topic: ArchivedTopic, partition: number): void
  /** What the warehouse is held to have, by partition. */
  written(): readonly Mark[]
  /** What is stored but not yet recorded in the warehouse. */
  unmarked(): readonly Mark[]
  marked(marks: readonly Mark[]): void
  /** Positions that are marked but not yet committed. */
  uncommitted(): readonly { topic: ArchivedTopic; partition: number; offset: number }[]
  committed(topic: ArchivedTopic, partition: number, offset: number): void
  /** Records of the log that are not stored yet, by topic. */
  lag(): Readonly<Record<ArchivedTopic, number>>
}

export function createProgress(metrics: Metrics): Progress {
  const partitions = new Map<string, PartitionProgress>()
  const progressOf = (topic: string, partition: number): PartitionProgress | undefined =>
    partitions.get(`${topic}/${partition}`)

  const lagOf = (topic: ArchivedTopic): number => {
    let sum = 0
    for (const found of partitions.values()) if (found.topic === topic) sum += Math.max(0, found.end - found.stored)
    return sum
  }
  const show = (topic: ArchivedTopic): void => metrics.consumerLag.set({ service: 'archiver', topic }, lagOf(topic))

  return {
    begins({ topic, partition, next, lastRow }, committed) {
      const reached = { end: next, stored: next, marked: next, lastRow }
      partitions.set(`${topic}/${partition}`, { topic, partition, ...reached, committed })
    },
    heard(topic, partition, end) {
      const found = progressOf(topic, partition)
      if (found !== undefined) found.end = Math.max(found.end, end)
      show(topic)
    },
    stored(records) {
      for (const record of records) {
        const found = progressOf(record.topic, record.partition)
        if (found === undefined) continue
        found.stored = Math.max(found.stored, record.offset + 1)
        if (hasRows(record)) found.lastRow = Math.max(found.lastRow, record.offset + 1)
      }
      for (const topic of new Set(records.map((record) => record.topic))) show(topic)
    },
    ends(topic, partition) {
      partitions.delete(`${topic}/${partition}`)
      show(topic)
    },
    written: () =>
      [...partitions.values()].map(({ topic, partition, marked, lastRow }) => ({
        topic,
        partition,
        next: marked,
        lastRow,
      })),
    unmarked: () =>
      [...partitions.values()]
        .filter(({ stored, marked }) => stored > marked)
        .map(({ topic, partition, stored, lastRow }) => ({ topic, partition, next: stored, lastRow })),
    marked(marks) {
      for (const { topic, partition, next } of marks) {
        const found = progressOf(topic, partition)
        if (found !== undefined) found.marked = Math.max(found.marked, next)
      }
    },
    uncommitted: () =>
      [...partitions.values()]
        .filter(({ marked, committed }) => marked > (committed ?? 0))
        .map(({ topic, partition, marked }) => ({ topic, partition, offset: marked })),
    committed(topic, partition, offset) {
      const found = progressOf(topic, partition)
      if (found !== undefined) found.committed = Math.max(found.committed ?? 0, offset)
    },
    lag: () =>
      Object.fromEntries(ARCHIVED_TOPICS.map((topic) => [topic, lagOf(topic)])) as Record<ArchivedTopic, number>,
  }
}
