/** Cases of intent/budget-spent. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const spend = (day: number, cost: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'coder-1',
  kind: 'api',
  action: 'chat',
  outcome: 'success',
  cost,
  ...more,
})
const usual = many(20, (n) => spend(n / 2, 0.5))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a day that costs twenty times the usual',
    events: [...usual, ...many(20, (n) => spend(10 + n / 100, 1))],
    expect: [{ severity: 'medium', agent: 'coder-1' }],
  },
  {
    name: 'fires on tokens where no cost is said',
    events: [
      ...many(20, (n) => spend(n / 2, 0, { tokens_in: 50_000 })),
      ...many(30, (n) => spend(10 + n / 100, 0, { tokens_in: 100_000 })),
    ],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'is quiet for a day that costs three times the usual',
    events: [...usual, ...many(6, (n) => spend(10 + n / 100, 0.5))],
    expect: [],
  },
  {
    name: 'is quiet for small change',
    events: [...many(20, (n) => spend(n / 2, 0.01)), ...many(20, (n) => spend(10 + n / 100, 0.1))],
    expect: [],
  },
  { name: 'is quiet while nothing is known of it', events: many(30, (n) => spend(n / 100, 1)), expect: [] },
]
