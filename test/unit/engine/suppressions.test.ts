/** What a partition keeps of suppressions, against a list that is gone through after every control. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { SuppressionControl } from '../../../schemas/control.ts'
import { H } from '../../../schemas/ids.ts'
import { Suppressions } from '../../../services/detector/engine/suppressions.ts'

const HOUR = 3_600_000
const KEPT_MS = 24 * HOUR
const T0 = Date.UTC(2026, 8, 7)

const control = fc.record({
  tenant: fc.constantFrom('acme', 'globex'),
  id: fc.nat(12).map((n) => H('suppression', n)),
  ended: fc.boolean(),
  until: fc.nat(200).map((hours) => new Date(T0 + hours * HOUR).toISOString()),
})

it('frees what ended more than a day ago, with the next control of its tenant, and nothing else', () => {
  const controls = fc.array(fc.tuple(control, fc.nat(4)), { maxLength: 120 })
  fc.assert(
    fc.property(controls, (given) => {
      let suppressions = new Suppressions()
      let kept: SuppressionControl[] = []
      let logTime = T0
      for (const [one, hours] of given) {
        logTime += hours * HOUR
        const made: SuppressionControl = { type: 'suppression', detector: '*', ...one }
        suppressions.apply(made, logTime)
        kept = kept.filter(({ tenant, id }) => tenant !== made.tenant || id !== made.id)
        if (!made.ended) kept.push(made)
        kept = kept.filter(({ tenant, until }) => tenant !== made.tenant || Date.parse(until) + KEPT_MS >= logTime)
        const restored = new Suppressions()
        restored.restore(suppressions.dump())
        suppressions = restored
        const idsOf = (list: readonly SuppressionControl[]) => list.map(({ tenant, id }) => `${tenant}/${id}`).sort()
        expect(idsOf(suppressions.dump())).toEqual(idsOf(kept))
      }
    }),
    { numRuns: 200 },
  )
})
