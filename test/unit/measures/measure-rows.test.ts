/** Observed beside expected: bounds stand beside what they bound, and nothing is lost. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Measures } from '../../../schemas/finding.ts'
import { measureRows } from '../../../schemas/measure-rows.ts'

/** The rows as a person reads them. */
const read = (observed: Measures, expected: Measures) =>
  measureRows(observed, expected).map((row) => [
    row.name,
    row.observed,
    row.expected.map(({ before, value, after }) => `${before}${String(value)}${after}`).join(', '),
  ])

it('sets a bound beside what it bounds, in words', () => {
  expect(
    read(
      { score: 0.74, denials: 9, days: 1, ratio: 2, assurance: 'claimed', deleted: 340 },
      { score_below: 0.6, denials_max: 3, days_min: 2, ratio_above: 3, assurance_at_least: 'token', deleted_a_day: 12 },
    ),
  ).toEqual([
    ['score', 0.74, 'below 0.6'],
    ['denials', 9, 'at most 3'],
    ['days', 1, 'at least 2'],
    ['ratio', 2, 'above 3'],
    ['assurance', 'claimed', 'at least token'],
    ['deleted', 340, '12 a day'],
  ])
})

it('puts last what is only expected, whatever its name', () => {
  expect(
    read({ calls: 90, host: 'a.example' }, { known_networks: 1, calls: 7, hours_max: 4, constructor_max: 1 }),
  ).toEqual([
    ['calls', 90, '7'],
    ['host', 'a.example', ''],
    ['known_networks', undefined, '1'],
    ['hours', undefined, 'at most 4'],
    ['constructor', undefined, 'at most 1'],
  ])
})

it('shows both where a measure has a figure and a bound, and takes a name of its own for no bound', () => {
  expect(read({ moved: 0.4, share_max: 0.9 }, { moved: 0.1, moved_below: 0.3, share_max: 0.5 })).toEqual([
    ['moved', 0.4, '0.1, below 0.3'],
    ['share_max', 0.9, '0.5'],
  ])
})

it('shows every value once', () => {
  const names = fc.constantFrom('a', 'b', '_max', 'a_max', 'a_below', 'b_min', 'a_a_day', 'toString', 'b_at_least')
  const measures = fc.dictionary(names, fc.integer({ min: 0, max: 9 }))
  fc.assert(
    fc.property(measures, measures, (observed, expected) => {
      const rows = measureRows(observed, expected)
      expect(rows.filter((row) => row.observed !== undefined).map(({ name }) => name)).toEqual(Object.keys(observed))
      const values = rows.flatMap((row) => row.expected.map(({ value }) => value as number))
      const inOrder = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
      expect(inOrder(values)).toEqual(inOrder(Object.values(expected)))
      expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
    }),
  )
})
