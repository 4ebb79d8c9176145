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

/**
 * A person's machine that speaks both address families: five days from one network, and then calls through both within
 * seconds.
 */
const twoFamilies = (
  old: { readonly network: string; readonly agent: string },
  other: { readonly network: string; readonly agent: string },
  action: string,
): CaseEvent[] => {
  const at = (time: number, from: { readonly network: string; readonly agent: string }, act: string): CaseEvent =>
    call(time, {
      identity: 'pat',
      principal_kind: 'person',
      owner: 'desk',
      credential: 'key-1',
      action: act,
      source_network: from.network,
      user_agent: from.agent,
      user_agent_family: from.agent.split('/')[0] ?? '',
    })
  const days = Array.from({ length: 30 }, (_, n) =>
    at(
      T0 + Math.floor(n / 6) * DAY_MS + (n % 6) * HOUR_MS,
      old,
      n % 2 === 0 ? 'ec2:DescribeInstances' : 's3:ListBuckets',
    ),
  )
  const t = T0 + 5 * DAY_MS
  return [
    ...days,
    at(t, old, 'ec2:DescribeInstances'),
    at(t + 1_000, other, action),
    at(t + 3_000, old, 's3:ListBuckets'),
    at(t + 4_000, other, action),
    at(t + 7_000, old, 'ec2:DescribeInstances'),
  ]
}
const CLI = 'aws-cli/2.31.0 os/macos#25.1.0 lang/python#3.13.7'
const V4 = { network: '198.51.100.0/24', agent: CLI }
const V6 = { network: '2001:db8:77::/48', agent: CLI }
const THIEF_V6 = { network: '2001:db8:66::/48', agent: 'boto3/1.40.1 os/linux' }

/** Ten days of work in which every act names its copy. */
const stamped = (event: Partial<CaseEvent> = {}): CaseEvent[] => habit({ instance: 'worker-1', ...event })
const approval = { approval: 'chg-1', approver: 'lead', approval_expires: AFTER + HOUR_MS }

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires high where a key that always came with the name of a copy comes without one from elsewhere',
    events: [...stamped(), call(AFTER, { source_network: AWAY, source_id: 'stolen' })],
    expect: [{ severity: 'high', evidence: ['stolen'] }],
  },
  {
    name: 'fires medium on that from the usual place, once a day, and accepts it then',
    events: [
      ...stamped(),
      ...Array.from({ length: 40 }, (_, n) => call(AFTER + n * HOUR_MS, { source_id: `bare-${n}` })),
    ],
    expect: [{ severity: 'medium', evidence: ['bare-0'] }],
  },
  {
    name: 'stays quiet where two others of the role have lost the name of the copy before',
    events: [
      ...['a', 'b', 'c'].flatMap((owner) => stamped({ identity: `role/${owner}`, owner, instance: `${owner}-1` })),
      ...['a', 'b', 'c'].map((owner, n) =>
        call(AFTER + n * 2 * HOUR_MS, { identity: `role/${owner}`, owner, source_id: `bare-${owner}` }),
      ),
    ],
    expect: [{ evidence: ['bare-a'] }, { evidence: ['bare-b'] }],
  },
  {
    name: 'stays low on what somebody else approved, and not on what the identity approved itself',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, action: 'iam:CreateAccessKey', ...approval }),
      ...habit({ identity: 'role/second' }),
      call(AFTER, {
        identity: 'role/second',
        source_network: '203.0.113.0/24',
        action: 'iam:CreateAccessKey',
        ...approval,
        approver: 'role/second',
        source_id: 'deed',
      }),
    ],
    expect: [{ severity: 'low' }, { severity: 'high', evidence: ['deed'] }],
  },
  {
    name: 'stays quiet on a first act from a new network that others of the role do',
    events: [
      ...['b', 'c'].flatMap((owner) => habit({ identity: `role/${owner}`, owner, action: 's3:PutObject' })),
      ...habit(),
      call(AFTER, { source_network: AWAY, action: 's3:PutObject' }),
    ],
    expect: [],
  },
  {
    name: 'fires medium on a stolen key: new network, new client',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, user_agent_family: 'aws-cli', source_id: 'stolen', credential: 'AKIA1' }),
    ],
    expect: [{ severity: 'medium', agent: 'role/worker', evidence: ['stolen'] }],
  },
  {
    name: 'fires high when the stolen key then changes something that its owner never changed',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, user_agent_family: 'aws-cli', source_id: 'stolen' }),
      call(AFTER + 60_000, {
        source_network: AWAY,
        user_agent_family: 'aws-cli',
        action: 'ec2:RunInstances',
        source_id: 'deed',
      }),
    ],
    expect: [{ severity: 'medium' }, { severity: 'high', evidence: ['stolen', 'deed'] }],
  },
  {
    name: 'fires high on a new network with the usual client and a first reach for keys',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, action: 'iam:CreateAccessKey', source_id: 'stolen' }),
      call(AFTER + 1_000, { source_network: AWAY, action: 'iam:ListUsers' }),
    ],
    expect: [{ severity: 'high', evidence: ['stolen'] }],
  },
  {
    name: 'fires low on the network alone, then high when a first act on users follows, with both as evidence',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY, source_id: 'arrival' }),
      call(AFTER + 120_000, { source_network: AWAY, source_id: 'again' }),
      call(AFTER + 300_000, { source_network: AWAY, action: 'iam:CreateUser', source_id: 'deed' }),
    ],
    expect: [
      { severity: 'low', evidence: ['arrival'] },
      { severity: 'high', evidence: ['arrival', 'deed'] },
    ],
  },
  {
    name: 'fires medium when it looks around from there',
    events: [
      ...habit(),
      ...['iam:ListUsers', 'iam:ListRoles', 's3:ListAllMyBuckets', 'ec2:DescribeVpcs'].map((action, n) =>
        call(AFTER + n * 10_000, { source_network: AWAY, action }),
      ),
    ],
    expect: [{ severity: 'low' }, { severity: 'medium' }],
  },
  {
    name: 'fires medium on a machine that hides behind a second new network within the hour',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY }),
      call(AFTER + 600_000, { source_network: '203.0.113.0/24' }),
    ],
    expect: [{ severity: 'low' }, { severity: 'medium' }],
  },
  {
    name: 'fires low on a person who walks from one new network into the next',
    events: [
      ...habit({ principal_kind: 'person' }),
      call(AFTER, { principal_kind: 'person', source_network: AWAY }),
      call(AFTER + 600_000, { principal_kind: 'person', source_network: '203.0.113.0/24' }),
    ],
    expect: [{ severity: 'low' }],
  },
  {
    name: 'fires high each day of a week of thefts from ever new networks: they do not make moving its habit',
    events: [
      ...habit(),
      ...Array.from({ length: 7 }, (_, day) =>
        call(AFTER + day * (DAY_MS + 60_000), { source_network: `203.0.${day}.0/24`, action: 'iam:CreateAccessKey' }),
      ),
    ],
    expect: Array.from({ length: 7 }, () => ({ severity: 'high' as const })),
  },
  {
    name: 'knows a network after an hour that nobody doubts: a new client from there is low',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY }),
      call(AFTER + 2 * HOUR_MS, { source_network: AWAY }),
      call(AFTER + 3 * HOUR_MS, { source_network: AWAY, user_agent_family: 'curl' }),
    ],
    expect: [{ severity: 'low' }, { severity: 'low' }],
  },
  {
    name: 'learns what is done from a network once that is known',
    events: [
      ...habit(),
      call(AFTER, { source_network: AWAY }),
      call(AFTER + 2 * DAY_MS, { source_network: AWAY, action: 'iam:CreateUser' }),
      call(AFTER + 4 * DAY_MS, { source_network: '203.0.113.0/24', action: 'iam:CreateUser' }),
    ],
    expect: [{ severity: 'low' }, { severity: 'low' }],
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
    expect: [{ severity: 'low', agent: 'role/worker' }],
  },
  {
    name: 'fires for each of many stolen credentials that are tried from one place: they are no peers of each other',
    events: ['a', 'b', 'c', 'd', 'e']
      .flatMap((owner, n) => [
        ...habit({ identity: `role/${owner}`, owner }),
        call(AFTER + n * 60_000, { identity: `role/${owner}`, owner, source_network: AWAY, user_agent_family: 'curl' }),
      ])
      .toSorted((a, b) => a.time - b.time),
    expect: ['a', 'b', 'c', 'd', 'e'].map((owner) => ({ severity: 'medium', agent: `role/${owner}` })),
  },
  {
    name: 'fires high on a thief beside the victim, on the other address family with a client of his own',
    events: twoFamilies(V4, THIEF_V6, 'secretsmanager:ListSecrets'),
    expect: [{ severity: 'high' }],
  },
  {
    name: "fires on who uses the victim's client on the other address family to make keys",
    events: twoFamilies(V4, V6, 'iam:CreateAccessKey'),
    expect: [{ severity: 'high' }],
  },
  {
    name: 'stays quiet where a machine begins to use its other address family beside the first',
    events: twoFamilies(V4, V6, 'health:DescribeEvents'),
    expect: [],
  },
  {
    name: 'stays quiet on the other address family, the other way round',
    events: twoFamilies(V6, V4, 's3:ListBuckets'),
    expect: [],
  },
  {
    name: 'stays quiet when a pod lands on another node of its private network',
    events: [
      ...habit({ source_network: '10.20.30.0/24' }),
      ...Array.from({ length: 40 }, (_, n) => call(AFTER + n * HOUR_MS, { source_network: `10.20.${n + 40}.0/24` })),
    ],
    expect: [],
  },
  {
    name: 'stays quiet on callers without a credential: there is none that could be stolen',
    events: [
      ...habit({ identity: 'anonymous', credential: '' }),
      call(AFTER, {
        identity: 'anonymous',
        credential: '',
        source_network: AWAY,
        user_agent_family: 'crawler',
        action: 's3:PutBucketPolicy',
      }),
    ],
    expect: [],
  },
  {
    name: 'stays quiet where three other owners have used the network for a while',
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
    name: 'fires where the new source is the name of a host, as it does on an address',
    events: [...habit(), call(AFTER, { source_network: 'c-9.dial.example' })],
    expect: [{ severity: 'low' }],
  },
  {
    name: 'stays quiet on machine after machine of one owner',
    events: [
      ...habit().map((event) => ({ ...event, source_network: 'w-1.fleet.example' })),
      ...[2, 3, 4].map((n) => call(AFTER + n * HOUR_MS, { source_network: `w-${n}.fleet.example` })),
    ],
    expect: [],
  },
  {
    name: 'fires once on a new source that stays in use for days, and then knows it',
    events: [
      ...habit(),
      ...Array.from({ length: 4 * 12 }, (_, n) => call(AFTER + n * 2 * HOUR_MS, { source_network: AWAY })),
    ],
    expect: [{ severity: 'low' }],
  },
]
