/**
 * From rows to durable frames. Each partition has one append under way at a time; rows that arrive meanwhile wait and
 * leave together in the next one. So a lone sender waits for nobody, and many senders share frames without a timer: the
 * busier the log, the fuller the frames. The order of one sender's sequential requests is kept.
 */
import { setImmediate } from 'node:timers/promises'
import { EVENT_SCHEMA_VERSION } from '../../schemas/event.ts'
import { cutIntoFrames, encodeFrameLines } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log/port.ts'
import type { Metrics } from '../lib/metrics.ts'

export interface FrameWriter {
  /**
   * Appends rows, given as JSON lines by partition. Resolves when every partition has them durably; rejects with the
   * first partition's error, and then some rows may be stored: sending them again repeats their ids.
   */
  write(lines: ReadonlyMap<number, readonly string[]>): Promise<void>
}

interface Waiting {
  readonly lines: readonly string[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Lane {
  waiting: Waiting[]
  busy: boolean
}

export interface FrameWriterOptions {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'eventsPerFrame'>
}

/** Appends everything that waits for a partition, in one go unless it is very much. */
async function appendAll({ log, clock, metrics }: FrameWriterOptions, partition: number, waiting: readonly Waiting[]) {
  const frames = cutIntoFrames(waiting.flatMap(({ lines }) => lines))
  const receiptTime = clock.now()
  const records = frames.map((lines) => {
    metrics.eventsPerFrame.observe(lines.length)
    return { key: null, value: encodeFrameLines(lines, { schema: EVENT_SCHEMA_VERSION, receiptTime }) }
  })
  try {
    // A very large request goes in several appends, so that no single one asks too much of the log.
    for (let first = 0; first < records.length; first += LIMITS.frames_per_append_max) {
      await log.append('events', partition, records.slice(first, first + LIMITS.frames_per_append_max))
    }
    for (const { resolve } of waiting) resolve()
  } catch (error) {
    for (const { reject } of waiting) reject(error)
  }
}

export function createFrameWriter(options: FrameWriterOptions): FrameWriter {
  const lanes = new Map<number, Lane>()

  const run = async (partition: number, lane: Lane): Promise<void> => {
    lane.busy = true
    // Requests that the same turn of the event loop finishes share the first frame.
    await setImmediate()
    while (lane.waiting.length > 0) {
      const waiting = lane.waiting
      lane.waiting = []
      await appendAll(options, partition, waiting)
    }
    lane.busy = false
  }

  const enqueue = (partition: number, lines: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      let lane = lanes.get(partition)
      if (lane === undefined) {
        lane = { waiting: [], busy: false }
        lanes.set(partition, lane)
      }
      lane.waiting.push({ lines, resolve, reject })
      if (!lane.busy) void run(partition, lane)
    })

  return {
    async write(lines) {
      // All settle before the answer: a request that failed has nothing under way any more.
      const outcomes = await Promise.allSettled([...lines].map(([partition, rows]) => enqueue(partition, rows)))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}
