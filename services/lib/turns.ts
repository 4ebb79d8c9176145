/**
 * Turns on the event loop, for work that comes in batches from many partitions at once. Each of them lets others go first
 * now and then, but what waits in `setImmediate` runs together in one turn of the loop, so that sixty partitions with a
 * little to do each keep every door and every answer waiting. Here all of them share one slice of time in each turn.
 */
import { LIMITS } from '../../schemas/limits.ts'

export interface Turns {
  /** Whether the slice of this turn of the event loop is used up: then `next` should be waited for. */
  isOver(): boolean
  /** Resolves when there is time again; those who wait come one by one, in the order in which they asked. */
  next(): Promise<void>
}

/** `sliceMs`: how long all who share these turns may work in one turn of the event loop. */
export function createTurns(sliceMs: number = LIMITS.turn_ms): Turns {
  const waiting: (() => void)[] = []
  let began = 0
  let isPlanned = false

  function plan(): void {
    if (isPlanned) return
    isPlanned = true
    setImmediate(turn)
  }
  const isUsedUp = (): boolean => performance.now() - began > sliceMs

  function turn(): void {
    isPlanned = false
    if (waiting.length === 0) return
    began = performance.now()
    plan()
    release()
  }
  function release(): void {
    const go = waiting.shift()
    if (go === undefined) return
    go()
    // Looks again when whoever was let go has done what it can do now: promises settle before the next tick.
    queueMicrotask(() =>
      process.nextTick(() => {
        if (!isUsedUp()) release()
      }),
    )
  }
  return {
    isOver() {
      if (!isPlanned) began = performance.now()
      plan()
      return isUsedUp()
    },
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        plan()
      }),
  }
}
