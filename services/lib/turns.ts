/**
 * Turns on the event loop, for work that comes in batches from many partitions at once. Each of them lets others go first
 * now and then, but what waits in `setImmediate` runs together in one turn of the loop, so that sixty partitions with a
 * little to do each keep every door and every answer waiting. Here all of them share one slice of time in each turn.
 *
 * Even a short slice in each turn is long for a request that passes through the event loop several times. They give way to
 * such a request for as long as it is under way, within a bound, and then work for a multiple of that time.
 */
import { LIMITS } from '../../schemas/limits.ts'

export interface Turns {
  /** Whether the slice of this turn of the event loop is used up: then `next` should be waited for. */
  isOver(): boolean
  /**
   * Resolves when there is time again; those who wait come one by one, in the order in which they asked. `begun`: who is in the
   * middle of something ends it before others begin. A record that is half applied holds its rows in memory, and those of sixty
   * partitions at once are copied by every collection of garbage.
   */
  next(begun?: boolean): Promise<void>
  /** From now on nobody works here until what is answered is called, at most once, or the bound is reached. */
  giveWay(): () => void
}

/** To whom the others give way, and until when they need not do so again. Times are ms of `performance.now()`. */
function createGivingWay(onEnd: () => void) {
  let underWay = 0
  let began = Number.NEGATIVE_INFINITY
  let owedUntil = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  function end(): void {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = undefined
    const now = performance.now()
    owedUntil = now + (now - began) * LIMITS.give_way_times_owed
    onEnd()
  }
  return {
    isOn: () => timer !== undefined,
    begin() {
      underWay++
      const now = performance.now()
      if (timer === undefined && now >= owedUntil) {
        began = now
        timer = setTimeout(end, LIMITS.give_way_ms_max)
      }
      return () => {
        if (--underWay === 0) end()
      }
    },
  }
}

/** `sliceMs`: how long all who share these turns may work in one turn of the event loop. */
export function createTurns(sliceMs: number = LIMITS.turn_ms): Turns {
  const waiting: (() => void)[] = []
  /** In the middle of something. */
  const begun: (() => void)[] = []
  let began = 0
  let isPlanned = false
  const givingWay = createGivingWay(plan)

  function plan(): void {
    if (isPlanned) return
    isPlanned = true
    setImmediate(turn)
  }
  const isOver = (): boolean => givingWay.isOn() || performance.now() - began > sliceMs

  function turn(): void {
    isPlanned = false
    if (waiting.length + begun.length === 0 || givingWay.isOn()) return
    began = performance.now()
    plan()
    release()
  }
  function release(): void {
    const go = begun.shift() ?? waiting.shift()
    if (go === undefined) return
    go()
    // Looks again when whoever was let go has done what it can do now: promises settle before the next tick.
    queueMicrotask(() =>
      process.nextTick(() => {
        if (!isOver()) release()
      }),
    )
  }
  return {
    isOver() {
      if (!isPlanned) began = performance.now()
      plan()
      return isOver()
    },
    next: (isBegun = false) =>
      new Promise((resolve) => {
        ;(isBegun ? begun : waiting).push(resolve)
        plan()
      }),
    giveWay: givingWay.begin,
  }
}
