/** Cases of lateral/delegation-chain. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const act = (day: number, chain: string[], more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'worker-1',
  owner: 'desk',
  kind: 'tool',
  action: 'doc.read',
  on_behalf_of: chain,
  ...more,
})
const usual = many(10, (n) => act(n / 2, ['ana', 'lead-1']))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a chain of three hands where there were two',
    events: [...usual, act(6, ['ana', 'lead-1', 'worker-9'])],
    expect: [{ severity: 'medium', agent: 'worker-1', evidence: ['e11'] }],
  },
  {
    name: 'fires again where the chain grows once more, and another owner has its own',
    events: [
      ...usual,
      act(6, ['ana', 'lead-1', 'worker-9']),
      ...many(4, (n) => act(n, ['bo'], { identity: 'other-1', owner: 'shop' })),
      act(7, ['bo', 'x', 'y'], { identity: 'other-1', owner: 'shop' }),
    ],
    expect: [{ agent: 'worker-1' }, { agent: 'other-1' }],
  },
  {
    name: 'is quiet for other hands in a chain of the usual length',
    events: [...usual, act(6, ['bo', 'lead-2'])],
    expect: [],
  },
  { name: 'is quiet while the identity is young', events: [act(0, ['ana']), act(1, ['ana', 'a', 'b'])], expect: [] },
  {
    name: 'is quiet for those whom a new orchestrator reaches later',
    events: [act(0, ['ana', 'o', 'p'], { identity: 'worker-2' }), ...usual, act(6, ['ana', 'o', 'p'])],
    expect: [],
  },
]
