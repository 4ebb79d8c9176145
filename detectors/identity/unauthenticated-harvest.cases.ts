/** Cases of identity/unauthenticated-harvest. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 6)
const read = (n: number, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + n * 20_000,
  identity: 'anonymous',
  kind: 'api',
  action: 'http.GET',
  activity: 'read',
  outcome: 'success',
  source_network: `203.0.${n % 3}.0/24`,
  target,
  ...more,
})
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on the records of thirty agents',
    events: many(40, (n) => read(n, `/agents/${n}/card`)),
    expect: [{ severity: 'medium', agent: 'anonymous', evidence: ['e1'] }],
  },
  {
    name: 'fires high on the keys of many, whatever the spelling of nobody',
    events: many(140, (n) => read(n, `/v1/users/${n}/keys`, { identity: 'ANONYMOUS_PRINCIPAL' })),
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'is quiet for a crawler of public pages',
    events: many(200, (n) => read(n, `old/page-${n}.html`)),
    expect: [],
  },
  {
    name: 'is quiet for what was refused',
    events: many(60, (n) => read(n, `/agents/${n}`, { outcome: 'denied' })),
    expect: [],
  },
  {
    name: 'is quiet for callers with a credential, and for one record read often',
    events: [
      ...many(60, (n) => read(n, `/agents/${n}`, { credential: 'key-1' })),
      ...many(60, (n) => read(n, '/agents/7')),
    ],
    expect: [],
  },
]
