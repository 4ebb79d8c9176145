/** Cases of identity/identity-mismatch. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const act = (day: number, identity: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  // What comes under a token is as old as its receipt says.
  receipt_time: T0 + day * DAY,
  identity,
  owner: 'web',
  kind: 'tool',
  action: 'read_mail',
  target: 'inbox',
  credential: `${identity}-key`,
  sender: `${identity}-token`,
  identity_assurance: 'claimed',
  outcome: 'success',
  ...more,
})
const days = (count: number, each: (day: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, day) => each(day))
const proven = days(6, (day) => act(day, 'payer', { identity_assurance: 'workload' }))
const two = days(6, (day) => act(day, 'payer')).flatMap((one) => [one, { ...act(0, 'writer'), time: one.time + 1 }])

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when a proven identity is claimed without proof',
    events: [...proven, act(6, 'payer')],
    expect: [{ severity: 'medium', agent: 'payer', evidence: ['e7'] }],
  },
  {
    name: 'fires when one agent speaks under the token of another',
    events: [...two, act(6, 'payer', { sender: 'writer-token' })],
    expect: [{ severity: 'medium', agent: 'payer' }],
  },
  {
    name: 'fires once for each token',
    events: [...two, ...[6, 7, 8].map((day) => act(day, 'payer', { sender: 'writer-token' }))],
    expect: [{ agent: 'payer' }],
  },
  {
    name: 'is quiet for an identity that was always claimed',
    events: [...days(6, (day) => act(day, 'payer')), act(6, 'payer')],
    expect: [],
  },
  {
    name: 'is quiet for a better proof than before',
    events: [...days(6, (day) => act(day, 'payer')), act(6, 'payer', { identity_assurance: 'mtls' })],
    expect: [],
  },
  {
    name: 'is quiet where the proof varied from the beginning',
    events: [act(0, 'payer'), ...proven.map((one) => ({ ...one, time: one.time + 1 })), act(6, 'payer')],
    expect: [],
  },
  {
    name: 'is quiet for a token that nobody used before: it was renewed',
    events: [...two, act(6, 'payer', { sender: 'payer-token-2' })],
    expect: [],
  },
  {
    name: 'is quiet for the token of a gateway that carries many',
    events: [
      ...two,
      act(3, 'reader', { sender: 'gateway' }),
      act(4, 'sorter', { sender: 'gateway' }),
      act(6, 'payer', { sender: 'gateway' }),
    ].sort((a, b) => a.time - b.time),
    expect: [],
  },
  {
    name: 'is quiet in the first days of an identity',
    events: [act(0, 'payer', { identity_assurance: 'provider' }), act(1, 'payer')],
    expect: [],
  },
]
