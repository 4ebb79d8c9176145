/** Cases of credential/leaked-credential. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR_MS = 3_600_000
const LEAKED = [
  '00112233445566778899aabbccddeeff',
  '7f3c0000000000000000000000000001',
  'ffffffffffffffffffffffffffffff00',
]
const call = (time: number, event: Partial<CaseEvent>): CaseEvent => ({
  time,
  identity: 'agent-a',
  owner: 'acme',
  kind: 'tool',
  action: 'query_orders',
  source_address: '198.51.100.7',
  source_network: '198.51.100.0/24',
  credential: LEAKED[1] as string,
  ...event,
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on the first use, once a day from one network',
    leaked: LEAKED,
    events: [call(T0, { source_id: 'first' }), call(T0 + HOUR_MS, {}), call(T0 + 2 * HOUR_MS, {})],
    expect: [{ severity: 'high', agent: 'agent-a', evidence: ['first'] }],
  },
  {
    name: 'fires apart for each identity, network and day, and for a use that was stopped',
    leaked: LEAKED,
    events: [
      call(T0, {}),
      call(T0 + 1, { identity: 'agent-b' }),
      call(T0 + 2, { source_address: '203.0.113.9', source_network: '203.0.113.0/24' }),
      call(T0 + 24 * HOUR_MS, { outcome: 'denied' }),
    ],
    expect: [{ agent: 'agent-a' }, { agent: 'agent-b' }, { agent: 'agent-a' }, { agent: 'agent-a' }],
  },
  {
    name: 'fires on the first and the last entry of the list, and on a key that was used for months',
    leaked: LEAKED,
    events: [
      ...Array.from({ length: 60 }, (_, day) => call(T0 + day * 24 * HOUR_MS, { credential: 'a'.repeat(32) })),
      call(T0 + 61 * 24 * HOUR_MS, { credential: LEAKED[0] as string }),
      call(T0 + 61 * 24 * HOUR_MS + 1, { credential: LEAKED[2] as string }),
    ],
    expect: [{ severity: 'high' }, { severity: 'high' }],
  },
  {
    name: 'stays quiet on a credential that is on no list',
    leaked: LEAKED,
    events: [call(T0, { credential: '00112233445566778899aabbccddeefe' }), call(T0 + 1, { credential: '' })],
    expect: [],
  },
  {
    name: 'stays quiet on ids of credentials, whatever they look like',
    leaked: LEAKED,
    events: [call(T0, { credential: 'ASIAEXAMPLE' }), call(T0 + 1, { credential: `${LEAKED[1]}0` })],
    expect: [],
  },
  { name: 'stays quiet without a list', events: [call(T0, {})], expect: [] },
  { name: 'stays quiet on an empty list', leaked: [], events: [call(T0, {})], expect: [] },
]
