/** Cases of credential/shared-credential. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const HOUR = 3_600_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const act = (hours: number, identity: string, credential: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + hours * HOUR,
  identity,
  owner: 'web',
  kind: 'api',
  action: 'storage.read',
  target: 'bucket',
  credential,
  outcome: 'success',
  ...more,
})
const own = (identity: string, key: string, days = 8): CaseEvent[] => many(days * 8, (n) => act(n * 3, identity, key))
const both = [...own('agent-a', 'key-a'), ...own('agent-b', 'key-b')]

export const cases: readonly DetectorCase[] = [
  {
    name: "fires when an agent acts with another one's key",
    events: [
      ...both,
      act(193, 'agent-b', 'key-a', { source_id: 'odd' }),
      ...many(9, (n) => act(194 + n, 'agent-b', 'key-a')),
    ],
    expect: [{ severity: 'medium', agent: 'agent-b', evidence: ['odd'] }],
  },
  {
    name: 'fires on each key of its own that somebody else comes to',
    events: [...both, ...own('agent-c', 'key-c'), act(193, 'agent-c', 'key-a'), act(194, 'agent-c', 'key-b')],
    expect: [{ agent: 'agent-c' }, { agent: 'agent-c' }],
  },
  {
    name: 'is quiet for a key that a group shares from the start',
    events: [...own('agent-a', 'key-g'), ...own('agent-b', 'key-g'), ...own('agent-c', 'key-g')],
    expect: [],
  },
  {
    name: 'is quiet for a new copy of an agent',
    events: [...both, ...many(9, (n) => act(193 + n, 'agent-a2', 'key-a'))],
    expect: [],
  },
  {
    name: 'is quiet for a rotated key and for callers without one',
    events: [...both, act(193, 'agent-a', 'key-a2'), act(194, 'agent-b', ''), act(195, 'agent-a', '')],
    expect: [],
  },
]
