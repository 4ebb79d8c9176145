/** Cases of lateral/cascade. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const call = (minute: number, agent: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + minute * MINUTE,
  identity: `agent-${agent}`,
  owner: 'team',
  kind: 'a2a',
  action: 'task.send',
  peer: `agent-${agent + 1}`,
  trace: '0123456789abcdef0123456789abcdef',
  outcome: 'failure',
  ...more,
})
const chain = (more: Partial<CaseEvent> = {}): CaseEvent[] => [1, 2, 3].map((n) => call(n, n, more))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when three agents of one trace fail one after the other',
    events: chain(),
    expect: [{ severity: 'medium', evidence: ['e1', 'e2', 'e3'] }],
  },
  { name: 'fires when they are refused', events: chain({ outcome: 'denied', action: 'db.rows.update' }), expect: [{}] },
  { name: 'is quiet where all fail at one thing: that is an outage', events: chain({ peer: 'model' }), expect: [] },
  { name: 'is quiet for two', events: [call(0, 1), call(1, 2), call(2, 1), call(3, 2)], expect: [] },
  {
    name: 'is quiet for failures of different traces, and of none',
    events: [...[1, 2, 3].map((n) => call(n, n, { trace: `trace-${n}` })), ...chain({ trace: '' })],
    expect: [],
  },
  {
    name: 'is quiet where failing is what one of them does every hour',
    events: [
      ...Array.from({ length: 60 }, (_, n) => call(-60 * (60 - Math.floor(n / 5)), 3, { trace: '', target: 'queue' })),
      ...chain(),
    ],
    expect: [],
  },
  { name: 'is quiet for what succeeds', events: chain({ outcome: 'success' }), expect: [] },
]
