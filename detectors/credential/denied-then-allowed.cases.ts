/** Cases of credential/denied-then-allowed. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const login = (minute: number, network: string, outcome: 'denied' | 'success', identity = 'maya'): CaseEvent => ({
  time: T0 + minute * MINUTE,
  identity,
  principal_kind: 'person',
  credential: `pw-${identity}`,
  kind: 'auth',
  action: 'auth.login',
  outcome,
  source_network: network,
})
const HOME = '198.51.100.0/24'
const ELSEWHERE = '203.0.113.0/24'

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires where ten refusals from elsewhere end in success',
    events: [
      login(0, HOME, 'success'),
      ...many(10, (n) => login(60 + n, ELSEWHERE, 'denied')),
      login(75, ELSEWHERE, 'success'),
    ],
    expect: [{ severity: 'medium', agent: 'maya', evidence: ['e12'] }],
  },
  {
    name: 'fires high after thirty, spread over a day',
    events: [
      login(0, HOME, 'success'),
      ...many(30, (n) => login(60 + n * 40, ELSEWHERE, 'denied')),
      login(1_300, ELSEWHERE, 'success'),
    ],
    expect: [{ severity: 'high' }],
  },
  {
    name: 'fires high for the one of many that is let in',
    events: [
      ...many(16, (n) => login(n, ELSEWHERE, 'denied', `user-${n >> 1}`)),
      login(20, ELSEWHERE, 'success', 'user-7'),
    ],
    expect: [{ severity: 'high', agent: 'user-7' }],
  },
  {
    name: 'is quiet for a forgotten password at home',
    events: [login(0, HOME, 'success'), ...many(30, (n) => login(60 + n, HOME, 'denied')), login(95, HOME, 'success')],
    expect: [],
  },
  {
    name: 'is quiet for a few refusals in a new place, and for many that never end in success',
    events: [
      ...many(3, (n) => login(n, ELSEWHERE, 'denied')),
      login(5, ELSEWHERE, 'success'),
      ...many(60, (n) => login(10 + n, '192.0.2.0/24', 'denied', 'omar')),
    ],
    expect: [],
  },
  {
    name: 'is quiet for a key that had expired',
    events: [
      ...many(20, (n) => ({ ...login(n, ELSEWHERE, 'denied'), error: 'expired_token' })),
      login(30, ELSEWHERE, 'success'),
    ],
    expect: [],
  },
]
