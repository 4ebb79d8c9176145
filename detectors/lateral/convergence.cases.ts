/** Cases of lateral/convergence. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const touch = (minute: number, team: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + minute * MINUTE,
  identity: `agent-${team}`,
  principal_kind: 'agent',
  owner: `team-${team}`,
  kind: 'api',
  action: 'storage.objects.update',
  target: 'vault/escrow',
  outcome: 'success',
  ...more,
})

/** Days of work of each agent, on something of its own. */
const usual = [1, 2, 3].map((team) => touch(-10_000 + team, team, { target: `home/${team}` }))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when agents of three owners change one rare thing within minutes',
    events: [...usual, touch(0, 1), touch(3, 2), touch(6, 3)],
    expect: [{ severity: 'medium', agent: 'agent-3', evidence: ['e6'] }],
  },
  {
    name: 'fires when they are refused there, and one other owner knew it',
    events: [
      ...usual,
      touch(-9_000, 9),
      ...[1, 2, 3].map((n) => touch(n, n, { action: 'db.rows.get', outcome: 'denied' })),
    ],
    expect: [{ agent: 'agent-3' }],
  },
  { name: 'is quiet for two owners', events: [...usual, touch(0, 1), touch(3, 2), touch(4, 2)], expect: [] },
  {
    name: 'is quiet where they come one after the other',
    events: [...usual, touch(0, 1), touch(8, 2), touch(16, 3)],
    expect: [],
  },
  {
    name: 'is quiet for what several owners knew before',
    events: [...usual, touch(-9_000, 8), touch(-8_000, 9), touch(0, 1), touch(3, 2), touch(6, 3)],
    expect: [],
  },
  {
    name: 'is quiet for what is only read',
    events: [...usual, ...[1, 2, 3].map((n) => touch(n, n, { action: 'docs.pages.get' }))],
    expect: [],
  },
  {
    name: 'is quiet for people and for the agents of one owner',
    events: [
      ...usual,
      ...[1, 2, 3].map((n) => touch(n, n, { principal_kind: 'person', target: 'doc:plan' })),
      ...[1, 2, 3].map((n) => touch(n, n, { owner: 'team' })),
    ],
    expect: [],
  },
  {
    name: 'is quiet on the first days of an installation, when everything is new to everybody',
    events: [touch(0, 1), touch(3, 2), touch(6, 3)],
    expect: [],
  },
  {
    name: 'is quiet for what agents in their first days use, too',
    events: [...usual, touch(-1, 8), touch(-1, 9), touch(0, 1), touch(3, 2), touch(6, 3)],
    expect: [],
  },
  {
    name: 'is quiet for a backlog of days that arrives at once',
    events: [...usual, touch(0, 1), touch(3, 2), touch(6, 3)].map((one) => ({
      ...one,
      sender: 'shipper',
      receipt_time: T0 + 7 * MINUTE,
    })),
    expect: [],
  },
]
