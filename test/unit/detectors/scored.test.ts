/** The false-alarm budget is one setting, and it moves the thresholds of joint scores in the engine. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { outOfCharacter } from '../../../detectors/identity/out-of-character.ts'
import { cases } from '../../../detectors/identity/out-of-character.cases.ts'
import type { Curve } from '../../../detectors/lib/curve.ts'
import { KEPT_FOR_SCORED, MARGIN, scoreAt, shareOf, thresholdsUnder } from '../../../detectors/lib/scored.ts'
import { CURVES, UNSCORED } from '../../../detectors/lib/thresholds.ts'
import { emptyConfiguration, FALSE_PER_1000, type FalsePer1000, layerOver } from '../../../schemas/configuration.ts'
import { eventsOf, newest, PLAIN, runDetectors } from '../../support/detector-harness.ts'

const CURVE: Curve = [
  [0.1, 14],
  [1, 10],
  [100, 4],
]

test('a threshold lies on the curve, between measured rates by their logarithm', () => {
  expect(scoreAt(CURVE, 0.1)).toBe(14)
  expect(scoreAt(CURVE, 1)).toBe(10)
  expect(scoreAt(CURVE, 10)).toBeCloseTo(7)
  expect(scoreAt(CURVE, 1_000)).toBe(4)
  expect(scoreAt(CURVE, 0.01)).toBeCloseTo(18)
  expect(scoreAt(CURVE, 0)).toBeCloseTo(22)
  expect(scoreAt([[1, 7]], 0.5)).toBe(7)
})

test('what is shared out is what the others leave, and a tenth if they leave nothing', () => {
  const of = (medium: number, high: number) => ({ medium: medium * MARGIN, high: high * MARGIN })
  expect(shareOf(of(5, 0.5), { medium: 3, high: 0.25 }, 2)).toEqual({ medium: 1, high: 0.125 })
  expect(shareOf(of(2, 0), { medium: 3, high: 0.1 }, 2)).toEqual({ medium: KEPT_FOR_SCORED, high: 0 })
  // Forty at high are at least forty of medium and up.
  expect(shareOf({ high: 40 * MARGIN }, { medium: 3, high: 0 }, 1)).toEqual({ medium: 40, high: 40 })
})

test('a larger budget never raises a threshold', () => {
  const rate = fc.double({ min: 0, max: 1_000, noNaN: true })
  fc.assert(
    fc.property(rate, rate, fc.constantFrom(...CURVES.keys()), (a, b, id) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)]
      const under = (medium: number) => thresholdsUnder({ medium, high: medium / 10 }, id)
      expect(under(large)?.medium).toBeLessThanOrEqual(under(small)?.medium ?? 0)
      expect(under(large)?.high).toBeLessThanOrEqual(under(small)?.high ?? 0)
    }),
  )
})

test('the default budget leaves something to every detector with a joint score', () => {
  const { medium, high } = shareOf(FALSE_PER_1000, UNSCORED, CURVES.size)
  expect(medium).toBeGreaterThan(0)
  expect(high).toBeGreaterThan(0)
  for (const curve of CURVES.values()) {
    const [rates, scores] = [curve.map(([rate]) => rate), curve.map(([, score]) => score)]
    expect(rates).toEqual(rates.toSorted((a, b) => a - b))
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  }
})

const told = (budget: FalsePer1000 | undefined, settings = {}) => {
  const theft = cases.find(({ name }) => name.includes('thief'))
  const configuration = {
    ...emptyConfiguration(),
    ...(budget === undefined ? {} : { false_per_1000: budget }),
    detectors: { [outOfCharacter.id]: { settings } },
  }
  return newest(runDetectors([outOfCharacter], eventsOf(theft?.events ?? []), PLAIN, configuration))
}

test('the setting moves what the engine tells, and a setting of the detector goes before it', () => {
  expect(told({ medium: 1_000, high: 1_000 }).map(({ severity }) => severity)).toContain('high')
  expect(told({ medium: 1_000, high: 0 }).map(({ severity }) => severity)).toEqual(['medium'])
  const high = { score_low: 1_000, score_medium: 1_000, score_high: 1_000 }
  expect(told({ medium: 1_000, high: 1_000 }, high)).toEqual([])
  // Told as by default where the default is said; the epoch alone says that something was said.
  const bodies = (budget?: FalsePer1000) => told(budget).map((finding) => ({ ...finding, epoch: '' }))
  expect(bodies({ ...FALSE_PER_1000 })).toEqual(bodies())
})

test("a tenant's budget lies over that of all, number by number", () => {
  const base = { ...emptyConfiguration(), false_per_1000: { medium: 10, high: 1 } }
  expect(layerOver(base, { false_per_1000: { high: 2 } }).false_per_1000).toEqual({ medium: 10, high: 2 })
  expect(layerOver(base, {}).false_per_1000).toEqual({ medium: 10, high: 1 })
  expect(layerOver(emptyConfiguration(), {})).toEqual(emptyConfiguration())
})
