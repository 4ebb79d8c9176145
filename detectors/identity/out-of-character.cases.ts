/** Cases of identity/out-of-character. Thresholds are fixed here, so that a calibration changes no case. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const settings = { score_low: 8, score_medium: 8, score_high: 12 }

const call = (time: number, event: Partial<CaseEvent> = {}): CaseEvent => ({
  time,
  identity: 'svc-report',
  principal_kind: 'service',
  role: 'report',
  owner: 'team-a',
  kind: 'api',
  action: 'db.read',
  activity: 'read',
  target: 'db/sales',
  peer: 'db.halden.example',
  outcome: 'success',
  source_network: '192.0.2.0/24',
  user_agent_family: 'sdk',
  credential: 'key-1',
  ...event,
})

/** Fourteen days of four calls an hour, from eight to five, always in the same order. */
const STEPS = ['db.read', 'report.create', 'mail.send', 'report.list']
const habit = (event: Partial<CaseEvent> = {}): CaseEvent[] =>
  Array.from({ length: 14 * 9 * 4 }, (_, n) => {
    const hour = Math.floor(n / 4)
    const time = T0 + Math.floor(hour / 9) * DAY_MS + (8 + (hour % 9)) * HOUR_MS + (n % 4) * 60_000
    return call(time, { action: STEPS[n % 4] as string, target: `thing-${n % 4}`, activity: 'unknown', ...event })
  })
/** Ten in the morning of the day after. */
const AFTER = T0 + 14 * DAY_MS + 10 * HOUR_MS
const after = (minute: number, event: Partial<CaseEvent>): CaseEvent =>
  call(AFTER + minute * 60_000, { activity: 'unknown', source_id: `after-${minute}`, ...event })

/** From the victim's own network and client, at its hours: looks around, reads secrets, makes a key, sends data out. */
const theft = [
  after(1, { action: 'iam.users.list', target: 'users' }),
  after(2, { action: 'storage.buckets.list', target: 'buckets' }),
  after(3, { action: 'secret.read', target: 'secret/payroll' }),
  after(4, { action: 'iam.access_key.create', target: 'user/backdoor' }),
  after(5, { action: 'file.upload', target: 'drop', peer: 'drop.kestrel.example' }),
]

/** Roles and policies, as somebody who sets up accounts makes them. */
const DUTY = ['role.create', 'policy.create', 'role.attach', 'policy.attach', 'user.create', 'group.update']
const duty = (from: number, event: Partial<CaseEvent> = {}): CaseEvent[] =>
  DUTY.map((act, n) =>
    call(from + n * 60_000, { action: `iam.${act}`, activity: 'update', target: `iam/${act}`, ...event }),
  )

const grant: Partial<CaseEvent> = { action: 'iam.role.attach', activity: 'update', target: 'role/admin' }

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a thief inside the network and client of its victim',
    events: [...habit(), ...theft],
    settings,
    expect: [{ severity: 'high', agent: 'svc-report', evidence: ['after-1', 'after-3'] }],
  },
  {
    name: 'fires on one act on permissions that nobody of the owner ever did',
    events: [...habit(), after(1, grant)],
    settings,
    expect: [{ severity: 'high', agent: 'svc-report', evidence: ['after-1'] }],
  },
  {
    name: 'stays quiet on the same act where another identity of the owner did it before',
    events: [...habit(), after(-180, { ...grant, identity: 'svc-deploy', role: 'deploy' }), after(1, grant)],
    settings,
    expect: [],
  },
  {
    name: 'stays quiet on the same act where somebody approved it',
    events: [...habit(), after(1, { ...grant, approval: 'CHG-1' })],
    settings,
    expect: [],
  },
  {
    name: 'fires on a steady service that begins to delete by the dozen',
    events: [
      ...habit(),
      ...Array.from({ length: 30 }, (_, n) =>
        call(AFTER + n * 5_000, { action: 'volume.delete', activity: 'delete', target: `volume-${n}` }),
      ),
    ],
    settings,
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'fires once for deletions that go on for three hours',
    events: [
      ...habit(),
      ...Array.from({ length: 90 }, (_, n) =>
        call(AFTER + n * 120_000, { action: 'volume.delete', activity: 'delete', target: `volume-${n}` }),
      ),
    ],
    settings,
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'fires once for what goes on for days, and then knows it',
    events: [
      ...habit(),
      ...Array.from({ length: 3 }, (_, day) =>
        theft.map((event) => ({ ...event, time: event.time + day * DAY_MS })),
      ).flat(),
    ],
    settings,
    expect: [{ severity: 'high' }],
  },
  {
    name: 'fires once for a new duty of every day, which others of its owner have, and then knows it',
    events: [
      ...habit(),
      ...duty(AFTER - 3 * HOUR_MS, { identity: 'svc-deploy', role: 'deploy' }),
      ...[0, 1, 2].flatMap((day) => duty(AFTER + day * DAY_MS)),
    ],
    settings,
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'stays quiet on its usual work',
    events: habit(),
    settings,
    expect: [],
  },
  {
    name: 'stays quiet on one act that it never did',
    events: [...habit(), after(1, { action: 'report.delete', target: 'report/old' })],
    settings,
    expect: [],
  },
  {
    name: 'stays quiet on a busy hour of the usual kind',
    events: [
      ...habit(),
      ...Array.from({ length: 40 }, (_, n) =>
        call(AFTER + n * 20_000, { action: STEPS[n % 4] as string, target: `thing-${n % 4}`, activity: 'unknown' }),
      ),
    ],
    settings,
    expect: [],
  },
  {
    name: 'stays quiet on an identity that does something new every day',
    events: [
      ...habit().flatMap((event, n) => [
        event,
        ...(n % 6 === 0
          ? [{ ...event, time: event.time + 1_000, action: `task-${n}.create`, target: `task-${n}` }]
          : []),
      ]),
      after(1, { action: 'task-x.create', target: 'task-x' }),
      after(2, { action: 'task-y.create', target: 'task-y' }),
    ],
    settings,
    expect: [],
  },
  {
    name: 'stays quiet during its first days',
    events: [
      ...habit().filter(({ time }) => time < T0 + 2 * DAY_MS),
      ...theft.map((e) => ({ ...e, time: e.time - 12 * DAY_MS })),
    ],
    settings,
    expect: [],
  },
  {
    name: 'stays quiet on a first act that two other owners of the role did an hour before',
    events: [
      ...habit(),
      ...['team-b', 'team-c'].flatMap((owner) =>
        theft.map((event) => ({
          ...event,
          time: event.time - 2 * HOUR_MS,
          owner,
          identity: `svc-${owner}`,
          source_id: `${owner}-${event.time}`,
        })),
      ),
      ...theft,
    ].toSorted((a, b) => a.time - b.time),
    settings,
    expect: [],
  },
]
