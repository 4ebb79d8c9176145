/**
 * How far stage one has come, over all partitions of `events`: the time up to which no signal is still on its way. A tick
 * on `signals` may say this time and no later one.
 *
 * A mark is (time, end of every partition of `events`), taken in this order: first the clock is read, then the ends. When
 * every partition has been processed up to its end of the mark, and what came of it is durable, then every frame that was
 * stamped more than a margin before the mark is done, and the watermark is the mark's time less the margin. The margin is
 * for frames that were stamped and not yet durable when the ends were read; it grows where appends take long (pace.ts).
 *
 * What may go wrong, and why it is harmless or what it costs:
 * - A partition belongs to another process. Its committed offset stands for its progress: offsets are committed after the
 *   outputs are durable, so it is at most late, by what a process that shares the partitions waits before it commits.
 * - Its worker died and another one starts from an older snapshot. What it repeats was durable before the commit; stage
 *   two drops it. A watermark never goes back, and need not.
 * - A worker that lost its partition appends a tick. What the tick says is true whoever says it.
 * - A broker dies, and appends hang until others take its place. Ours hang as the collectors' do, so the margin grows with
 *   them before the first of them ends.
 * - A collector's clock is behind by more than the margin, or its append took longer all the same. Its signals come after
 *   a tick that promised that there are none: they count and change no decision that was made, and results from `signals`
 *   stay the same, because the tick is a record.
 * - A partition's records are gone before they were processed. It is halted, and holds the watermark as the next one does.
 * - A partition that nobody processes holds the watermark, and with it all candidates. That is what it is for; the metric
 *   moltwatch_detector_watermark_lag_seconds shows it.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/port.ts'

export interface WatermarkOptions {
  readonly log: Log
  readonly clock: Clock
  readonly group: string
  /** Offset up to which a partition of `events` is processed and its outputs durable; undefined where it is not ours. */
  processed(partition: number): number | undefined
  /** How long a stamped frame may be on its way into the log, in ms. Default: LIMITS.tick_margin_ms. */
  marginMs?(): number
}

export interface Watermark {
  /** ms since 1970; 0 before anything is known. Never goes back. */
  current(): Promise<number>
}

interface Mark {
  readonly time: number
  /** By partition: where it ends, and whether it holds nothing. */
  readonly ends: readonly { readonly end: number; readonly isEmpty: boolean }[]
}

export function createWatermark({ log, clock, group, processed, marginMs }: WatermarkOptions): Watermark {
  let low = 0
  let mark: Mark | undefined
  let asking: Promise<number> | undefined

  async function newMark(): Promise<Mark> {
    const time = clock.now()
    const partitions = [...Array(log.partitions('events')).keys()]
    const bounds = await Promise.all(partitions.map((partition) => log.bounds('events', partition)))
    return { time, ends: bounds.map(({ start, end }) => ({ end, isEmpty: start === end })) }
  }

  async function reached({ ends }: Mark): Promise<boolean> {
    const behind = await Promise.all(
      ends.map(async ({ end, isEmpty }, partition) => {
        if (end === 0) return false
        const offset = processed(partition) ?? (await log.committed(group, 'events', partition))
        // What holds no record has none that is not processed, unless they went before they were.
        return (offset ?? (isEmpty ? end : 0)) < end
      }),
    )
    return !behind.includes(true)
  }

  async function ask(): Promise<number> {
    // The current mark may be old; if it is reached, a fresh one often is at once.
    for (const fresh of [false, true]) {
      if (mark === undefined || fresh) mark = await newMark()
      if (!(await reached(mark))) break
      low = Math.max(low, mark.time - (marginMs?.() ?? LIMITS.tick_margin_ms))
    }
    return low
  }

  return {
    current() {
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
  }
}
