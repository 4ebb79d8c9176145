/**
 * The kinds of state a detector can declare. Each keeps its promise about order in its docstring, because results must not
 * depend on anything but the order of the key's own events (stage one), or on no order at all (stage two).
 *
 * Exponential decay: a weight x seen at time t counts x * 2^(-(now - t) / halfLife). A late event is added with its
 * weight as of the newest time, which is exact for exponential decay.
 */
import type { Cursor, Field } from './columns.ts'

/** A whole number from 0 to 2^32 - 1. 4 bytes. */
export interface Counter {
  value: number
}
class CounterHandle implements Counter {
  readonly #c: Cursor
  readonly #i: number
  constructor(c: Cursor, first: number) {
    this.#c = c
    this.#i = first
  }
  get value(): number {
    return (this.#c.chunk[this.#i] as Uint32Array)[this.#c.slot] as number
  }
  set value(v: number) {
    ;(this.#c.chunk[this.#i] as Uint32Array)[this.#c.slot] = v
  }
}
export const counter = (): Field<Counter> => ({
  columns: { value: { type: 'u32', length: 1 } },
  bind: (c, first) => new CounterHandle(c, first),
})

/** A whole number from 0 to 255, or eight flags. 1 byte. */
class SmallHandle implements Counter {
  readonly #c: Cursor
  readonly #i: number
  constructor(c: Cursor, first: number) {
    this.#c = c
    this.#i = first
  }
  get value(): number {
    return (this.#c.chunk[this.#i] as Uint8Array)[this.#c.slot] as number
  }
  set value(v: number) {
    ;(this.#c.chunk[this.#i] as Uint8Array)[this.#c.slot] = v
  }
}
export const small = (): Field<Counter> => ({
  columns: { value: { type: 'u8', length: 1 } },
  bind: (c, first) => new SmallHandle(c, first),
})

/** A whole number from 0 to 65,535; more is kept as 65,535. 2 bytes. */
class ShortHandle implements Counter {
  readonly #c: Cursor
  readonly #i: number
  constructor(c: Cursor, first: number) {
    this.#c = c
    this.#i = first
  }
  get value(): number {
    return (this.#c.chunk[this.#i] as Uint16Array)[this.#c.slot] as number
  }
  set value(v: number) {
    ;(this.#c.chunk[this.#i] as Uint16Array)[this.#c.slot] = Math.min(SHORT_MAX, v)
  }
}
export const SHORT_MAX = 0xffff
export const short = (): Field<Counter> => ({
  columns: { value: { type: 'u16', length: 1 } },
  bind: (c, first) => new ShortHandle(c, first),
})

/** A number to seven digits. 4 bytes. */
class SingleHandle implements Counter {
  readonly #c: Cursor
  readonly #i: number
  constructor(c: Cursor, first: number) {
    this.#c = c
    this.#i = first
  }
  get value(): number {
    return (this.#c.chunk[this.#i] as Float32Array)[this.#c.slot] as number
  }
  set value(v: number) {
    ;(this.#c.chunk[this.#i] as Float32Array)[this.#c.slot] = v
  }
}
export const single = (): Field<Counter> => ({
  columns: { value: { type: 'f32', length: 1 } },
  bind: (c, first) => new SingleHandle(c, first),
})

/** A number or an instant in ms; 0 means never. 8 bytes. */
class RealHandle implements Counter {
  readonly #c: Cursor
  readonly #i: number
  constructor(c: Cursor, first: number) {
    this.#c = c
    this.#i = first
  }
  get value(): number {
    return (this.#c.chunk[this.#i] as Float64Array)[this.#c.slot] as number
  }
  set value(v: number) {
    ;(this.#c.chunk[this.#i] as Float64Array)[this.#c.slot] = v
  }
}
export const real = (): Field<Counter> => ({
  columns: { value: { type: 'f64', length: 1 } },
  bind: (c, first) => new RealHandle(c, first),
})

/** A count that halves every `halfLifeMs`. Order-free up to rounding. 12 bytes. */
export interface DecayedCount {
  add(time: number, weight?: number): void
  /** The weight as of `time`; a time before the newest one gives the weight as of the newest. */
  at(time: number): number
}
class DecayedCountHandle implements DecayedCount {
  readonly #c: Cursor
  readonly #i: number
  readonly #halfLife: number
  constructor(c: Cursor, first: number, halfLifeMs: number) {
    this.#c = c
    this.#i = first
    this.#halfLife = halfLifeMs
  }
  add(time: number, weight = 1): void {
    const { chunk, slot } = this.#c
    const weights = chunk[this.#i] as Float32Array
    const times = chunk[this.#i + 1] as Float64Array
    const last = times[slot] as number
    const held = weights[slot] as number
    if (last === 0 || time >= last) {
      weights[slot] = weight + (last === 0 ? 0 : held * 2 ** ((last - time) / this.#halfLife))
      times[slot] = time
    } else {
      weights[slot] = held + weight * 2 ** ((time - last) / this.#halfLife)
    }
  }
  at(time: number): number {
    const { chunk, slot } = this.#c
    const last = (chunk[this.#i + 1] as Float64Array)[slot] as number
    if (last === 0) return 0
    const held = (chunk[this.#i] as Float32Array)[slot] as number
    return time <= last ? held : held * 2 ** ((last - time) / this.#halfLife)
  }
}
export const decayedCount = (options: { readonly halfLifeMs: number }): Field<DecayedCount> => ({
  columns: { weight: { type: 'f32', length: 1 }, time: { type: 'f64', length: 1 } },
  bind: (c, first) => new DecayedCountHandle(c, first, options.halfLifeMs),
})

/** The last `size` different fingerprints, most recently used first. Depends on the order of use. 4 bytes each. */
export interface RecentSet {
  has(fingerprint: number): boolean
  /** Marks a use: moves it to the front, or puts it there and drops the last. Answers whether it was there. */
  use(fingerprint: number): boolean
  readonly size: number
}
class RecentSetHandle implements RecentSet {
  readonly #c: Cursor
  readonly #i: number
  readonly #size: number
  constructor(c: Cursor, first: number, size: number) {
    this.#c = c
    this.#i = first
    this.#size = size
  }
  #find(prints: Uint32Array, base: number, fingerprint: number): number {
    for (let k = 0; k < this.#size; k++) {
      const held = prints[base + k]
      if (held === fingerprint) return k
      if (held === 0) return -1
    }
    return -1
  }
  has(fingerprint: number): boolean {
    const base = this.#c.slot * this.#size
    return this.#find(this.#c.chunk[this.#i] as Uint32Array, base, fingerprint === 0 ? 1 : fingerprint) >= 0
  }
  use(fingerprint: number): boolean {
    const print = fingerprint === 0 ? 1 : fingerprint
    const prints = this.#c.chunk[this.#i] as Uint32Array
    const base = this.#c.slot * this.#size
    if (prints[base] === print) return true
    const at = this.#find(prints, base, print)
    const end = at >= 0 ? at : this.#size - 1
    prints.copyWithin(base + 1, base, base + end)
    prints[base] = print
    return at >= 0
  }
  get size(): number {
    const prints = this.#c.chunk[this.#i] as Uint32Array
    const base = this.#c.slot * this.#size
    let n = 0
    while (n < this.#size && prints[base + n] !== 0) n++
    return n
  }
}
/** `size` at most about 32: a lookup reads them one after the other. */
export const recentSet = (options: { readonly size: number }): Field<RecentSet> => ({
  columns: { prints: { type: 'u32', length: options.size } },
  bind: (c, first) => new RecentSetHandle(c, first, options.size),
})

/**
 * Who came first: for each fingerprint the smallest (time, tie) seen, keeping the `size` smallest. Order-free: the same
 * set of additions gives the same content, whatever their order. 16 bytes each.
 */
export interface Earliest {
  /** `tie` orders what has the same time: the first 32 bits of the event_id. */
  add(fingerprint: number, time: number, tie: number): void
  /** How many fingerprints other than `except`, and of those that are `among`, came before (time, tie). */
  countBefore(time: number, tie: number, except: number, among?: (print: number) => boolean): number
  /** Whether it is one of the first so many. */
  isAmongFirst(fingerprint: number, count: number): boolean
  readonly size: number
}
class EarliestHandle implements Earliest {
  readonly #c: Cursor
  readonly #i: number
  readonly #size: number
  constructor(c: Cursor, first: number, size: number) {
    this.#c = c
    this.#i = first
    this.#size = size
  }
  add(fingerprint: number, time: number, tie: number): void {
    const print = fingerprint === 0 ? 1 : fingerprint
    const prints = this.#c.chunk[this.#i] as Uint32Array
    const ties = this.#c.chunk[this.#i + 1] as Uint32Array
    const times = this.#c.chunk[this.#i + 2] as Float64Array
    const base = this.#c.slot * this.#size
    let at = -1
    let worst = base
    for (let k = base; k < base + this.#size; k++) {
      if (prints[k] === print || prints[k] === 0) {
        at = k
        break
      }
      if (isBefore(times[worst] as number, ties[worst] as number, times[k] as number, ties[k] as number)) worst = k
    }
    if (at < 0) at = worst
    const free = prints[at] === 0
    if (!free && !isBefore(time, tie, times[at] as number, ties[at] as number)) return
    prints[at] = print
    ties[at] = tie
    times[at] = time
  }
  countBefore(time: number, tie: number, except: number, among?: (print: number) => boolean): number {
    const prints = this.#c.chunk[this.#i] as Uint32Array
    const ties = this.#c.chunk[this.#i + 1] as Uint32Array
    const times = this.#c.chunk[this.#i + 2] as Float64Array
    const base = this.#c.slot * this.#size
    let n = 0
    for (let k = base; k < base + this.#size && prints[k] !== 0; k++) {
      if (prints[k] === except || !isBefore(times[k] as number, ties[k] as number, time, tie)) continue
      if (among === undefined || among(prints[k] as number)) n++
    }
    return n
  }
  isAmongFirst(fingerprint: number, count: number): boolean {
    const print = fingerprint === 0 ? 1 : fingerprint
    const prints = this.#c.chunk[this.#i] as Uint32Array
    const base = this.#c.slot * this.#size
    for (let k = base; k < base + this.#size && prints[k] !== 0; k++) {
      if (prints[k] !== print) continue
      const tie = (this.#c.chunk[this.#i + 1] as Uint32Array)[k] as number
      const time = (this.#c.chunk[this.#i + 2] as Float64Array)[k] as number
      return this.countBefore(time, tie, print) < count
    }
    return false
  }
  get size(): number {
    const prints = this.#c.chunk[this.#i] as Uint32Array
    const base = this.#c.slot * this.#size
    let n = 0
    while (n < this.#size && prints[base + n] !== 0) n++
    return n
  }
}
const isBefore = (time: number, tie: number, thanTime: number, thanTie: number): boolean =>
  time < thanTime || (time === thanTime && tie < thanTie)
export const earliest = (options: { readonly size: number }): Field<Earliest> => ({
  columns: {
    prints: { type: 'u32', length: options.size },
    ties: { type: 'u32', length: options.size },
    times: { type: 'f64', length: options.size },
  },
  bind: (c, first) => new EarliestHandle(c, first, options.size),
})

/**
 * How many different fingerprints. Exact up to `exact` of them, then the HyperLogLog estimate (Flajolet 2007) over
 * `registers` bytes, with linear counting below 2.5 registers; both are functions of the set that only grow.
 * Order-free. 4 bytes per exact place, 1 per register, 2 more.
 */
export interface Distinct {
  /** Answers whether the fingerprint was certainly not there before. */
  add(fingerprint: number): boolean
  readonly count: number
}
class DistinctHandle implements Distinct {
  readonly #c: Cursor
  readonly #i: number
  readonly #exact: number
  readonly #registers: number
  constructor(c: Cursor, first: number, exact: number, registers: number) {
    this.#c = c
    this.#i = first
    this.#exact = exact
    this.#registers = registers
  }
  add(fingerprint: number): boolean {
    const print = fingerprint === 0 ? 1 : fingerprint
    const { chunk, slot } = this.#c
    const prints = chunk[this.#i] as Uint32Array
    const counts = chunk[this.#i + 1] as Uint16Array
    const base = slot * this.#exact
    const held = counts[slot] as number
    for (let k = base; k < base + held; k++) if (prints[k] === print) return false
    const raised = this.#registers > 0 && this.#raise(print)
    if (held < this.#exact) {
      prints[base + held] = print
      counts[slot] = held + 1
      return true
    }
    return raised
  }
  #raise(print: number): boolean {
    const registers = this.#c.chunk[this.#i + 2] as Uint8Array
    const bits = 31 - Math.clz32(this.#registers)
    const mixed = Math.imul(print ^ (print >>> 15), 0x2c1b3c6d) >>> 0
    const spread = Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39) >>> 0
    const at = this.#c.slot * this.#registers + (spread >>> (32 - bits))
    const rank = Math.min(Math.clz32((spread << bits) >>> 0), 32 - bits) + 1
    if ((registers[at] as number) >= rank) return false
    registers[at] = rank
    return true
  }
  get count(): number {
    const held = (this.#c.chunk[this.#i + 1] as Uint16Array)[this.#c.slot] as number
    if (held < this.#exact || this.#registers === 0) return held
    return Math.max(held, Math.round(this.#estimate()))
  }
  #estimate(): number {
    const m = this.#registers
    const registers = this.#c.chunk[this.#i + 2] as Uint8Array
    const base = this.#c.slot * m
    let sum = 0
    let zero = 0
    for (let k = base; k < base + m; k++) {
      const r = registers[k] as number
      sum += 2 ** -r
      if (r === 0) zero++
    }
    const linear = zero > 0 ? m * Math.log(m / zero) : Number.POSITIVE_INFINITY
    if (linear <= 2.5 * m) return linear
    return Math.max(2.5 * m, ((0.7213 / (1 + 1.079 / m)) * m * m) / sum)
  }
}
/** `registers` is 0 (count stops at `exact`) or a power of two from 128 to 4,096; the error is 1.04 / sqrt(registers). */
export const distinct = (options: { readonly exact: number; readonly registers?: number }): Field<Distinct> => {
  const registers = options.registers ?? 0
  return {
    columns: {
      prints: { type: 'u32', length: options.exact },
      count: { type: 'u16', length: 1 },
      ...(registers === 0 ? {} : { registers: { type: 'u8', length: registers } as const }),
    },
    bind: (c, first) => new DistinctHandle(c, first, options.exact, registers),
  }
}
