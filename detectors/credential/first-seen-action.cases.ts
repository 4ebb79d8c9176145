/** Cases of credential/first-seen-action. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const act = (day: number, action: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'mailer-1',
  principal_kind: 'agent',
  role: 'mailer',
  owner: 'support',
  kind: 'api',
  action,
  target: `objects/${day}`,
  agent_version: '1.0',
  outcome: 'success',
  ...more,
})
const usual = Array.from({ length: 20 }, (_, day) => act(day, day % 2 === 0 ? 'mail.send' : 'tickets.update'))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when a mailer creates a machine',
    events: [...usual, act(20, 'compute.instances.create')],
    expect: [{ severity: 'low', agent: 'mailer-1', evidence: ['e21'] }],
  },
  {
    name: 'is medium where the operation reaches for permissions',
    events: [...usual, act(20, 'iam:AttachUserPolicy')],
    expect: [{ severity: 'medium', agent: 'mailer-1' }],
  },
  {
    name: 'fires though another role does it every day',
    events: [
      ...usual,
      ...usual.map((one, day) =>
        act(day, 'iam:AttachUserPolicy', { identity: 'admin-1', role: 'admin', time: one.time + 1 }),
      ),
      act(20, 'iam:AttachUserPolicy'),
    ],
    expect: [{ agent: 'mailer-1' }],
  },
  {
    name: 'is quiet where somebody of the role did it before',
    events: [...usual, act(3, 'iam:AttachUserPolicy', { identity: 'mailer-2' }), act(20, 'iam:AttachUserPolicy')],
    expect: [],
  },
  {
    name: 'is quiet on the day of a new version, and under an approval',
    events: [
      ...usual,
      act(20, 'iam:AttachUserPolicy', { agent_version: '2.0' }),
      act(23, 'compute.instances.create', { approval: 'CHG-1', approver: 'ann', agent_version: '2.0' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet for reading, for what is refused, and for people',
    events: [
      ...usual,
      act(20, 'storage.objects.get'),
      act(21, 'compute.instances.create', { outcome: 'denied' }),
      act(22, 'compute.instances.create', { identity: 'ann', principal_kind: 'person' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet in the first week',
    events: [act(0, 'mail.send'), act(6, 'iam:AttachUserPolicy')],
    expect: [],
  },
  {
    name: 'is quiet for an identity that does something new every day',
    events: Array.from({ length: 21 }, (_, day) => act(day, `service${day}.items.create`)),
    expect: [],
  },
]
