/** Cases of credential/call-rate. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR = 3_600_000
const DAY = 24 * HOUR
const call = (at: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + at,
  identity: 'reporter-1',
  principal_kind: 'agent',
  role: 'reporter',
  owner: 'finance',
  kind: 'api',
  action: 'storage.objects.get',
  target: 'reports/today',
  outcome: 'success',
  ...more,
})
/** `count` calls within the hour, the nth made by `each`. */
const hour = (at: number, count: number, each: (n: number) => Partial<CaseEvent> = () => ({})): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => call(at + Math.floor((n * HOUR) / (count + 1)), each(n)))
const usual = Array.from({ length: 12 }, (_, day) => [0, 1, 2].flatMap((k) => hour(day * DAY + k * HOUR, 8))).flat()
const refused = (n: number): Partial<CaseEvent> => (n % 2 === 0 ? { outcome: 'denied' } : {})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires for an hour of three hundred calls of which half are refused',
    events: [...usual, ...hour(12 * DAY, 300, refused)],
    expect: [{ severity: 'low', agent: 'reporter-1' }],
  },
  {
    name: 'fires for an hour in which it deletes',
    events: [...usual, ...hour(12 * DAY, 300, () => ({ action: 'storage.objects.delete' }))],
    expect: [{ agent: 'reporter-1' }],
  },
  { name: 'is quiet for more calls alone', events: [...usual, ...hour(12 * DAY, 300)], expect: [] },
  {
    name: 'is quiet for refusals alone',
    events: [...usual, ...hour(12 * DAY, 24, () => ({ outcome: 'denied' }))],
    expect: [],
  },
  {
    name: 'is quiet for a batch job that runs every day',
    events: [
      ...usual,
      ...[3, 5, 7, 9].flatMap((day) => hour(day * DAY + 5 * HOUR, 200, refused)),
      ...hour(12 * DAY, 300, refused),
    ].sort((a, b) => a.time - b.time),
    settings: { history_ms: 10 * DAY },
    expect: [],
  },
  {
    name: 'is quiet on the day of a new version',
    events: [
      ...usual.map((one) => ({ ...one, agent_version: '1.0' })),
      ...hour(12 * DAY, 300, (n) => ({ ...refused(n), agent_version: '2.0' })),
    ],
    expect: [],
  },
  { name: 'is quiet in its first days', events: hour(0, 300, refused), expect: [] },
]
