/** The buckets of a time histogram: steps that are easy to read, and zeros where nothing happened. */
import { LIMITS } from '../../../schemas/limits.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const STEPS = [
  1_000,
  5_000,
  10_000,
  30_000,
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
  30 * DAY,
  365 * DAY,
]

export interface Histogram {
  readonly step_ms: number
  readonly buckets: readonly { readonly time: string; readonly count: number }[]
}

/** The smallest step by which at most `buckets`, two or more, span the time. */
export const stepOf = (spanMs: number, buckets: number = LIMITS.histogram_buckets_max): number =>
  STEPS.find((step) => Math.floor(spanMs / step) + 2 <= buckets) ?? (Math.floor(spanMs / DAY / (buckets - 1)) + 1) * DAY

/** From the first bucket that holds something to the last. `counts` by the start of the bucket in ms. */
export function histogramOf(counts: ReadonlyMap<number, number>, stepMs: number): Histogram {
  const starts = [...counts.keys()]
  if (starts.length === 0) return { step_ms: stepMs, buckets: [] }
  const first = Math.min(...starts)
  const buckets = Array.from(
    { length: (Math.max(...starts) - first) / stepMs + 1 },
    (_, index) => first + index * stepMs,
  )
  return {
    step_ms: stepMs,
    buckets: buckets.map((start) => ({ time: new Date(start).toISOString(), count: counts.get(start) ?? 0 })),
  }
}
