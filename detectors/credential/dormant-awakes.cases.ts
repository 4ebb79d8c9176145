/** Cases of credential/dormant-awakes. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const act = (day: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'old-bot',
  credential: 'key-1',
  kind: 'api',
  action: 'report.read',
  outcome: 'success',
  source_network: '198.51.100.0/24',
  user_agent: 'sdk/1.0',
  user_agent_family: 'sdk',
  ...more,
})
const usual = many(12, (n) => act(n / 4))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires where it comes back from elsewhere with another client',
    events: [...usual, act(20, { source_network: '203.0.113.0/24', user_agent: 'curl/8', user_agent_family: 'curl' })],
    expect: [{ severity: 'medium', agent: 'old-bot', evidence: ['e13'] }],
  },
  {
    name: 'fires where it comes back with acts that it never did',
    events: [...usual, act(20), act(20.01, { action: 'user.list' }), act(20.02, { action: 'secret.get' })],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'is quiet for a holiday that ends as it began',
    events: [...usual, act(20), act(20.1), act(20.2)],
    expect: [],
  },
  {
    name: 'is quiet for two acts from one new network, which is one sign',
    events: [
      ...usual,
      act(20, { source_network: '203.0.113.0/24' }),
      act(20.01, { source_network: '203.0.113.0/24' }),
      act(20.02, { source_network: '203.0.113.0/24' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet for a person back from leave in another place with something new to do',
    events: [
      ...usual.map((one) => ({ ...one, principal_kind: 'person' as const })),
      act(20, { principal_kind: 'person', source_network: '203.0.113.0/24', action: 'user.list' }),
    ],
    expect: [],
  },
  { name: 'is quiet for one new thing', events: [...usual, act(20, { action: 'user.list' }), act(20.1)], expect: [] },
  {
    name: 'is quiet where silence is its habit',
    events: [...many(4, (n) => act(n * 15)), act(60, { action: 'a.b' }), act(60.1, { action: 'c.d' })],
    expect: [],
  },
]
