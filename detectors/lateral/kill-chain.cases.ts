/** Cases of lateral/kill-chain. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const act = (hours: number, action: string, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  // Thursday the fifth of March 2026, on which one of the fixed weeks begins, and nine more days.
  time: Date.UTC(2026, 2, 5) + 9 * DAY + hours * HOUR,
  identity: 'coder-1',
  kind: 'api',
  action,
  target,
  outcome: 'success',
  source_id: `${action} ${target} ${hours}`,
  ...more,
})
const usual = many(9 * 24, (n) =>
  act(n - 9 * 24, n % 3 === 0 ? 'repo.read' : 'repo.write', `repo-${n % 4}`, { bytes_in: 90_000, peer: 'git' }),
)
const look = (hours: number): CaseEvent[] =>
  ['roles', 'users', 'keys', 'networks', 'functions', 'trails'].map((what, n) =>
    act(hours + n / 60, `${what}.list`, `${what}/all`, { activity: 'list' }),
  )
const reach = (hours: number): CaseEvent[] => [
  act(hours, 'secret.read', 'vault:hr'),
  act(hours + 0.1, 'role.assume', 'role/operator'),
]
const collect = (hours: number): CaseEvent[] =>
  many(6, (n) => act(hours + n / 60, 'db.query', `people.${n}`, { activity: 'read', bytes_in: 5_000_000 }))
const send = (hours: number): CaseEvent[] => [
  act(hours, 'file.upload', 'https://drop.example.net/in', {
    peer: 'drop.example.net',
    peer_domains: ['drop.example.net'],
    bytes_out: 80_000_000,
  }),
]

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires low when it collects, high when it sends, over three days',
    events: [...usual, ...look(1), ...reach(20), ...collect(40), ...send(60)],
    expect: [
      { severity: 'low', agent: 'coder-1' },
      { severity: 'high', evidence: ['file.upload https://drop.example.net/in 60'] },
    ],
  },
  {
    name: 'fires on reach, collection and sending without looking around',
    events: [...usual, ...reach(20), ...collect(40), ...send(60)],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'is quiet where the stages come in another order',
    events: [...usual, ...send(1), ...collect(20), ...look(40), ...reach(60)],
    expect: [],
  },
  { name: 'is quiet for looking around and reading much', events: [...usual, ...look(1), ...collect(20)], expect: [] },
  {
    name: 'is quiet for the same over two months',
    events: [...usual, ...look(1), ...reach(20 * 24), ...collect(40 * 24), ...send(60 * 24)],
    expect: [],
  },
  {
    name: 'is quiet for a new duty that somebody approved',
    events: [
      ...usual,
      ...[...look(1), ...reach(20), ...collect(40), ...send(60)].map((one) => ({ ...one, approval: 'chg-2' })),
    ],
    expect: [],
  },
]
