/** Cases of intent/destructive-burst. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 6)
const MINUTE = 60_000
const remove = (minute: number, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + minute * MINUTE,
  identity: 'tidy-1',
  kind: 'api',
  action: 'snapshot.delete',
  activity: 'delete',
  outcome: 'success',
  target,
  ...more,
})
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on the twelfth thing that is deleted',
    events: many(14, (n) => remove(n * 10, `customer/${n}`, { action: 'customer.erase' })),
    expect: [{ severity: 'medium', agent: 'tidy-1', evidence: ['e1', 'e12'] }],
  },
  {
    name: 'fires high where thirty lasting things go',
    events: many(40, (n) => remove(n / 10, `snapshot/${n}`)),
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'is quiet for half a hundred plain objects',
    events: many(60, (n) => remove(n, `logs/${n}`, { action: 'object.delete' })),
    expect: [],
  },
  {
    name: 'is quiet where it was approved',
    events: many(40, (n) => remove(n, `s/${n}`, { approval: 'chg-1' })),
    expect: [],
  },
  { name: 'is quiet for one thing deleted again and again', events: many(40, (n) => remove(n, 's/1')), expect: [] },
  {
    name: 'is quiet for a move: as many things are made as deleted',
    events: many(40, (n) =>
      remove(n, `o/${n}`, n % 2 ? { action: 'object.put', activity: 'create' } : { action: 'object.delete' }),
    ),
    expect: [],
  },
  {
    name: 'is quiet for what passes, and for what was refused',
    events: [
      ...many(40, (n) => remove(n, `session/${n}`, { action: 'session.delete' })),
      ...many(40, (n) => remove(n, `s/${n}`, { outcome: 'denied' })),
    ],
    expect: [],
  },
]
