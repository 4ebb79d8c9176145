/** Cases of identity/self-provisioning. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

/** A Thursday: fixed weeks begin on one. */
const T0 = Date.UTC(2026, 2, 5, 9)
const DAY = 86_400_000
const act = (day: number, action: string, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'invoice-bot',
  kind: 'api',
  activity: 'create',
  outcome: 'success',
  action,
  target,
  ...more,
})
const start = act(-8, 'invoice.read', 'invoice/1', { activity: 'read' })

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a key that bears its own name',
    events: [start, act(0, 'iam.keys.create', 'keys/invoice-bot')],
    expect: [{ severity: 'medium', agent: 'invoice-bot', evidence: ['e2'] }],
  },
  {
    name: 'fires high on a key and a machine of its own',
    events: [
      start,
      act(0, 'iam.keys.create', 'keys/invoice-bot'),
      act(0.1, 'ec2:RunInstances', 'x', { action: 'compute.instances.create', target: 'instances/invoice-bot' }),
    ],
    expect: [{ severity: 'medium' }, { severity: 'high', evidence: ['e2', 'e3'] }],
  },
  {
    name: 'fires on a wallet and a schedule within a week',
    events: [
      start,
      act(-6, 'scheduler.list', 'x', { activity: 'list' }),
      act(0, 'wallet.create', 'wallet/4'),
      act(2, 'scheduler.jobs.create', 'jobs/refresh'),
    ],
    expect: [{ severity: 'medium', evidence: ['e3', 'e4'] }],
  },
  {
    name: 'is quiet where it was approved',
    events: [
      start,
      act(0, 'iam.keys.create', 'keys/invoice-bot', { approval: 'chg-1' }),
      act(1, 'wallet.create', 'wallet/4'),
    ],
    expect: [],
  },
  {
    name: 'is quiet for one new kind, and for what it always makes',
    events: [
      start,
      act(0, 'compute.instances.create', 'instances/web-1'),
      act(1, 'compute.instances.create', 'instances/web-2'),
    ],
    expect: [],
  },
  {
    name: 'is quiet for people and for refused acts',
    events: [
      start,
      act(0, 'iam.keys.create', 'keys/invoice-bot', { principal_kind: 'person' }),
      act(1, 'iam.keys.create', 'keys/invoice-bot', { outcome: 'denied' }),
    ],
    expect: [],
  },
]
