/** Verdicts of people move thresholds of joint scores, within bounds, and labels of attacks do not. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { scoreAt, thresholdsUnder } from '../../../detectors/lib/scored.ts'
import { CURVES } from '../../../detectors/lib/thresholds.ts'
import { DETECTORS } from '../../../detectors/registry.ts'
import type { Verdict } from '../../../schemas/incident.ts'
import {
  factorOf,
  FACTOR_MAX,
  type Judged,
  mostlyFalse,
  proposalsOf,
  VERDICTS_MIN,
} from '../../../services/commands/thresholds/proposal.ts'
import { fileOf } from '../../../services/commands/thresholds/thresholds.ts'
import { loadTenants } from '../../../services/lib/config/tenants.ts'
import { createYamlReader } from '../../../services/lib/yaml/read.ts'
import { createCommandRoom } from '../../support/command-room.ts'

const room = createCommandRoom()
afterAll(room.clear)

const ROOT = join(import.meta.dirname, '../../..')
const [SCORED = ''] = CURVES.keys()
const judged = (verdict: Verdict | null, count: number, detectors = [SCORED]): Judged[] =>
  Array.from({ length: count }, () => ({ detectors, verdict }))
const proposed = (incidents: readonly Judged[]) => proposalsOf(incidents, undefined)[0]

test('the tail is that of a beta distribution with an even prior', () => {
  expect(mostlyFalse(0, 0)).toBeCloseTo(0.5)
  // 1 - 0.5^(n + 1) where all of n are false.
  expect(mostlyFalse(8, 0)).toBeCloseTo(1 - 0.5 ** 9)
  expect(mostlyFalse(3, 3)).toBeCloseTo(0.5)
})

test('false and benign verdicts raise a threshold, true ones lower it', () => {
  const before = thresholdsUnder({}, SCORED)
  const quieter = proposed([...judged('false_positive', 6), ...judged('benign', 5), ...judged('true_positive', 1)])
  expect(quieter).toMatchObject({ detector: SCORED, true_positive: 1, false_positive: 6, benign: 5, from: before })
  expect(quieter?.factor).toBeCloseTo(2 / 12, 2)
  expect(quieter?.to?.medium).toBeGreaterThan(before?.medium ?? 0)
  const louder = proposed(judged('true_positive', 11))
  expect(louder?.factor).toBe(FACTOR_MAX)
  expect(louder?.to?.medium).toBeLessThan(before?.medium ?? 0)
})

test('few verdicts, mixed ones and none move nothing', () => {
  expect(proposed(judged('false_positive', VERDICTS_MIN - 1))).toMatchObject({ factor: 1 })
  expect(proposed([...judged('false_positive', 6), ...judged('true_positive', 5)])).toMatchObject({ factor: 1 })
  expect(proposalsOf(judged(null, 20), undefined)).toEqual([])
})

test('however many verdicts there are, a share of the budget moves by no more than ten', () => {
  const count = fc.integer({ min: 0, max: 2_000 })
  fc.assert(
    fc.property(count, count, count, (right, wrong, benign) => {
      const { factor } = factorOf({ true_positive: right, false_positive: wrong, benign })
      expect(factor).toBeLessThanOrEqual(FACTOR_MAX)
      expect(factor).toBeGreaterThanOrEqual(1 / FACTOR_MAX)
    }),
  )
  const curve = CURVES.get(SCORED) ?? []
  const to = proposed(judged('false_positive', 2_000))?.to
  expect(to?.medium).toBeLessThanOrEqual(scoreAt(curve, 0))
})

test('a detector without a joint score is counted and not moved', () => {
  const [one] = proposalsOf(judged('false_positive', 20, ['peer/known-agent-network']), undefined)
  expect(one).toMatchObject({ factor: 1, false_positive: 20 })
  expect(one?.to).toBeUndefined()
  expect(one?.reason).toContain('no joint score')
  expect(fileOf(proposalsOf(judged('false_positive', 20, ['peer/known-agent-network']), undefined))).not.toContain(
    'peer/',
  )
})

test('what is written is taken up as a layer of the tenant', async () => {
  const proposals = proposalsOf(judged('false_positive', 20), undefined)
  const file = room.file('tenants/acme/zz-thresholds.yaml', fileOf(proposals))
  const loaded = await loadTenants(join(dirname(file), '../../moltwatch.yaml'), createYamlReader(), DETECTORS)
  const { to } = proposals[0] ?? {}
  expect(loaded.problems).toEqual([])
  expect(loaded.layersOfTenants['acme']?.detectors).toEqual({
    [SCORED]: { settings: { score_low: to?.medium, score_medium: to?.medium, score_high: to?.high } },
  })
})

test('the command reads no labels of attacks: nothing that it reaches does', () => {
  const reached = new Set<string>()
  const follow = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+\.ts)'/g))
      follow(join(dirname(file), path))
  }
  follow(join(ROOT, 'services/commands/thresholds/thresholds.ts'))
  const names = [...reached].map((file) => relative(ROOT, file))
  expect(names).toContain('detectors/lib/scored.ts')
  expect(names.filter((name) => /labels\.ts$|commands\/eval/.test(name))).toEqual([])
})
