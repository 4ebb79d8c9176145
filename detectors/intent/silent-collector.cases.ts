/** Cases of intent/silent-collector. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
/** A monitor that reports every half hour. */
const report = (n: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + n * 30 * MINUTE,
  identity: 'monitor-1',
  principal_kind: 'service',
  action: 'health.check',
  activity: 'read',
  target: 'edge',
  ...more,
})
const days = (count: number, more: Partial<CaseEvent> = {}): CaseEvent[] => many(count * 48, (n) => report(n, more))
const after = (silentHours: number, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  many(4, (n) => report(7 * 48 + silentHours * 2 + n, { source_id: `back-${n}`, ...more }))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when a monitor that reports every half hour comes back after nine hours',
    events: [...days(7), ...after(9)],
    expect: [{ severity: 'medium', agent: 'monitor-1', evidence: ['back-0'] }],
  },
  {
    name: 'fires again on a hole that is six times as long as the first',
    events: [...days(7), ...after(4), ...many(4, (n) => report(7 * 48 + 8 + 60 + n))],
    expect: [{ agent: 'monitor-1' }, { agent: 'monitor-1' }],
  },
  { name: 'is quiet for a hole of two hours', events: [...days(7), ...after(2)], expect: [] },
  {
    name: 'is quiet for an agent that rests every night',
    events: [
      ...many(14 * 24, (n) => report(0, { time: T0 + Math.floor(n / 24) * DAY + (n % 24) * 20 * MINUTE })),
      report(0, { time: T0 + 17 * DAY }),
    ],
    expect: [],
  },
  { name: 'is quiet in its first days', events: [...days(4), ...after(9)], expect: [] },
  {
    name: 'is quiet for people',
    events: [...days(7, { principal_kind: 'person' }), ...after(9, { principal_kind: 'person' })],
    expect: [],
  },
]
