/**
 * Observed beside expected, for whoever shows a finding: what was seen and what bounds it are one row, although the names of
 * bounds end in how they bound (`score` and `score_below`).
 */
import type { Measures } from './finding.ts'

type Value = Measures[string]

/** What a figure is expected to be: the words stand before and behind the value. */
export interface Expectation {
  readonly before: string
  readonly value: Value
  readonly after: string
}

export interface MeasureRow {
  readonly name: string
  /** Undefined where only an expectation exists. */
  readonly observed: Value | undefined
  readonly expected: readonly Expectation[]
}

/** How names of bounds end, and how people say them. */
const BOUNDS = [
  ['_below', 'below ', ''],
  ['_above', 'above ', ''],
  ['_max', 'at most ', ''],
  ['_min', 'at least ', ''],
  ['_at_least', 'at least ', ''],
  ['_a_day', '', ' a day'],
] as const

/** One row for each measure that was observed, in their order; then those that are only expected. */
export function measureRows(observed: Measures, expected: Measures): MeasureRow[] {
  const rows = new Map<string, { observed: Value | undefined; expected: Expectation[] }>(
    Object.entries(observed).map(([name, value]) => [name, { observed: value, expected: [] }]),
  )
  for (const [name, value] of Object.entries(expected)) {
    // A name of its own is no bound, whatever it ends in.
    const bound = rows.has(name) ? undefined : BOUNDS.find(([end]) => name.endsWith(end) && name !== end)
    const [end, before, after] = bound ?? ['', '', '']
    const measure = name.slice(0, name.length - end.length)
    const row = rows.get(measure) ?? { observed: undefined, expected: [] }
    row.expected.push({ before, value, after })
    rows.set(measure, row)
  }
  return [...rows].map(([name, row]) => ({ name, ...row }))
}
