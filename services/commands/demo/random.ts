/** A seeded random source (mulberry32), so that every demo of one seed shows the same week. */
export interface Random {
  /** From 0 up to 1. */
  unit(): number
  /** A whole number from 0 up to `bound`. */
  below(bound: number): number
  pick<T>(items: readonly T[]): T
  hex(digits: number): string
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (bound: number): number => Math.floor(unit() * bound)
  return {
    unit,
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join(''),
  }
}
