/**
 * How long appends take at the moment, measured by our own: frames that a collector has stamped may be under way for as
 * long. While a broker is away an append can hang for seconds, and ours hang with those of the collectors, because both need
 * the same replicas. The watermark stays so far behind the clock; when the trouble is over for a while, it comes nearer again.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import type { Log } from '../../lib/log/port.ts'

export interface AppendTimes {
  /** The log, with its appends timed. */
  readonly log: Log
  /** How long a stamped frame may be under way, in ms: twice the longest append of late, those under way included. A whole number, as times in the log are. */
  marginMs(): number
}

const PERIOD_MS = LIMITS.tick_margin_memory_ms / 2

/** `elapsed`: ms on a clock that nobody sets: one that was set forward would be taken for an append of a day. */
export function createAppendTimes(log: Log, elapsed: () => number = () => performance.now()): AppendTimes {
  const underWay = new Set<{ readonly since: number }>()
  let period = { begin: elapsed(), longest: 0 }
  let before = 0

  /** Two periods are remembered: what an append took counts for at least one whole period. */
  function turn(now: number): void {
    const past = now - period.begin
    if (past < PERIOD_MS) return
    before = past < 2 * PERIOD_MS ? period.longest : 0
    period = { begin: now, longest: 0 }
  }

  return {
    log: {
      ...log,
      async append(topic, partition, records) {
        const mine = { since: elapsed() }
        underWay.add(mine)
        try {
          return await log.append(topic, partition, records)
        } finally {
          underWay.delete(mine)
          const now = elapsed()
          turn(now)
          period.longest = Math.max(period.longest, now - mine.since)
        }
      },
    },
    marginMs() {
      const now = elapsed()
      turn(now)
      let longest = Math.max(before, period.longest)
      for (const { since } of underWay) longest = Math.max(longest, now - since)
      return Math.min(Math.max(LIMITS.tick_margin_ms, Math.ceil(2 * longest)), LIMITS.tick_margin_ms_max)
    },
  }
}
