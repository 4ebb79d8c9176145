/** Appends what requests became: events as frames of their partitions, bad records as dead letters. */
import { deadLetterOf } from '../../schemas/dead-letter.ts'
import type { Clock } from '../lib/clock.ts'
import { appendHalving, type Halving } from '../lib/log/halving.ts'
import { writeLetters } from '../lib/log/letters.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { createFrameWriter } from './frame-writer.ts'
import type { Prepared } from './preparing/index.ts'
import { createUnclear } from './unclear.ts'

/** One request, or one record of `raw`. */
export interface Taking {
  readonly tenant: string
  /** Name of the token that it was sent with. */
  readonly sender: string
  /** The origin, for dead letters: the format, or its place in `raw`. */
  readonly origin: string
  /** ms since 1970. */
  readonly receiptTime: number
  readonly prepared: Prepared
}

/** Resolves when all is durable. Rejects with LogError; sending the same again repeats its ids. */
export type EventStore = (takings: readonly Taking[]) => Promise<void>

export interface EventStoreOptions {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
}

/** Rows by partition, in the order of the requests. */
function linesOf(takings: readonly Taking[]): Map<number, string[]> {
  const lines = new Map<number, string[]>()
  for (const { prepared } of takings) {
    for (const [partition, own] of prepared.lines) {
      const lane = lines.get(partition)
      if (lane === undefined) lines.set(partition, [...own])
      else lane.push(...own)
    }
  }
  return lines
}

/**
 * Appends what is kept of words. Repeats have the same place. Words that the log refuses are left out and counted: what was said
 * must not come to the dead letters, which are kept longer.
 */
async function writeExcerpts({ log, logger }: EventStoreOptions, takings: readonly Taking[]): Promise<void> {
  const encode = ([line = '']: readonly string[]) => ({ key: null, value: Buffer.from(line) })
  const appends = takings.flatMap(({ tenant, prepared }) =>
    [...(prepared.excerpts ?? [])].map(async ([partition, lines]) => {
      const append: Halving<string>['append'] = (records) => log.append('excerpts', partition, records)
      const refused = await appendHalving(
        lines.map((line) => [line]),
        { encode, append },
      )
      const [one] = refused
      if (one !== undefined)
        logger.error(
          { tenant, excerpts: refused.length, reason: one.reason },
          'the log refuses excerpts: they are lost',
        )
    }),
  )
  await Promise.all(appends)
}

export function createEventStore(options: EventStoreOptions): EventStore {
  const { log, clock, metrics, logger } = options
  const writer = createFrameWriter({ log, clock, metrics })
  const tellUnclear = createUnclear(metrics, logger)
  return async (takings) => {
    const letters = takings.flatMap(({ tenant, sender, origin, receiptTime, prepared }) =>
      prepared.rejected.map(({ index, reason, detail, record }) =>
        deadLetterOf({
          tenant,
          sender,
          time: receiptTime,
          service: 'collector',
          origin,
          index,
          reason,
          detail,
          record,
        }),
      ),
    )
    const tenants = Map.groupBy(takings, ({ tenant }) => tenant)
    const writes = [...tenants].map(([tenant, own]) => writer.write(tenant, linesOf(own)))
    await Promise.all([...writes, writeLetters(log, letters), writeExcerpts(options, takings)])
    for (const { tenant, prepared } of takings) {
      tellUnclear(tenant, prepared.unclear)
      if (prepared.source !== undefined && prepared.events > 0)
        metrics.eventsAccepted.inc({ source: prepared.source }, prepared.events)
      for (const [reason, count] of prepared.untimed) metrics.eventsUntimed.inc({ reason }, count)
    }
    for (const { reason } of letters) metrics.deadLetters.inc({ service: 'collector', reason })
  }
}
