/** Cases of lateral/environment-crossing. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const act = (day: number, environment: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'builder-1',
  principal_kind: 'agent',
  role: 'builder',
  owner: 'web',
  kind: 'api',
  action: 'storage.objects.create',
  target: `objects/${day}`,
  environment,
  agent_version: '1.0',
  outcome: 'success',
  ...more,
})
const usual = Array.from({ length: 6 }, (_, day) => act(day, 'dev'))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when a builder of development writes in production',
    events: [...usual, act(6, 'prod')],
    expect: [{ severity: 'medium', agent: 'builder-1', evidence: ['e7'] }],
  },
  {
    name: 'fires where other roles work there',
    events: [...usual, act(1, 'prod', { identity: 'deployer-1', role: 'deployer' }), act(6, 'prod')],
    expect: [{ agent: 'builder-1' }],
  },
  {
    name: 'is low on the day of a new version',
    events: [...usual, act(6, 'prod', { agent_version: '2.0' })],
    expect: [{ severity: 'low' }],
  },
  {
    name: 'is low beside its own stage, and below it',
    events: [...usual.map((one) => ({ ...one, environment: 'prod-us' })), act(6, 'prod-eu'), act(7, 'staging')],
    expect: [{ severity: 'low' }, { severity: 'low' }],
  },
  {
    name: 'is quiet in the environment in which it read from its first days on',
    events: [...usual, act(1, 'prod', { action: 'storage.objects.get' }), act(6, 'prod')],
    expect: [],
  },
  {
    name: 'is quiet where somebody of the role works there',
    events: [...usual, act(1, 'prod', { identity: 'builder-2' }), act(6, 'prod')],
    expect: [],
  },
  {
    name: 'is quiet for reading, for what is refused, and for people',
    events: [
      ...usual,
      act(6, 'prod', { action: 'storage.objects.get' }),
      act(7, 'prod', { outcome: 'denied' }),
      act(8, 'prod', { identity: 'ann', principal_kind: 'person' }),
    ],
    expect: [],
  },
  { name: 'is quiet in its first days', events: [act(0, 'dev'), act(1, 'prod'), act(2, 'staging')], expect: [] },
  {
    name: 'is quiet for a release that somebody approved',
    events: [...usual, act(6, 'prod', { approval: 'CHG-1', approver: 'ann' })],
    expect: [],
  },
]
