/**
 * The time of a service, on a machine whose clock is set while it runs (NTP, a person, a suspended machine). Later
 * deadlines are measured by this clock: a system clock that goes back an hour would delay ticks, deliveries and expiries
 * by an hour, and the log's time with them.
 *
 * It never goes back. After the system's clock is set back, it runs at nine tenths of its rate until the system has
 * caught up. An hour takes ten hours, and times written meanwhile are ahead of the system's by what is left. After the
 * system's clock is set forward, it follows once that has lasted for some seconds. Both are reported.
 */
import { LIMITS } from '../../schemas/limits.ts'
import { type Clock, systemClock } from './clock.ts'

export interface SteadyClock extends Clock {
  /** How far this clock is ahead of the system's, in ms; negative for the seconds before it follows forward. */
  aheadMs(): number
}

export interface ClockSources {
  /** The system's clock, in ms since 1970. */
  wall(): number
  /** A clock that only goes forward, in ms since any time; it may stop while the machine sleeps. */
  elapsed(): number
  /** The system's clock was set, by so many ms; negative: back. Told once for each time. */
  onSet(byMs: number): void
}

const SLEWED_SHARE = 0.1

export function createSteadyClock({ wall, elapsed, onSet }: ClockSources): SteadyClock {
  let time = wall()
  let at = elapsed()
  let aheadSince: number | undefined
  /** How far ahead it was at the last report. */
  let toldMs = 0

  function back(by: number, passed: number): void {
    aheadSince = undefined
    if (by > toldMs + LIMITS.clock_set_ms_min) onSet(-by)
    toldMs = by
    time -= Math.min(by, passed * SLEWED_SHARE)
  }
  function forward(by: number, now: number): void {
    toldMs = 0
    if (by >= LIMITS.clock_set_ms_min) {
      aheadSince ??= now
      if (now - aheadSince < LIMITS.clock_follow_ms) return
      onSet(by)
    }
    aheadSince = undefined
    time += by
  }
  function advance(): void {
    const now = elapsed()
    const passed = Math.max(0, now - at)
    at = now
    time += passed
    const by = wall() - time
    if (by < 0) back(-by, passed)
    else forward(by, now)
  }
  return {
    now() {
      advance()
      return Math.floor(time)
    },
    aheadMs() {
      advance()
      return Math.round(time - wall())
    },
  }
}

/** The clock of a process. It logs when the system's clock was set. */
export const steadySystemClock = (warn: (fields: object, message: string) => void): SteadyClock =>
  createSteadyClock({
    wall: () => systemClock.now(),
    elapsed: () => performance.now(),
    onSet(byMs) {
      const seconds = Math.round(Math.abs(byMs) / 1000)
      if (byMs > 0)
        warn({ seconds }, "the system's clock was set forward, or the machine slept: times follow it from here on")
      else {
        warn(
          { seconds },
          "the system's clock was set back: times of this service stay ahead of it and lose a tenth until it has caught up",
        )
      }
    },
  })
