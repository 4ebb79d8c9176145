/** The distributions that ordinary life is drawn from, all from one seeded source: equal seeds give equal lives. */
import { createRandom, type Random } from '../../demo/random.ts'

export interface Chance extends Random {
  /** True with this probability. */
  is(probability: number): boolean
  between(low: number, high: number): number
  normal(): number
  /** A positive number with this median; `spread` is the standard deviation of its logarithm. */
  logNormal(median: number, spread: number): number
  exponential(mean: number): number
  /** A whole number; large means are taken from the normal distribution. */
  poisson(mean: number): number
  /** An index below `count`; low ones come far more often (Zipf, exponent about 1). */
  zipf(count: number): number
  weighted<T extends { readonly weight: number }>(items: readonly T[]): T
  /** Some of the items, at most `count`, in random order. */
  some<T>(items: readonly T[], count: number): T[]
  /** An own source of chance, so that what one consumer draws moves no other. */
  fork(): Chance
}

export function createChance(seed: number): Chance {
  const random = createRandom(seed)
  const { unit } = random
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit())
  const poisson = (mean: number): number => {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
    const limit = Math.exp(-mean)
    let count = 0
    for (let product = unit(); product > limit; product *= unit()) count++
    return count
  }
  return {
    ...random,
    is: (probability) => unit() < probability,
    between: (low, high) => low + (high - low) * unit(),
    normal,
    logNormal: (median, spread) => median * Math.exp(spread * normal()),
    exponential: (mean) => -mean * Math.log(1 - unit()),
    poisson,
    zipf: (count) => Math.min(count - 1, Math.floor((count + 1) ** unit() - 1)),
    weighted(items) {
      const total = items.reduce((sum, item) => sum + item.weight, 0)
      let left = unit() * total
      for (const item of items) {
        left -= item.weight
        if (left < 0) return item
      }
      return items.at(-1) as (typeof items)[number]
    },
    some(items, count) {
      const rest = [...items]
      const taken = []
      while (rest.length > 0 && taken.length < count) taken.push(...rest.splice(random.below(rest.length), 1))
      return taken
    },
    fork: () => createChance(random.below(4_294_967_296)),
  }
}
