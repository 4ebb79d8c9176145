/**
 * How far the archiver is: for each partition what the log holds, what has been stored and what has been committed. Lag
 * is counted in records of the log (frames), because only the log knows it without reading them.
 */
import type { Metrics } from '../lib/metrics.ts'
import type { ArchivedTopic, Waiting } from './records.ts'
import { ARCHIVED_TOPICS } from './records.ts'

interface Place {
  readonly topic: ArchivedTopic
  readonly partition: number
  /** Offset that the log's next record gets, as last heard. */
  end: number
  /** Next offset that is not stored yet. */
  stored: number
  /** null: what is committed is not what this archiver is to go on from, wherever it is. */
  committed: number | null
}

export interface Progress {
  begins(topic: ArchivedTopic, partition: number, offset: number, committed: number | null): void
  heard(topic: ArchivedTopic, partition: number, end: number): void
  stored(records: readonly Waiting[]): void
  ends(topic: ArchivedTopic, partition: number): void
  /** Places whose stored offset is not committed yet. */
  uncommitted(): readonly { topic: ArchivedTopic; partition: number; offset: number }[]
  committed(topic: ArchivedTopic, partition: number, offset: number): void
  /** Records of the log that are not stored yet, by topic. */
  lag(): Readonly<Record<ArchivedTopic, number>>
}

export function createProgress(metrics: Metrics): Progress {
  const places = new Map<string, Place>()
  const place = (topic: string, partition: number): Place | undefined => places.get(`${topic}/${partition}`)

  const lag = (): Record<ArchivedTopic, number> => {
    const sums = Object.fromEntries(ARCHIVED_TOPICS.map((topic) => [topic, 0])) as Record<ArchivedTopic, number>
    for (const { topic, end, stored } of places.values()) sums[topic] += Math.max(0, end - stored)
    return sums
  }
  const show = (): void => {
    for (const [topic, records] of Object.entries(lag()))
      metrics.consumerLag.set({ service: 'archiver', topic }, records)
  }

  return {
    begins(topic, partition, offset, committed) {
      places.set(`${topic}/${partition}`, { topic, partition, end: offset, stored: offset, committed })
    },
    heard(topic, partition, end) {
      const found = place(topic, partition)
      if (found !== undefined) found.end = Math.max(found.end, end)
      show()
    },
    stored(records) {
      for (const { topic, partition, offset } of records) {
        const found = place(topic, partition)
        if (found !== undefined) found.stored = Math.max(found.stored, offset + 1)
      }
      show()
    },
    ends(topic, partition) {
      places.delete(`${topic}/${partition}`)
      show()
    },
    uncommitted: () =>
      [...places.values()]
        .filter(({ stored, committed }) => stored > (committed ?? -1))
        .map(({ topic, partition, stored }) => ({ topic, partition, offset: stored })),
    committed(topic, partition, offset) {
      const found = place(topic, partition)
      if (found !== undefined) found.committed = Math.max(found.committed ?? 0, offset)
    },
    lag,
  }
}
