/** Whoever floods a memory that all tenants share loses its own, and never another's. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { surplusOf } from '../../../services/responder/shares.ts'

const items = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 })
  .map((tenants) => tenants.map((tenant, n) => ({ tenant, n })))

it('drops as many as there are too many, the oldest of those who have the most', () => {
  fc.assert(
    fc.property(items, fc.nat({ max: 40 }), (all, max) => {
      const dropped = surplusOf(all, max)
      expect(dropped).toHaveLength(Math.max(0, all.length - max))
      const kept = all.filter((item) => !dropped.includes(item))
      const countOf = (list: typeof all, tenant: string): number => list.filter((one) => one.tenant === tenant).length
      for (const tenant of new Set(dropped.map((one) => one.tenant))) {
        // Nobody keeps more than one who has lost something, but for what cannot be divided.
        for (const other of ['a', 'b', 'c']) {
          expect(countOf(kept, other)).toBeLessThanOrEqual(countOf(kept, tenant) + 3)
        }
        const own = all.filter((one) => one.tenant === tenant)
        const lost = dropped.filter((one) => one.tenant === tenant)
        expect(lost).toEqual(own.slice(0, lost.length))
      }
    }),
  )
})

it('takes nothing of a tenant within its share when another brings 37,000', () => {
  const flood = Array.from({ length: 37_000 }, (_, n) => ({ tenant: 'hostile', n }))
  const quiet = Array.from({ length: 500 }, (_, n) => ({ tenant: 'quiet', n }))
  const dropped = surplusOf([...quiet, ...flood], 20_000)
  expect(dropped).toHaveLength(17_500)
  expect(dropped.every(({ tenant }) => tenant === 'hostile')).toBe(true)
})
