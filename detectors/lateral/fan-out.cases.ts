/** Cases of lateral/fan-out. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const run = (minute: number, host: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + minute * MINUTE,
  identity: 'worker-3',
  kind: 'exec',
  action: 'host.exec',
  target: host,
  target_kind: 'host',
  outcome: 'success',
  ...more,
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a dozen machines within the hour',
    events: [
      run(-3_000, 'web-1', { action: 'doc.read', target_kind: 'doc' }),
      ...many(14, (n) => run(n * 4, `db-${n}`)),
    ],
    expect: [{ severity: 'medium', agent: 'worker-3' }],
  },
  {
    name: 'fires high on forty within minutes, told by the protocol alone',
    events: many(40, (n) => run(n / 5, `app-${n}`, { action: 'tool.call', target_kind: '', protocol: 'ssh' })),
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  { name: 'is quiet for the machines it knows', events: many(60, (n) => run(n, `web-${n % 3}`)), expect: [] },
  { name: 'is quiet for a new machine a day', events: many(20, (n) => run(n * 1_440, `web-${n}`)), expect: [] },
  {
    name: 'is quiet for many targets that are no machines',
    events: many(40, (n) =>
      run(n / 5, `https://www.example.com/${n}`, { kind: 'tool', action: 'web_fetch', target_kind: 'url' }),
    ),
    expect: [],
  },
]
