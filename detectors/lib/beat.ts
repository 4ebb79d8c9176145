/**
 * How even a row of gaps is: RITA v5's timing score, half of (1 - |Bowley's skew|) and half of
 * max(0, (median - MAD) / median), from 0 to 1. Gaps of 0 (calls of one moment) are left out. Median and MAD, because one
 * missed beat must not hide the others.
 */

/** Quantile by linear interpolation of a sorted row (Hyndman and Fan 1996, type 7). */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q
  const low = Math.floor(at)
  const [a, b] = [sorted[low] as number, sorted[Math.min(sorted.length - 1, low + 1)] as number]
  return a + (b - a) * (at - low)
}

const sortedOf = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

export interface Beat {
  /** 0 to 1; 0 for fewer than four gaps. */
  readonly score: number
  /** In the unit of the gaps. */
  readonly median: number
}

export function beatOf(gaps: readonly number[]): Beat {
  const sorted = sortedOf(gaps.filter((gap) => gap > 0))
  if (sorted.length < 4) return { score: 0, median: 0 }
  const [q1, median, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)]
  const width = q3 - q1
  // RITA: the skew is unknown if the quartiles meet or the median equals one of them.
  const skew = width === 0 || median === q1 || median === q3 ? 0 : (q1 + q3 - 2 * median) / width
  const mad = quantile(sortedOf(sorted.map((gap) => Math.abs(gap - median))), 0.5)
  return { score: (1 - Math.abs(skew)) / 2 + Math.max(0, (median - mad) / median) / 2, median }
}
