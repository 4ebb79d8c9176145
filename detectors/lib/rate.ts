/**
 * How often something new comes to an identity: a decayed count in 8 bytes, and the probability that another comes within
 * a span of time (Gamma-Poisson).
 */
import type { Cursor, Field } from './columns.ts'
import { gammaPoissonLogTail } from './maths.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** The prior before anything is known: half a new one in five days. */
const PRIOR_COUNT = 0.5
const PRIOR_DAYS = 5

export interface NoveltyRate {
  /** Something new came. */
  add(time: number): void
  /**
   * ln of the probability that `spanMs` bring at least `count` new things, at `time`, for an identity watched from `since` on.
   * With n new ones in t effective days the count is Gamma-Poisson with shape 0.5 + n and rate 5 + t.
   */
  logProbability(spanMs: number, time: number, since: number, count: number): number
}

class NoveltyRateHandle implements NoveltyRate {
  readonly #c: Cursor
  readonly #i: number
  readonly #halfLife: number
  constructor(c: Cursor, first: number, halfLifeMs: number) {
    this.#c = c
    this.#i = first
    this.#halfLife = halfLifeMs
  }
  #weightAt(time: number): number {
    const last = ((this.#c.chunk[this.#i + 1] as Uint32Array)[this.#c.slot] as number) * MINUTE_MS
    const held = (this.#c.chunk[this.#i] as Float32Array)[this.#c.slot] as number
    return last === 0 || time <= last ? held : held * 2 ** ((last - time) / this.#halfLife)
  }
  add(time: number): void {
    const weights = this.#c.chunk[this.#i] as Float32Array
    const times = this.#c.chunk[this.#i + 1] as Uint32Array
    const { slot } = this.#c
    const last = (times[slot] as number) * MINUTE_MS
    weights[slot] = this.#weightAt(time) + (time < last ? 2 ** ((time - last) / this.#halfLife) : 1)
    if (time > last) times[slot] = time / MINUTE_MS
  }
  logProbability(spanMs: number, time: number, since: number, count: number): number {
    const mean = this.#halfLife / Math.LN2
    const exposureDays = (mean * -Math.expm1(-Math.max(0, time - since) / mean)) / DAY_MS
    return gammaPoissonLogTail(
      count,
      PRIOR_COUNT + this.#weightAt(time),
      (PRIOR_DAYS + exposureDays) / (spanMs / DAY_MS),
    )
  }
}

/** 8 bytes. Order-free up to rounding. */
export const noveltyRate = (options: { readonly halfLifeMs: number }): Field<NoveltyRate> => ({
  columns: { weight: { type: 'f32', length: 1 }, minute: { type: 'u32', length: 1 } },
  bind: (c, first) => new NoveltyRateHandle(c, first, options.halfLifeMs),
})
