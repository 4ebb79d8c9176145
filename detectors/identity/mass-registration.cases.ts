/** Cases of identity/mass-registration. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR_MS = 3_600_000

const create = (time: number, n: number, event: Partial<CaseEvent> = {}): CaseEvent => ({
  time,
  identity: 'role/provisioner',
  owner: 'team-a',
  kind: 'admin',
  activity: 'create',
  outcome: 'success',
  action: 'iam:CreateUser',
  target: `user/minted-${n}`,
  ...event,
})

const arrive = (time: number, n: number, event: Partial<CaseEvent> = {}): CaseEvent => ({
  time,
  identity: `agent-${n}`,
  owner: 'team-a',
  kind: 'tool',
  action: 'http_get',
  source_network: '198.51.100.0/24',
  ...event,
})

const times = <T>(n: number, make: (k: number) => T): T[] => Array.from({ length: n }, (_, k) => make(k))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires medium on 25 users created within the hour',
    events: times(30, (k) => create(T0 + k * 60_000, k)),
    expect: [{ severity: 'medium', agent: 'team-a' }],
  },
  {
    name: 'fires on agents that a tool registers',
    events: times(30, (k) => create(T0 + k * 1_000, k, { kind: 'tool', action: 'register_agent', target: `bot-${k}` })),
    expect: [{ severity: 'medium', agent: 'team-a' }],
  },
  {
    name: 'fires high, once for the owner and once for the network, on 300 agents that arrive within the hour',
    events: times(300, (k) => arrive(T0 + k * 10_000, k)),
    expect: [
      { severity: 'high', agent: 'team-a' },
      { severity: 'high', agent: '198.51.100.0/24' },
    ],
  },
  {
    name: 'fires on the network alone where every new agent claims an owner of its own',
    events: times(300, (k) => arrive(T0 + k * 10_000, k, { owner: `owner-${k}` })),
    expect: [{ severity: 'high', agent: '198.51.100.0/24' }],
  },
  {
    name: 'says info where the platform creates as many every hour',
    events: times(40 * 30, (k) => create(T0 + Math.floor(k / 30) * HOUR_MS + (k % 30) * 1_000, k)),
    expect: [
      ...times(24, () => ({ severity: 'medium' as const })),
      ...times(16, () => ({ severity: 'info' as const })),
    ],
  },
  {
    name: 'stays quiet when an account starts to be watched and shows its 60 identities',
    events: times(180, (k) => arrive(T0 + k * 10_000, k % 60)),
    expect: [],
  },
  {
    name: 'stays quiet on one user that is created again and again',
    events: times(60, (k) => create(T0 + k * 10_000, 1)),
    expect: [],
  },
  {
    name: 'stays quiet on a launch that somebody approved',
    events: times(60, (k) => create(T0 + k * 10_000, k, { approval: 'chg-1', approver: 'lead' })),
    expect: [],
  },
  {
    name: 'stays quiet on attempts that were denied',
    events: times(60, (k) => create(T0 + k * 10_000, k, { outcome: 'denied' })),
    expect: [],
  },
  {
    name: 'stays quiet on other things that are created',
    events: times(60, (k) => create(T0 + k * 10_000, k, { action: 'ec2:CreateVolume', target: `vol-${k}` })),
    expect: [],
  },
  {
    name: 'stays quiet on an identity a quarter of an hour all day long',
    events: times(96, (k) => create(T0 + k * 900_000, k)),
    expect: [],
  },
]
