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
          gate('acme', async () => {
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

it('lets tenants take turns, and makes place for one that has asked little', async () => {
  const gate = createGate(1, 4)
  const begun: string[] = []
  let letGo: () => void = () => undefined
  const first = gate('loud', () => new Promise<void>((resolve) => (letGo = resolve)))
  const ask = (tenant: string, n: number): Promise<string> =>
    gate(tenant, async () => {
      begun.push(`${tenant} ${n}`)
      return 'answered'
    }).catch((error: { code: string }) => error.code)
  const loud = [1, 2, 3, 4, 5].map((n) => ask('loud', n))
  const quiet = [1, 2].map((n) => ask('quiet', n))
  letGo()
  await first
  expect(await Promise.all(loud)).toEqual(['answered', 'answered', 'busy', 'busy', 'busy'])
  expect(await Promise.all(quiet)).toEqual(['answered', 'answered'])
  expect(begun).toEqual(['loud 1', 'quiet 1', 'loud 2', 'quiet 2'])
})
