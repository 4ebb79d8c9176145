/** The tails against brute force in plain probabilities, and where those underflow, against what must hold of any tail. */
import fc from 'fast-check'
import { poissonDistribution } from 'simple-statistics'
import { describe, expect, it } from 'vitest'
import {
  countLogTail,
  gammaPoissonLogTail,
  logGamma,
  poissonLogTail,
  surpriseOf,
} from '../../../detectors/lib/maths.ts'

const close = (a: number, b: number, relative: number): boolean =>
  Math.abs(a - b) <= relative * Math.max(1, Math.abs(b))

/** P(X >= k) of the negative binomial by its own recurrence. */
function bruteGammaPoisson(k: number, shape: number, rate: number): number {
  const p = rate / (1 + rate)
  let pmf = p ** shape
  let below = 0
  for (let i = 0; i < k; i++) {
    below += pmf
    pmf *= ((i + shape) / (i + 1)) * (1 - p)
  }
  return 1 - below
}

describe('logGamma', () => {
  it('is the logarithm of the factorial at whole numbers, and known at a half', () => {
    let factorial = 1
    for (let n = 1; n < 20; n++) {
      expect(close(logGamma(n), Math.log(factorial), 1e-13)).toBe(true)
      factorial *= n
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12)
  })

  it('obeys its recurrence', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e5, noNaN: true }), (x) => {
        expect(close(logGamma(x + 1), logGamma(x) + Math.log(x), 1e-11)).toBe(true)
      }),
    )
  })
})

describe('poissonLogTail', () => {
  it('agrees with simple-statistics where that reaches', () => {
    for (const mean of [0.1, 1, 3.7, 20]) {
      const pmf = poissonDistribution(mean) as readonly number[]
      for (let k = 0; k < pmf.length - 3; k++) {
        const tail = 1 - pmf.slice(0, k).reduce((sum, p) => sum + p, 0)
        if (tail > 1e-3) expect(close(Math.exp(poissonLogTail(k, mean)), tail, 1e-3)).toBe(true)
      }
    }
  })

  it('falls with the count, rises with the mean, and is never a probability above 1', () => {
    const counts = fc.integer({ min: 0, max: 3_000 })
    const means = fc.double({ min: 0, max: 2_000, noNaN: true })
    fc.assert(
      fc.property(counts, means, (k, mean) => {
        const here = poissonLogTail(k, mean)
        expect(here).toBeLessThanOrEqual(0)
        expect(poissonLogTail(k + 1, mean)).toBeLessThanOrEqual(here)
        expect(poissonLogTail(k, mean + 1)).toBeGreaterThanOrEqual(here - 1e-9)
      }),
    )
  })

  it('knows a tail far below the smallest double', () => {
    // P(X >= 1000) for mean 1 is pmf(1000) times 1.001 to four digits: -1 - ln 1000!.
    expect(poissonLogTail(1_000, 1)).toBeCloseTo(-1 - logGamma(1_001) + Math.log(1.001), 3)
  })
})

describe('gammaPoissonLogTail', () => {
  it('agrees with brute force', () => {
    const shapes = fc.double({ min: 0.05, max: 50, noNaN: true })
    const rates = fc.double({ min: 0.01, max: 50, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), shapes, rates, (k, shape, rate) => {
        const brute = bruteGammaPoisson(k, shape, rate)
        // Below this, one minus the sum has lost its digits.
        fc.pre(brute > 1e-6)
        expect(close(Math.exp(gammaPoissonLogTail(k, shape, rate)), brute, 1e-7)).toBe(true)
      }),
    )
  })

  it('becomes the Poisson tail when the rate is certain', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.1, max: 30, noNaN: true }), (k, mean) => {
        expect(close(gammaPoissonLogTail(k, mean * 1e7, 1e7), poissonLogTail(k, mean), 1e-3)).toBe(true)
      }),
    )
  })

  it('falls with the count and is never a probability above 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5_000 }),
        fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
        fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
        (k, shape, rate) => {
          const here = gammaPoissonLogTail(k, shape, rate)
          expect(here).toBeLessThanOrEqual(0)
          expect(Number.isNaN(here)).toBe(false)
          expect(gammaPoissonLogTail(k + 1, shape, rate)).toBeLessThanOrEqual(here + 1e-9 * Math.max(1, -here))
        },
      ),
    )
  })
})

describe('countLogTail', () => {
  it('is never blind and never always on for a machine whose variance is 0', () => {
    expect(surpriseOf(countLogTail(6, 5, 0))).toBeLessThan(1)
    expect(surpriseOf(countLogTail(40, 5, 0))).toBeGreaterThan(6)
  })

  it('is milder the more the habit varies', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 200 }), fc.double({ min: 1, max: 100, noNaN: true }), (k, extra) => {
        const steady = surpriseOf(countLogTail(k * 3, 5, 6))
        expect(surpriseOf(countLogTail(k * 3, 5, 6 + extra))).toBeLessThanOrEqual(steady + 1e-9)
      }),
    )
  })

  it('answers whole numbers of nines at most 300', () => {
    expect(surpriseOf(countLogTail(1_000_000, 1, 1))).toBe(300)
    expect(surpriseOf(0)).toBe(0)
  })
})
