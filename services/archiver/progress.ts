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

  const lag = (): Record<ArchivedTopic, number> => {
    const sums = Object.fromEntries(ARCHIVED_TOPICS.map((topic) => [topic, 0])) as Record<ArchivedTopic, number>
    for (const { topic, end, stored } of partitions.values()) sums[topic] += Math.max(0, end - stored)
    return sums
  }
  const show = (): void => {
    for (const [topic, records] of Object.entries(lag()))
      metrics.consumerLag.set({ service: 'archiver', topic }, records)
  }

  return {
    begins({ topic, partition, next, lastRow }, committed) {
      const reached = { end: next, stored: next, marked: next, lastRow }
      partitions.set(`${topic}/${partition}`, { topic, partition, ...reached, committed })
    },
    heard(topic, partition, end) {
      const found = progressOf(topic, partition)
      if (found !== undefined) found.end = Math.max(found.end, end)
      show()
    },
    stored(records) {
      for (const record of records) {
        const found = progressOf(record.topic, record.partition)
        if (found === undefined) continue
        found.stored = Math.max(found.stored, record.offset + 1)
        if (hasRows(record)) found.lastRow = Math.max(found.lastRow, record.offset + 1)
      }
      show()
    },
    ends(topic, partition) {
      partitions.delete(`${topic}/${partition}`)
      show()
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
    lag,
  }
}
