/** The gate in front of the warehouse: how many run, how many wait, who is told to come back. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createGate } from '../../../services/lib/warehouse/gate.ts'

it('runs no more at once than it may, all in order, and refuses only when enough wait', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.nat(5),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
      fc.scheduler(),
      async (running, waiting, works, scheduler) => {
        const gate = createGate(running, waiting)
        let active = 0
        let activeMax = 0
        const begun: number[] = []
        const outcomes = works.map((fails, n) =>
          gate(async () => {
            active++
            activeMax = Math.max(activeMax, active)
            begun.push(n)
            await scheduler.schedule(Promise.resolve())
            active--
            if (fails) throw new Error('its work failed')
            return n
          }).catch((error: Error & { code?: string }) => error.code ?? error.message),
        )
        const results = await scheduler.waitFor(Promise.all(outcomes))
        expect(activeMax).toBeLessThanOrEqual(running)
        expect(begun).toEqual(begun.toSorted((a, b) => a - b))
        const taken = Math.min(works.length, running + waiting)
        expect(results).toEqual(works.map((fails, n) => (n >= taken ? 'busy' : fails ? 'its work failed' : n)))
      },
    ),
  )
})
