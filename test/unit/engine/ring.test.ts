/** The ring of last ids against a plain queue: whatever is added in whatever order, both call the same ids repeats. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { H } from '../../../schemas/ids.ts'
import { IdRing, restoreSeen } from '../../../services/detector/engine/ring.ts'

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

  it('tells repeats from other contents like a map of pairs, while nothing has left it', () => {
    const acts = fc.array(fc.tuple(fc.nat(200), fc.nat(4)), { minLength: 900, maxLength: 1_000 })
    fc.assert(
      fc.property(acts, fc.nat(899), (pairs, cut) => {
        let ring = new IdRing(65_536, true)
        const held = new Map<number, Set<number>>()
        pairs.forEach(([id, content], i) => {
          if (i === cut) ring = IdRing.restore(65_536, ring.dump(), true)
          const contents = held.get(id)
          const expected = contents === undefined ? 'new' : contents.has(content) ? 'repeat' : 'conflict'
          expect(ring.take(idOf(id), H('content', content))).toBe(expected)
          held.set(id, (contents ?? new Set()).add(content))
        })
      }),
      { numRuns: 20 },
    )
  })

  it('holds the last N pairs, and takes a content that is not known for any', () => {
    const ring = new IdRing(1_024, true)
    ring.take(idOf(0), H('a'))
    expect(ring.take(idOf(0), H('b'))).toBe('conflict')
    for (let n = 1; n < 1_023; n++) ring.take(idOf(n), H('a'))
    expect(ring.take(idOf(0), H('b'))).toBe('repeat')
    expect(ring.take(idOf(5_000), H('a'))).toBe('new')
    // The first content has left, the other one is still there.
    expect(ring.take(idOf(0), H('b'))).toBe('repeat')
    const old = restoreSeen(new Uint32Array(0), Uint32Array.of(1, 2, 3, 4))
    expect(old.take('00000001000000020000000000000000', H('any'))).toBe('repeat')
    expect(old.take('00000001000000030000000000000000', H('any'))).toBe('new')
  })

  it('takes a hundred thousand contents of one id in time that grows with their number', () => {
    const ring = new IdRing(65_536, true)
    for (let n = 0; n < 100_000; n++)
      expect(ring.take(idOf(1), H('content', n))).toBe(n === 0 || n === 65_537 ? 'new' : 'conflict')
  })

  it('starts small, so that a quiet partition costs little', () => {
    expect(new IdRing(65_536).bytes).toBeLessThan(24_000)
  })
})
