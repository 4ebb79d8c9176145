/** Waiting for what must come, with an end. */
import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 50

/** Asks until the answer is yes. Throws, with what was waited for, when time is up. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  msMax: number,
  everyMs = EVERY_MS,
): Promise<void> {
  const deadline = performance.now() + msMax
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${msMax} ms in vain: ${what}`)
    await sleep(everyMs)
  }
}
