/** Cases of intent/sequence-surprise. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const DAY = 86_400_000
/** The acts of one session, one a minute. */
const session = (day: number, acts: readonly string[], more: Partial<CaseEvent> = {}): CaseEvent[] =>
  acts.map((action, n) => ({
    time: T0 + day * DAY + n * MINUTE,
    identity: 'clerk-1',
    principal_kind: 'agent',
    role: 'clerk',
    owner: 'finance',
    kind: 'tool',
    action,
    target: 'books',
    session: `s-${day}`,
    agent_version: '1.0',
    outcome: 'success',
    ...more,
  }))
const DAILY = ['read_mail', 'find_invoice', 'ask_owner', 'pay_invoice', 'write_note', 'send_reply']
const usual = Array.from({ length: 14 }, (_, day) => session(day, DAILY)).flat()
/** Every step is known; their order is not. */
const REORDERED = ['read_mail', 'pay_invoice', 'read_mail', 'send_reply', 'pay_invoice', 'find_invoice', 'send_reply']

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when it pays and sends without asking anybody in between',
    events: [...usual, ...session(14, REORDERED)],
    expect: [{ severity: 'low', agent: 'clerk-1' }],
  },
  {
    name: 'fires once in an hour',
    events: [
      ...usual,
      ...session(14, [...REORDERED, 'ask_owner', 'write_note', 'pay_invoice', 'ask_owner', 'send_reply']),
    ],
    expect: [{ agent: 'clerk-1' }],
  },
  { name: 'is quiet for the order of every day', events: [...usual, ...session(14, DAILY)], expect: [] },
  {
    name: 'is quiet for one new order',
    events: [...usual, ...session(14, ['read_mail', 'send_reply'])],
    expect: [],
  },
  {
    name: 'is quiet where the role does it in that order',
    events: [
      ...usual,
      ...session(3, REORDERED, { identity: 'clerk-2', session: 't-3' }),
      ...session(14, REORDERED),
    ].sort((a, b) => a.time - b.time),
    expect: [],
  },
  {
    name: 'is quiet on the day of a new version',
    events: [...usual, ...session(14, REORDERED, { agent_version: '2.0' })],
    expect: [],
  },
  {
    name: 'is quiet for acts that it never did: others tell of these',
    events: [...usual, ...session(14, ['a_tool', 'b_tool', 'c_tool', 'd_tool', 'e_tool'])],
    expect: [],
  },
]
