/**
 * Evidence that is a sample says so, whatever the detector: how many events there were stands beside what is shown, and the second
 * revision counts those that came after the alarm, too.
 */
import { describe, expect, it } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import type { Finding } from '../../schemas/finding.ts'
import { explanation } from '../../services/commands/ask/text.ts'
import { eventsOf, runDetectors } from '../support/detector-harness.ts'
import { cases as destruction } from '../../detectors/intent/destructive-burst.cases.ts'
import { cases as burst } from '../../detectors/lateral/recon-burst.cases.ts'
import { cases as loop } from '../../detectors/intent/runaway-loop.cases.ts'
import { cases as secrets } from '../../detectors/credential/secret-harvest.cases.ts'
import { cases as machines } from '../../detectors/lateral/fan-out.cases.ts'
import { cases as harvest } from '../../detectors/identity/unauthenticated-harvest.cases.ts'
import { cases as registration } from '../../detectors/identity/mass-registration.cases.ts'

const SAMPLING = {
  'lateral/recon-burst': burst,
  'intent/destructive-burst': destruction,
  'intent/runaway-loop': loop,
  'credential/secret-harvest': secrets,
  'lateral/fan-out': machines,
  'identity/unauthenticated-harvest': harvest,
  'identity/mass-registration': registration,
}

/** What a detector finds in the first of its cases that fires, both revisions. */
function found(id: keyof typeof SAMPLING): Finding[] {
  const detectors = DETECTORS.filter((one) => one.id === id)
  const fires = SAMPLING[id].find(({ expect: expected }) => expected.length > 0)
  const { first, second } = runDetectors(detectors, eventsOf(fires?.events ?? []))
  return [...first, ...second]
}

describe('evidence that is a sample', () => {
  it.each(Object.keys(SAMPLING) as (keyof typeof SAMPLING)[])('says how many events there were: %s', (id) => {
    const [finding] = found(id)
    expect(finding?.evidence_count).toBeGreaterThan(finding?.evidence.length ?? Number.NaN)
    expect(explanation(finding as Finding)).toContain(
      `${finding?.evidence_count} events in all, ${finding?.evidence.length} of them shown`,
    )
  })

  it.each(['lateral/recon-burst', 'intent/destructive-burst'] as const)(
    'counts what came after the alarm when the window closes: %s',
    (id) => {
      const findings = found(id)
      const last = findings.filter(({ revision }) => revision === 2)
      expect(last.length).toBeGreaterThan(0)
      for (const revised of last) {
        const before = findings.find((one) => one.id === revised.id && one.revision === 1)
        expect(revised.evidence_count).toBeGreaterThan(before?.evidence_count ?? Number.NaN)
        expect({ ...revised, revision: 1, observed: {}, evidence_count: 0 }).toEqual({
          ...before,
          observed: {},
          evidence_count: 0,
        })
      }
    },
  )
})
