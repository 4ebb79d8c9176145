/**
 * How often one token may ask: a bucket that fills steadily and empties by one with each request. One bearer who asks
 * without end waits behind himself, and nobody else notices.
 */
import { API_LIMITS } from './limits.ts'

export interface RateLimit {
  /** Takes one request of the bearer; gives the seconds to wait if it comes too early. */
  take(bearer: string, nowMs: number): number | undefined
}

interface Bucket {
  readonly left: number
  readonly atMs: number
}

/** Makes the memory of one process. */
export function createRateLimit(burst: number, perSecond: number): RateLimit {
  const buckets = new Map<string, Bucket>()
  return {
    take(bearer, nowMs) {
      const known = buckets.get(bearer)
      const gained = known === undefined ? burst : (Math.max(0, nowMs - known.atMs) / 1_000) * perSecond
      const full = Math.min(burst, (known?.left ?? 0) + gained)
      const isTaken = full >= 1
      // Deleted and set again, so that the first in the map is the bearer that has been quiet the longest.
      buckets.delete(bearer)
      buckets.set(bearer, { left: isTaken ? full - 1 : full, atMs: nowMs })
      const [quietest] = buckets.keys()
      if (buckets.size > API_LIMITS.token_rates_max && quietest !== undefined) buckets.delete(quietest)
      return isTaken ? undefined : Math.max(1, Math.ceil((1 - full) / perSecond))
    },
  }
}
