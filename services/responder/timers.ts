/** Timers are handed in, as the clock is, so that tests can let days pass. */
export interface Timers {
  /** Calls `run` once, `ms` from now, unless it is cancelled. Does not keep the process alive. */
  after(ms: number, run: () => void): { cancel(): void }
}

/** The longest that setTimeout takes; longer waits are cut and their callers look again. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), TIMEOUT_MS_MAX)).unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
