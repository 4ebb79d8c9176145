/** Cases of credential/new-source. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const HOME = '192.0.2.0/24'
const AWAY = '198.51.100.0/24'
const ACTIONS = ['s3:GetObject', 's3:ListBucket', 'sqs:ReceiveMessage']

const call = (time: number, event: Partial<CaseEvent> = {}): CaseEvent => ({
  time,
  identity: 'role/worker',
  principal_kind: 'service',
  role: 'worker',
  owner: 'team-a',
  kind: 'api',
  action: 's3:GetObject',
  target: 'bucket/report',
  source_network: HOME,
  source_address: '192.0.2.10',
  user_agent_family: 'boto3',
  ...event,
})

/** Ten days of hourly work from one place, with one client. */
const habit = (event: Partial<CaseEvent> = {}): CaseEvent[] =>
  Array.from({ length: 10 * 12 }, (_, n) => call(T0 + n * 2 * HOUR_MS, { action: ACTIONS[n % 3] as string, ...event }))
const AFTER = T0 + 10 * DAY_MS

/** Other owners' roles of the same kind and job that use a source, `ago` before AFTER. */
const others = (owners: readonly string[], network: string, ago: number): CaseEvent[] =>
  owners.map((owner, n) =>
    call(AFTER - ago + n * 1_000, {
      identity: `role/${owner}`,
      owner,
      source_network: network,
      source_id: `peer-${n}`,
    }),
  )

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires high on a stolen key: new network, new client',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, user_agent_family: 'aws-cli', source_id: 'stolen', credential: 'AKIA1' }),
    ],
    expect: [{ severity: 'high', agent: 'role/worker', evidence: ['stolen'] }],
  },
  {
    name: 'fires high on a new network with the usual client and a first action',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, action: 'iam:CreateAccessKey', source_id: 'stolen' }),
      call(AFTER + 1_000, { source_network: AWAY, action: 'iam:ListUsers' }),
    ],
    expect: [{ severity: 'high', evidence: ['stolen'] }],
  },
  {
    name: 'fires medium on the network alone, then high when a first action follows, with both as evidence',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, source_id: 'arrival' }),
      call(AFTER + 120_000, { source_network: AWAY, source_id: 'again' }),
      call(AFTER + 300_000, { source_network: AWAY, action: 'iam:CreateUser', source_id: 'deed' }),
    ],
    expect: [
      { severity: 'medium', evidence: ['arrival'] },
      { severity: 'high', evidence: ['arrival', 'deed'] },
    ],
  },
  {
    name: 'fires high on a machine that hides behind a second new network within the hour',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY }),
      call(AFTER + 600_000, { source_network: '203.0.113.0/24' }),
    ],
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'fires medium on a person who walks from one new network into the next',
    events: [
      ...habit({ principal_kind: 'person' }),
      call(AFTER, { principal_kind: 'person', source_network: AWAY }),
      call(AFTER + 600_000, { principal_kind: 'person', source_network: '203.0.113.0/24' }),
    ],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'fires high each day of a week of thefts from ever new networks: they do not make moving its habit',
    events: [
      ...habit(),
      ...Array.from({ length: 7 }, (_, day) =>
        call(AFTER + day * DAY_MS, { source_network: `203.0.${day}.0/24`, action: `iam:Create${day}` }),
      ),
    ],
    expect: Array.from({ length: 7 }, () => ({ severity: 'high' as const })),
  },
  {
    name: 'knows a reported network after a day: a new client from there is low',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY }),
      call(AFTER + 2 * DAY_MS, { source_network: AWAY }),
      call(AFTER + 2 * DAY_MS + HOUR_MS, { source_network: AWAY, user_agent_family: 'curl' }),
    ],
    expect: [{ severity: 'medium' }, { severity: 'low' }],
  },
  {
    name: 'learns what is done from a reported network once it is known',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY }),
      call(AFTER + 2 * DAY_MS, { source_network: AWAY, action: 'sqs:SendMessage' }),
      call(AFTER + 4 * DAY_MS, { source_network: '203.0.113.0/24', action: 'sqs:SendMessage' }),
    ],
    expect: [{ severity: 'medium' }, { severity: 'medium' }],
  },
  {
    name: 'fires low on a new client alone',
    events: [
      ...habit(),
      call(AFTER, { user_agent_family: 'curl' }),
      call(AFTER + 1_000, { user_agent_family: 'curl' }),
    ],
    expect: [{ severity: 'low' }],
  },
  {
    name: 'fires although many identities of one other owner use the network: owners count, not identities',
    events: [
      ...habit(),
      ...['b', 'c', 'd', 'e', 'f'].map((n) =>
        call(AFTER - DAY_MS, { identity: `role/mule-${n}`, owner: 'mallory', source_network: AWAY }),
      ),
      call(AFTER, { source_network: AWAY }),
    ],
    expect: [{ severity: 'medium', agent: 'role/worker' }],
  },
  {
    name: 'fires for each of many stolen credentials that are tried from one place: they are no peers of each other',
    events: ['a', 'b', 'c', 'd', 'e']
      .flatMap((owner, n) => [
        ...habit({ identity: `role/${owner}`, owner }),
        call(AFTER + n * 60_000, { identity: `role/${owner}`, owner, source_network: AWAY, user_agent_family: 'curl' }),
      ])
      .toSorted((a, b) => a.time - b.time),
    expect: ['a', 'b', 'c', 'd', 'e'].map((owner) => ({ severity: 'high', agent: `role/${owner}` })),
  },
  {
    name: 'stays quiet where three other owners of the group have used the network for a while',
    events: [
      ...habit(),
      ...others(['team-b', 'team-c', 'team-d'], AWAY, 3 * HOUR_MS),
      call(AFTER, { source_network: AWAY }),
    ].toSorted((a, b) => a.time - b.time),
    expect: [],
  },
  {
    name: 'stays quiet during warm-up',
    events: [
      ...Array.from({ length: 30 }, (_, n) => call(T0 + n * HOUR_MS)),
      call(T0 + 31 * HOUR_MS, { source_network: AWAY, user_agent_family: 'curl' }),
    ],
    expect: [],
  },
  {
    name: 'stays quiet for an identity that changes its network every day',
    events: Array.from({ length: 20 }, (_, day) =>
      Array.from({ length: 8 }, (__, n) =>
        call(T0 + day * DAY_MS + n * HOUR_MS, { source_network: `198.18.${day}.0/24` }),
      ),
    ).flat(),
    expect: [],
  },
  {
    name: 'stays quiet when a cloud service acts in its place: a service name is no network',
    events: [
      ...habit(),
      call(AFTER, { source_network: 'athena.amazonaws.com', user_agent_family: 'athena.amazonaws.com' }),
    ],
    expect: [],
  },
  {
    name: 'fires once on a new source that stays in use for days, and then knows it',
    events: [
      ...habit(),
      ...Array.from({ length: 4 * 12 }, (_, n) => call(AFTER + n * 2 * HOUR_MS, { source_network: AWAY })),
    ],
    expect: [{ severity: 'medium' }],
  },
]
