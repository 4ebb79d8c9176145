/**
 * How far stage one has come, over all partitions of `events`: the time up to which no signal is still in flight. A tick
 * on `signals` may carry this time and no later one.
 *
 * A mark is (time, end of every partition of `events`), taken in this order: first the clock is read, then the ends. When
 * every partition has been processed up to its end in the mark, and its output is durable, every frame that was stamped
 * more than a margin before the mark is done. The watermark is then the mark's time less the margin. The margin is for
 * frames that were stamped and not yet durable when the ends were read; it grows while appends take long (append-times.ts).
 *
 * What can go wrong, and why it is harmless or what it costs:
 * - A partition belongs to another process. Its committed offset stands for its progress. Offsets are committed after the
 *   outputs are durable, so it is at most late, by the time that a process sharing the partitions waits before it
 *   commits.
 * - Its worker died and another one starts from an older snapshot. What it repeats was durable before the commit; stage
 *   two drops it. A watermark never goes back, and need not.
 * - A worker that lost its partition appends a tick. The tick is true whoever writes it.
 * - A broker dies, and appends hang until others take over. Ours hang as the collectors' do, so the margin grows with
 *   them before the first of them ends.
 * - A collector's clock is behind by more than the margin, or its append took longer anyway. Its signals come after a
 *   tick that promised that there are none: they count and change no decision that was made. Results from `signals` stay
 *   the same, because the tick is a record.
 * - A partition's records are gone before they were processed. It is halted, and holds the watermark as the next one
 *   does.
 * - A partition that nobody processes holds the watermark, and with it all candidates. That is intended; the metric
 *   moltwatch_detector_watermark_lag_seconds shows it.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/port.ts'

export interface WatermarkOptions {
  readonly log: Log
  readonly clock: Clock
  readonly group: string
  /** Offset up to which a partition of `events` is processed and its outputs durable; undefined if it is not ours. */
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
  /** By partition: its end, and whether it is empty. */
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
