/** Several counts of one byte each, such as how often each hour of the day saw an identity at work. */
import type { Cursor, Field } from './columns.ts'

const BYTE_MAX = 255

export interface Counts {
  readonly length: number
  /** The sum of all. */
  readonly total: number
  at(index: number): number
  /** Keeps the whole part, from 0 to 255. */
  set(index: number, value: number): void
  /** Adds one. If the count is full, all are halved first, so that their proportions stay. */
  add(index: number): void
}

class CountsHandle implements Counts {
  readonly #c: Cursor
  readonly #i: number
  readonly length: number
  constructor(c: Cursor, first: number, length: number) {
    this.#c = c
    this.#i = first
    this.length = length
  }
  get #all(): Uint8Array {
    return this.#c.chunk[this.#i] as Uint8Array
  }
  get #base(): number {
    return this.#c.slot * this.length
  }
  get total(): number {
    const [all, base] = [this.#all, this.#base]
    let sum = 0
    for (let k = base; k < base + this.length; k++) sum += all[k] as number
    return sum
  }
  at(index: number): number {
    return this.#all[this.#base + index] as number
  }
  set(index: number, value: number): void {
    this.#all[this.#base + index] = Math.min(BYTE_MAX, Math.max(0, Math.floor(value)))
  }
  add(index: number): void {
    const [all, base] = [this.#all, this.#base]
    if (all[base + index] === BYTE_MAX) for (let k = base; k < base + this.length; k++) all[k] = (all[k] as number) >> 1
    all[base + index] = (all[base + index] as number) + 1
  }
}

/** `length` bytes. */
export const counts = (length: number): Field<Counts> => ({
  columns: { counts: { type: 'u8', length } },
  bind: (c, first) => new CountsHandle(c, first, length),
})
