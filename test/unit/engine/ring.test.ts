/** The ring of last ids against a plain queue: whatever is added in whatever order, both call the same ids repeats. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { H } from '../../../schemas/ids.ts'
import { IdRing } from '../../../services/detector/engine/ring.ts'

const idOf = (n: number): string => H('ring', n)

describe('the ring of last ids', () => {
  it('agrees with a queue of the last N, across growth, wrap-around and restore', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 3_000, maxLength: 6_000 }),
        fc.constantFrom(1_024, 2_048),
        fc.nat(5_999),
        (numbers, capacity, cut) => {
          let ring = new IdRing(capacity)
          const queue: number[] = []
          const held = new Set<number>()
          numbers.forEach((n, i) => {
            if (i === cut) ring = IdRing.restore(capacity, ring.dump())
            const isNew = !held.has(n)
            expect(ring.add(idOf(n))).toBe(isNew)
            if (!isNew) return
            held.add(n)
            queue.push(n)
            if (queue.length > capacity) held.delete(queue.shift() as number)
          })
        },
      ),
      { numRuns: 10 },
    )
  })

  it('starts small, so that a quiet partition costs little', () => {
    expect(new IdRing(65_536).bytes).toBeLessThan(20_000)
  })
})
