/** Cases of bounds/outside. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR = 3_600_000
const act = (hour: number, more: Partial<CaseEvent>): CaseEvent => ({
  time: T0 + hour * HOUR,
  identity: 'support-agent',
  principal_kind: 'agent',
  kind: 'tool',
  outcome: 'success',
  action: 'read_ticket',
  ...more,
})
const agents = {
  agents: [
    { agent: '*', allowed: { peers: ['status.example'] } },
    {
      agent: 'support-agent',
      owner: 'service-desk',
      allowed: { actions: ['read_*', 'reply'], peers: ['desk.example'] },
    },
  ],
}
const strict = { mode: 'strict' as const, agents: [{ agent: 'support-agent' }] }

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on an operation that is not allowed, as its first act',
    agents,
    events: [act(0, { action: 'export_customers' })],
    expect: [{ severity: 'medium', agent: 'support-agent', evidence: ['e1'] }],
  },
  {
    name: 'fires on a peer that no entry allows, low where it was denied',
    agents,
    events: [act(0, { peer: 'elsewhere.example', outcome: 'denied' }), act(30, { peer: 'elsewhere.example' })],
    expect: [{ severity: 'low' }, { severity: 'medium' }],
  },
  {
    name: 'fires on an agent that a strict registry does not list, once a day',
    agents: strict,
    events: [act(0, { identity: 'stranger' }), act(1, { identity: 'stranger' }), act(2, {})],
    expect: [{ severity: 'medium', agent: 'stranger' }],
  },
  {
    name: 'is quiet for what an entry allows, and for what a wider entry does',
    agents,
    events: [act(0, {}), act(1, { action: 'Reply', peer: 'api.desk.example' }), act(2, { peer: 'status.example' })],
    expect: [],
  },
  {
    name: 'is quiet for an allowed host, whose domain is not allowed, and fires on another host of it',
    agents: { agents: [{ agent: 'support-agent', allowed: { peers: ['api.partner.example'] } }] },
    events: [
      act(0, { peer: 'api.partner.example', peer_domains: ['partner.example'] }),
      act(1, { peer: 'files.partner.example', peer_domains: ['partner.example'] }),
    ],
    expect: [{ severity: 'medium', evidence: ['e2'] }],
  },
  {
    name: 'is quiet for what a user says to an agent, listed or not',
    agents: { ...strict, agents: [{ agent: 'support-agent', allowed: { actions: ['read_*'] } }] },
    events: [
      act(0, { kind: 'message', action: 'user.message' }),
      act(1, { identity: 'stranger', kind: 'message', action: 'user.message' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet for parts of an act for which no list exists',
    agents,
    events: [act(0, { target: 'anything/at/all' })],
    expect: [],
  },
  {
    name: 'is quiet for people and services that a strict registry does not list',
    agents: strict,
    events: [
      act(0, { identity: 'ana', principal_kind: 'person' }),
      act(1, { identity: 'cron-2', principal_kind: 'service' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet for unlisted agents without strict mode',
    agents: { agents: [{ agent: 'support-agent' }] },
    events: [act(0, { identity: 'stranger' })],
    expect: [],
  },
  { name: 'is quiet without a registry', events: [act(0, {})], expect: [] },
]
