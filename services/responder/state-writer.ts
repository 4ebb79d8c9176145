/**
 * Writes to `state`: one append per partition is under way at a time and takes along all that has gathered meanwhile;
 * trouble that may pass is waited out, so the order holds.
 */
import { LIMITS } from '../../schemas/limits.ts'
import { type Log, LogError, type RecordInput } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Timers } from './timers.ts'

export const TOPIC = 'state'
const APPEND_RECORDS_MAX = 500
const RETRY_MS = 250

interface PendingWrite {
  readonly records: readonly RecordInput[]
  done(firstOffset: number): void
  fail(error: Error): void
}

interface Lane {
  readonly queue: PendingWrite[]
  running: Promise<void> | undefined
}

export interface AppendTools {
  readonly log: Log
  readonly logger: Logger
  readonly timers: Timers
}

export interface StoreOptions extends AppendTools {
  /** The log will never take what it was given: memory and log differ from now on, and nothing may act on either. */
  onFatal(error: Error): void
}

/** Appends, and waits out trouble that may pass. Rejects if it never will, or if `isClosed` says so. */
export async function appendPatiently(
  { log, logger, timers }: AppendTools,
  topic: string,
  partition: number,
  records: readonly RecordInput[],
  isClosed: () => boolean,
): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      return await log.append(topic, partition, records)
    } catch (error) {
      if (!(error instanceof LogError) || !error.retriable || isClosed()) throw error
      if (tries % 20 === 0) logger.warn({ topic, partition, reason: error.message }, 'the log refuses; trying again')
      await new Promise<void>((resolve) => {
        timers.after(RETRY_MS, resolve)
      })
    }
  }
}

function takeTogether(queue: PendingWrite[]): PendingWrite[] {
  const taken: PendingWrite[] = []
  let count = 0
  let bytes = 0
  while (queue.length > 0) {
    const next = queue[0]!
    const size = next.records.reduce((sum, r) => sum + (r.value?.length ?? 0), 0)
    if (
      taken.length > 0 &&
      (count + next.records.length > APPEND_RECORDS_MAX || bytes + size > LIMITS.frame_bytes_max)
    ) {
      break
    }
    taken.push(next)
    queue.shift()
    count += next.records.length
    bytes += size
  }
  return taken
}

export interface StateWriter {
  /** Resolves with the offset of the first record, once all are durable. */
  write(partition: number, records: readonly RecordInput[]): Promise<number>
  /** Resolves when nothing waits to be written any more. */
  flush(): Promise<void>
  /** Gives up what cannot be written. */
  close(): void
}

/** Makes the writer of `state`: it keeps the order in a partition and gathers what comes while it writes. */
export function createStateWriter(options: StoreOptions): StateWriter {
  const lanes = new Map<number, Lane>()
  let closed = false
  const run = async (partition: number, lane: Lane): Promise<void> => {
    while (lane.queue.length > 0) {
      const together = takeTogether(lane.queue)
      const records = together.flatMap((write) => write.records)
      try {
        let offset = await appendPatiently(options, TOPIC, partition, records, () => closed)
        for (const write of together) {
          write.done(offset)
          offset += write.records.length
        }
      } catch (error) {
        options.onFatal(error as Error)
        for (const write of together) write.fail(error as Error)
      }
    }
    lane.running = undefined
  }
  return {
    write(partition: number, records: readonly RecordInput[]): Promise<number> {
      const lane = lanes.get(partition) ?? { queue: [], running: undefined }
      lanes.set(partition, lane)
      return new Promise((resolve, reject) => {
        lane.queue.push({ records, done: resolve, fail: reject })
        lane.running ??= run(partition, lane)
      })
    },
    async flush(): Promise<void> {
      while ([...lanes.values()].some((lane) => lane.running !== undefined)) {
        await Promise.all([...lanes.values()].map(async (lane) => lane.running))
      }
    },
    close: () => {
      closed = true
    },
  }
}
