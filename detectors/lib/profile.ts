/**
 * Decayed mean, variance and peak of several quantities that are always learned together, such as what one window of an
 * identity's work looked like. They share their weight and time, so three of them take 44 bytes and not 100. The peak
 * knows what mean and variance cannot: that one window in sixty is a large one, and how large.
 */
import type { Cursor, Field } from './columns.ts'

/** (West 1979, with decayed weights.) Late values count with their weight as of the newest time. */
export interface DecayedProfile {
  /** One value for each dimension, in their fixed order; `peaks` may say more than what the mean is to learn. */
  add(values: readonly number[], time: number, peaks?: readonly number[]): void
  weightAt(time: number): number
  mean(dimension: number): number
  /** Population variance: give it a floor before you divide. */
  variance(dimension: number): number
  /** The largest value, halved every half-life as of the newest time. */
  peak(dimension: number): number
}

/** Times are kept in whole minutes: what decays over days does not feel it, and it saves 4 bytes. */
const MINUTE_MS = 60_000

class DecayedProfileHandle implements DecayedProfile {
  readonly #c: Cursor
  readonly #i: number
  readonly #halfLife: number
  readonly #dimensions: number
  readonly #width: number
  constructor(c: Cursor, first: number, halfLifeMs: number, dimensions: number) {
    this.#c = c
    this.#i = first
    this.#halfLife = halfLifeMs
    this.#dimensions = dimensions
    this.#width = 1 + 3 * dimensions
  }
  get #numbers(): Float32Array {
    return this.#c.chunk[this.#i] as Float32Array
  }
  add(values: readonly number[], time: number, peaks: readonly number[] = values): void {
    const numbers = this.#numbers
    const times = this.#c.chunk[this.#i + 1] as Uint32Array
    const base = this.#c.slot * this.#width
    const last = (times[this.#c.slot] as number) * MINUTE_MS
    const late = last !== 0 && time < last
    const decay = last === 0 ? 0 : late ? 1 : 2 ** ((last - time) / this.#halfLife)
    const weight = late ? 2 ** ((time - last) / this.#halfLife) : 1
    const total = (numbers[base] as number) * decay + weight
    for (let d = 0; d < this.#dimensions; d++) {
      const at = base + 1 + 3 * d
      const mean = numbers[at] as number
      const delta = (values[d] as number) - mean
      const moved = mean + (weight / total) * delta
      numbers[at] = moved
      numbers[at + 1] = (numbers[at + 1] as number) * decay + weight * delta * ((values[d] as number) - moved)
      numbers[at + 2] = Math.max((numbers[at + 2] as number) * decay, weight * (peaks[d] as number))
    }
    numbers[base] = total
    if (!late) times[this.#c.slot] = time / MINUTE_MS
  }
  weightAt(time: number): number {
    const last = ((this.#c.chunk[this.#i + 1] as Uint32Array)[this.#c.slot] as number) * MINUTE_MS
    if (last === 0) return 0
    const held = this.#numbers[this.#c.slot * this.#width] as number
    return time <= last ? held : held * 2 ** ((last - time) / this.#halfLife)
  }
  mean(dimension: number): number {
    return this.#numbers[this.#c.slot * this.#width + 1 + 3 * dimension] as number
  }
  variance(dimension: number): number {
    const base = this.#c.slot * this.#width
    const weight = this.#numbers[base] as number
    return weight > 0 ? Math.max(0, (this.#numbers[base + 2 + 3 * dimension] as number) / weight) : 0
  }
  peak(dimension: number): number {
    return this.#numbers[this.#c.slot * this.#width + 3 + 3 * dimension] as number
  }
}

/** 8 bytes and 12 more for each dimension; without any it counts. */
export const decayedProfile = (options: {
  readonly halfLifeMs: number
  readonly dimensions: number
}): Field<DecayedProfile> => ({
  columns: { numbers: { type: 'f32', length: 1 + 3 * options.dimensions }, time: { type: 'u32', length: 1 } },
  bind: (c, first) => new DecayedProfileHandle(c, first, options.halfLifeMs, options.dimensions),
})
