/** Cases of peer/covert-coordination. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const write = (hours: number, owner: string, target = 'doc:board', more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity: `agent-of-${owner}`,
  owner,
  kind: 'tool',
  action: 'doc.write',
  activity: 'update',
  target,
  ...more,
})
const round = (hour: number, target?: string, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  ['sales', 'legal', 'support', 'research'].map((owner, k) => write(hour + k / 60, owner, target, more))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on the third round of four teams in three hours',
    events: [...round(0), ...round(1), ...round(2)],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'fires once a day, however many rounds follow',
    events: Array.from({ length: 12 }, (_, n) => round(n)).flat(),
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'fires on each day with three rounds, however far apart, and on no other',
    events: [
      ...[0, 7, 14].flatMap((hour) => round(hour)),
      ...[48, 55].flatMap((hour) => round(hour)),
      ...[72, 79, 86].flatMap((hour) => round(hour)),
    ],
    expect: [{ severity: 'medium' }, { severity: 'medium' }],
  },
  { name: 'is quiet for one meeting of many', events: [...round(0), ...round(72)], expect: [] },
  {
    name: 'is quiet for one team that writes in lock-step',
    events: many(40, (n) => write(Math.floor(n / 4), 'sales', 'doc:plan', { identity: `seller-${n % 4}` })),
    expect: [],
  },
  {
    name: 'is quiet for a relay between two teams',
    events: many(40, (n) => write(n / 8, n % 2 === 0 ? 'sales' : 'legal')),
    expect: [],
  },
  {
    name: 'is quiet for services that push to one store',
    events: Array.from({ length: 5 }, (_, n) =>
      round(n, 'artifact:site', { principal_kind: 'service', action: 'artifact.put' }),
    ).flat(),
    expect: [],
  },
]
