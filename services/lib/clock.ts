/** The clock is handed in, never called directly, so that tests and simulations can own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** How far it is ahead of the system's clock, in ms; absent if it cannot be. */
  aheadMs?(): number
}

export const systemClock: Clock = { now: () => Date.now() }
