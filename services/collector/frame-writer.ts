/**
 * From rows to durable frames. Of each tenant a partition has one append under way at a time; rows that arrive meanwhile wait and
 * leave together in the next one, those of all tenants whose turn it is in the same frames. So a lone sender waits for nobody, and
 * many senders share frames without a timer: the busier the log, the fuller the frames. A tenant that fills every partition keeps
 * no other waiting for more than the log itself. The order of one tenant's rows is kept.
 *
 * A frame that the log refuses for its size is halved (lib/log/halving.ts): rows of many requests share one, and a single row that
 * it never takes must not hold the others up. That row becomes a dead letter.
 */
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { type DeadLetter, deadLetterOf } from '../../schemas/dead-letter.ts'
import { EVENT_COLUMNS, EVENT_SCHEMA_VERSION } from '../../schemas/event.ts'
import { cutIntoFrames, encodeFrameLinesAside } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
import { appendHalving, type TooLarge } from '../lib/log/halving.ts'
import { writeLetters } from '../lib/log/letters.ts'
import type { Log, RecordInput } from '../lib/log/port.ts'
import type { Metrics } from '../lib/metrics.ts'
import { COLLECTOR_LIMITS } from './limits.ts'

export interface FrameWriter {
  /**
   * Appends rows, given as JSON lines by partition. Resolves when every partition has them durably; rejects with the
   * first partition's error, and then some rows may be stored: sending them again repeats their ids.
   */
  write(tenant: string, lines: ReadonlyMap<number, readonly string[]>): Promise<void>
}

interface PendingLines {
  readonly tenant: string
  readonly lines: readonly string[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Lane {
  waiting: PendingLines[]
  /** Tenants with an append under way. */
  readonly busy: Set<string>
  /** Appends under way. */
  appends: number
  /** One begins with the next turn of the event loop: what comes until then goes with it. */
  starting: boolean
}

export interface FrameWriterOptions {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'eventsPerFrame' | 'deadLetters'>
}

const compress = promisify(zstdCompress)

const [TENANT, SENDER] = (['tenant', 'sender'] as const).map((name) =>
  EVENT_COLUMNS.findIndex((column) => column.name === name),
) as [number, number]

/** The letter of a row that the log takes in no frame. */
function letterOf(partition: number, time: number, { item, reason }: TooLarge<string>): DeadLetter {
  const row = JSON.parse(item) as string[]
  return deadLetterOf({
    tenant: row[TENANT] ?? '',
    sender: row[SENDER] ?? '',
    time,
    service: 'collector',
    origin: `events/${partition}`,
    reason: 'refused',
    detail: reason,
    record: item,
  })
}

/** Appends everything that waits for a partition, in one go unless it is very much. */
async function appendAll(
  { log, clock, metrics }: FrameWriterOptions,
  partition: number,
  waiting: readonly PendingLines[],
) {
  const frames = cutIntoFrames(waiting.flatMap(({ lines }) => lines))
  const receiptTime = clock.now()
  for (const { length } of frames) metrics.eventsPerFrame.observe(length)
  const encode = async (lines: readonly string[]): Promise<RecordInput> => ({
    key: null,
    value: await encodeFrameLinesAside(lines, { schema: EVENT_SCHEMA_VERSION, receiptTime }, compress),
  })
  const append = (records: readonly RecordInput[]): Promise<number> => log.append('events', partition, records)
  try {
    // A very large request goes in several appends, so that no single one asks too much of the log.
    for (let first = 0; first < frames.length; first += LIMITS.frames_per_append_max) {
      const some = frames.slice(first, first + LIMITS.frames_per_append_max)
      const refused = await appendHalving(some, { encode, append })
      const letters = refused.map((one) => letterOf(partition, receiptTime, one))
      for (const { reason } of letters) metrics.deadLetters.inc({ service: 'collector', reason })
      await writeLetters(log, letters)
    }
    for (const { resolve } of waiting) resolve()
  } catch (error) {
    for (const { reject } of waiting) reject(error)
  }
}

export function createFrameWriter(options: FrameWriterOptions): FrameWriter {
  const lanes = new Map<number, Lane>()

  /** Those whose tenants have no append under way leave the line. */
  const takeTurn = (lane: Lane): PendingLines[] => {
    const { turn = [], rest = [] } = Object.groupBy(lane.waiting, ({ tenant }) =>
      lane.busy.has(tenant) ? 'rest' : 'turn',
    )
    lane.waiting = rest
    return turn
  }

  const run = async (partition: number, lane: Lane): Promise<void> => {
    lane.starting = true
    // Requests that the same turn of the event loop finishes share the first frame.
    await setImmediate()
    lane.starting = false
    lane.appends++
    for (let turn = takeTurn(lane); turn.length > 0; turn = takeTurn(lane)) {
      for (const { tenant } of turn) lane.busy.add(tenant)
      await appendAll(options, partition, turn)
      for (const { tenant } of turn) lane.busy.delete(tenant)
    }
    lane.appends--
  }

  const enqueue = (tenant: string, partition: number, lines: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      let lane = lanes.get(partition)
      if (lane === undefined) {
        lane = { waiting: [], busy: new Set(), appends: 0, starting: false }
        lanes.set(partition, lane)
      }
      lane.waiting.push({ tenant, lines, resolve, reject })
      if (!lane.starting && !lane.busy.has(tenant) && lane.appends < COLLECTOR_LIMITS.appends_per_partition_max)
        void run(partition, lane)
    })

  return {
    async write(tenant, lines) {
      const all = [...lines]
      // A few at a time, so that a request of many partitions keeps the event loop no longer than others.
      for (let first = 0; first < all.length; first += LIMITS.partitions_per_append_max) {
        const some = all.slice(first, first + LIMITS.partitions_per_append_max)
        // All settle before the answer: a request that failed has nothing under way any more.
        const outcomes = await Promise.allSettled(some.map(([partition, rows]) => enqueue(tenant, partition, rows)))
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      }
    },
  }
}
