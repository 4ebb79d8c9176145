/** Cases of identity/owner-lockout. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const act = (hours: number, action: string, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity: 'assistant-7',
  owner: 'maria.keller',
  kind: 'admin',
  action,
  target,
  activity: 'update',
  outcome: 'success',
  ...more,
})
const usual = many(10, (n) => act(n * 12, 'calendar.update', 'calendar:team'))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a password that an agent resets',
    events: [...usual, act(121, 'password.reset', 'user:tom')],
    expect: [{ severity: 'medium', agent: 'assistant-7' }],
  },
  {
    name: 'fires high where it is its own owner who is shut out',
    events: [...usual, act(121, 'user.mfa.disable', 'user:maria.keller@example.com')],
    expect: [{ severity: 'high' }],
  },
  {
    name: 'fires high on the second kind within an hour, in the words of a cloud, too',
    events: [...usual, act(121.1, 'iam:UpdateLoginProfile', 'tom'), act(121.2, 'iam:DeactivateMFADevice', 'tom')],
    expect: [{ severity: 'medium' }, { severity: 'high' }],
  },
  {
    name: 'fires on sessions that are revoked, or ended by the words of a sign-in',
    events: [...usual, act(121, 'session.revoke', 'user:tom'), act(150, 'user.session.delete', 'user:ann')],
    expect: [
      { severity: 'medium', evidence: [] },
      { severity: 'medium', evidence: [] },
    ],
  },
  {
    name: 'is quiet for a session with a machine that ends',
    events: [...usual, act(121, 'ssm:TerminateSession', 'session-0a1b2c'), act(122, 'glue:DeleteSession', 'nightly')],
    expect: [],
  },
  {
    name: 'is quiet for a help desk that does so every day',
    events: many(20, (n) => act(n * 12, 'password.reset', `user:u${n}`)),
    expect: [],
  },
  {
    name: 'is quiet where somebody approved it',
    events: [...usual, act(121, 'password.reset', 'user:tom', { approval: 'chg-1' })],
    expect: [],
  },
  {
    name: 'is quiet for people, for refusals and for what is its own',
    events: [
      ...usual,
      act(121, 'password.reset', 'user:tom', { principal_kind: 'person', identity: 'admin-1' }),
      act(122, 'password.reset', 'user:tom', { outcome: 'denied' }),
      act(123, 'session.revoke', 'session/assistant-7'),
    ],
    expect: [],
  },
  {
    name: 'is quiet for looking at sessions and for the password field of a record',
    events: [
      ...usual,
      act(121, 'session.list', 'user:tom', { activity: 'list' }),
      act(122, 'ticket.update', 'password lost'),
    ],
    expect: [],
  },
]
