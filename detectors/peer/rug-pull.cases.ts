/** Cases of peer/rug-pull. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const contact = (hours: number, hash: string, identity = 'coder-1', more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity,
  owner: 'web',
  kind: 'mcp',
  action: 'tools/list',
  target: 'issues-mcp',
  peer: 'issues-mcp',
  peer_hash: hash,
  outcome: 'success',
  ...more,
})
const usual = many(30, (n) => contact(n * 4, 'old', n % 2 === 0 ? 'coder-1' : 'coder-2'))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when one agent is shown another description than the rest',
    events: [
      ...usual,
      contact(121, 'other', 'coder-3', { source_id: 'shown' }),
      contact(124, 'old', 'coder-1', { source_id: 'still' }),
      contact(128, 'old', 'coder-2'),
    ],
    expect: [{ severity: 'medium', agent: 'coder-3', evidence: ['shown', 'still'] }],
  },
  {
    name: 'fires when the description changes for a night and goes back',
    events: [
      ...usual,
      ...many(6, (n) => contact(121 + n / 2, 'other', n % 2 === 0 ? 'coder-1' : 'coder-2')),
      ...many(3, (n) => contact(130 + n * 4, 'old')),
    ],
    expect: [{ agent: 'coder-1' }],
  },
  {
    name: 'is quiet for a release: the new one comes and the old one goes',
    events: [...usual, ...many(30, (n) => contact(121 + n * 4, 'new', n % 2 === 0 ? 'coder-1' : 'coder-2'))],
    expect: [],
  },
  {
    name: 'is quiet for a roll-out that serves both for half an hour',
    events: [
      ...usual,
      contact(121, 'new'),
      contact(121.2, 'old', 'coder-2'),
      contact(121.4, 'new', 'coder-2'),
      contact(121.5, 'old'),
      ...many(10, (n) => contact(122 + n, 'new')),
    ],
    expect: [],
  },
  {
    name: 'is quiet for a shop of packages, each with a hash of its own',
    events: many(20, (n) =>
      contact(n * 12, `package-${n % 2}`, `coder-${n % 3}`, { action: 'skill.install', target: `skill-${n % 2}` }),
    ),
    expect: [],
  },
  {
    name: 'is quiet for a server that is tried out in its first hours',
    events: [contact(0, 'one'), contact(3, 'two'), contact(6, 'one'), contact(9, 'two')],
    expect: [],
  },
]
