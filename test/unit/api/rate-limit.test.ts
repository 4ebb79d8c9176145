/** How often one token may ask: never more than its bucket and its rate allow, and nobody waits for another. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createRateLimit } from '../../../services/api/rate-limit.ts'

it('lets no bearer ask more often than burst and rate allow, whoever else asks', () => {
  const ask = fc.record({ bearer: fc.constantFrom('a', 'b'), afterMs: fc.nat(400) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.array(ask), (burst, rate, asks) => {
      const rateLimit = createRateLimit(burst, rate)
      const alone = createRateLimit(burst, rate)
      const taken: number[] = []
      let now = 0
      for (const { bearer, afterMs } of asks) {
        now += afterMs
        const waits = rateLimit.take(bearer, now)
        if (bearer !== 'a') continue
        expect(waits).toEqual(alone.take(bearer, now))
        if (waits === undefined) taken.push(now)
        else expect(waits).toBeGreaterThanOrEqual(1)
      }
      for (const [i, from] of taken.entries()) {
        for (const [j, to] of taken.entries()) {
          if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(burst + ((to - from) / 1_000) * rate + 1e-6)
        }
      }
    }),
  )
})

it('lets a bearer ask again once the wait is over', () => {
  const rateLimit = createRateLimit(2, 1)
  expect([rateLimit.take('a', 0), rateLimit.take('a', 0), rateLimit.take('a', 0)]).toEqual([undefined, undefined, 1])
  expect(rateLimit.take('a', 1_000)).toBeUndefined()
  expect(rateLimit.take('a', 1_000)).toBe(1)
})
