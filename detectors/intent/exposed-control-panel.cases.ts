/** Cases of intent/exposed-control-panel. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR = 3_600_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const call = (hours: number, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity: 'anonymous',
  principal_kind: 'service',
  kind: 'api',
  action: 'http.GET',
  activity: 'read',
  target,
  outcome: 'success',
  source_address: '203.0.113.9',
  ...more,
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a panel that lets a stranger in, once a day however much he looks at',
    events: many(40, (n) => call(n / 10, `https://gw.example.com/admin/agents/${n}`)),
    expect: [{ severity: 'medium', agent: 'anonymous' }],
  },
  {
    name: 'fires high where a stranger changes something',
    events: [call(1, 'agents/main', { kind: 'admin', action: 'agent.config.update', activity: 'update' })],
    expect: [{ severity: 'high' }],
  },
  {
    name: 'is quiet where the panel refuses',
    events: many(9, (n) => call(n, 'https://gw.example.com/admin/', { outcome: 'denied' })),
    expect: [],
  },
  {
    name: 'is quiet for pages that are public, and for the way in',
    events: [
      call(1, 'https://www.example.com/about'),
      call(2, 'https://gw.example.com/admin/login'),
      call(3, 'https://gw.example.com/actuator/health'),
      call(4, 'bucket/site/index.html', { action: 's3:GetObject' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet for who has signed in',
    events: [call(1, 'https://gw.example.com/admin/agents', { identity: 'ops-1', credential: 'key-1' })],
    expect: [],
  },
]
