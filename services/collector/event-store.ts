/** Appends what requests became: events as frames of their partitions, bad records as dead letters. */
import { rowOf } from '../../schemas/event.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { eventKey } from '../../schemas/topics.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Metrics } from '../lib/metrics.ts'
import { deadLetterOf, writeDeadLetters } from './dead-letters.ts'
import { createFrameWriter } from './frame-writer.ts'
import type { Normalised } from './normalise.ts'

/** One request, or one record of `raw`. */
export interface Taking {
  readonly tenant: string
  /** Where it came from, for dead letters: the format, or its place in `raw`. */
  readonly origin: string
  /** ms since 1970. */
  readonly receiptTime: number
  readonly normalised: Normalised
}

/** Resolves when all is durable. Rejects with LogError; sending the same again repeats its ids. */
export type EventStore = (takings: readonly Taking[]) => Promise<void>

export interface EventStoreOptions {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
}

/** Rows by partition, in the order of the requests. */
function partitioned(takings: readonly Taking[], partitions: number): Map<number, string[]> {
  const lines = new Map<number, string[]>()
  for (const { tenant, normalised } of takings) {
    for (const event of normalised.events) {
      const partition = partitionOf(eventKey(tenant, event.identity), partitions)
      const line = JSON.stringify(rowOf(event))
      const lane = lines.get(partition)
      if (lane === undefined) lines.set(partition, [line])
      else lane.push(line)
    }
  }
  return lines
}

export function createEventStore({ log, clock, metrics }: EventStoreOptions): EventStore {
  const writer = createFrameWriter({ log, clock, metrics })
  return async (takings) => {
    const letters = takings.flatMap(({ tenant, origin, receiptTime, normalised }) =>
      normalised.rejected.map((one) => deadLetterOf(tenant, origin, receiptTime, one)),
    )
    await Promise.all([writer.write(partitioned(takings, log.partitions('events'))), writeDeadLetters(log, letters)])
    for (const { normalised } of takings) {
      const [first] = normalised.events
      if (first !== undefined) metrics.eventsAccepted.inc({ source: first.source }, normalised.events.length)
    }
    for (const { reason } of letters) metrics.deadLetters.inc({ service: 'collector', reason })
  }
}
