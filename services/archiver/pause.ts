/** A wait that ends early when the archiver stops. */
import { setTimeout as wait } from 'node:timers/promises'

/** Waits, or returns early when the signal is given. */
export const pauseFor = (ms: number, signal: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => undefined)
