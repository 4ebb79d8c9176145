/** Cases of intent/ladder-climb. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const act = (day: number, action: string, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'helper-7',
  kind: 'admin',
  outcome: 'success',
  action,
  target,
  ...more,
})

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires high where an agent binds a role to itself',
    events: [act(0, 'role.bind', 'user:helper-7')],
    expect: [{ severity: 'high', agent: 'helper-7', evidence: ['e1'] }],
  },
  {
    name: 'fires medium for a person who adds himself to a group',
    events: [act(0, 'iam:AddUserToGroup', 'group/admins/helper-7', { principal_kind: 'person' })],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'fires on three roles that are new to it within three days',
    events: [
      act(0, 'role.assume', 'role/reader'),
      act(9, 'role.assume', 'role/writer'),
      act(9.2, 'role.assume', 'role/editor'),
      act(9.4, 'role.assume', 'role/root'),
    ],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'is quiet where somebody approved it',
    events: [act(0, 'role.bind', 'user:helper-7', { approval: 'jit-9', approver: 'ops' })],
    expect: [],
  },
  {
    name: 'is quiet where others get the role, or a name only looks alike',
    events: [
      act(0, 'role.bind', 'user:other-2'),
      act(1, 'role.bind', 'user:helper-77'),
      act(2, 'role.get', 'user:helper-7'),
    ],
    expect: [],
  },
  {
    name: 'is quiet for roles that it has long had, and while it is young',
    events: [0, 0.1, 0.2, 6, 7, 8].map((day, n) => act(day, 'role.assume', `role/${n % 3}`)),
    expect: [],
  },
]
