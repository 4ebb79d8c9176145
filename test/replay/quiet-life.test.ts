/**
 * Noise must not come back: on a fixed piece of ordinary life the live detectors stay within the false-alarm budget, and
 * where the shared data lie beside the repository, on a calm company as well. Every finding is false there.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import { severityAtLeast, type Finding, type Severity } from '../../schemas/finding.ts'
import { life } from '../../services/commands/calibrate/life/life.ts'
import { readCompanyLabels } from '../../services/commands/eval-all/company.ts'
import { detect } from '../../services/commands/detection/index.ts'
import { importFiles, importMade } from '../../services/commands/import/import.ts'

const BUDGET = { medium: 5, high: 0.5 } as const
/** What one detector may tell of the calm company: 0.95 is the most, measured on 2026-11-28 (intent/influenced-action). */
const ONE_DETECTOR = 1.5

const detection = { detectors: DETECTORS, codeVersion: 'quiet' }

/** False findings per 1,000 identity-days at a severity and up, of all live detectors or of one. */
const rateOf = (findings: readonly Finding[], days: number, floor: Severity, only?: string): number =>
  (1_000 / days) *
  findings.filter(
    ({ mode, severity, detector }) =>
      mode === 'live' && severityAtLeast(severity, floor) && (only === undefined || detector === only),
  ).length

function expectQuiet(findings: readonly Finding[], days: number): void {
  const told = findings.map(({ detector, severity, why }) => `${detector} ${severity}: ${why}`).join('\n')
  expect(rateOf(findings, days, 'medium'), told).toBeLessThanOrEqual(BUDGET.medium)
  // One finding in a piece this small may be chance; two are not.
  expect(rateOf(findings, days, 'high'), told).toBeLessThanOrEqual(Math.max(BUDGET.high, 1_000 / days))
}

test('ordinary life is quiet', { timeout: 600_000 }, async () => {
  const days = new Set<string>()
  function* lived() {
    for (const { event, time } of life({ seed: 11, days: 21, identities: 100, start: Date.UTC(2026, 4, 4) })) {
      days.add(`${String(event['identity'])} ${Math.floor(time / 86_400_000)}`)
      yield event
    }
  }
  const { findings } = await detect(importMade(lived()), detection)
  expect(days.size).toBeGreaterThan(1_200)
  expectQuiet(findings, days.size)
})

const CALM = join(import.meta.dirname, '../../../shared/data/company-calm')

// Left out where the shared data do not lie beside the repository: they are no part of it.
test.skipIf(!existsSync(`${CALM}.events.ndjson.gz`))(
  'a calm company is quiet (needs ../shared/data beside the repository)',
  { timeout: 600_000 },
  async () => {
    const labels = await readCompanyLabels(`${CALM}.labels.ndjson.gz`)
    const { spool } = await importFiles([`${CALM}.events.ndjson.gz`], 'events')
    const { findings } = await detect(spool, detection)
    expectQuiet(findings, labels.identityDays)
    for (const { id } of DETECTORS)
      expect(rateOf(findings, labels.identityDays, 'medium', id), id).toBeLessThanOrEqual(ONE_DETECTOR)
  },
)
