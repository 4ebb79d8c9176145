/** Cases of credential/credential-switch. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const act = (minute: number, agent: string, credential: string, session: string): CaseEvent => ({
  time: T0 + minute * MINUTE,
  identity: agent,
  owner: 'web',
  kind: 'api',
  action: 'storage.objects.get',
  target: `objects/${minute}`,
  credential,
  session,
  outcome: 'success',
})
const owner = act(-600, 'deployer-1', 'key-b', 's-0')

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when a session goes on with the key of another agent',
    events: [owner, act(0, 'coder-1', 'key-a', 's-1'), act(1, 'coder-1', 'key-b', 's-1')],
    expect: [{ severity: 'medium', agent: 'coder-1', evidence: ['e3'] }],
  },
  {
    name: 'fires once, though the session goes back and forth',
    events: [owner, ...[0, 1, 2, 3, 4].map((n) => act(n, 'coder-1', n % 2 === 0 ? 'key-a' : 'key-b', 's-1'))],
    expect: [{ agent: 'coder-1' }],
  },
  {
    name: 'is quiet for a key that is rotated within a session',
    events: [owner, act(0, 'coder-1', 'key-a', 's-1'), act(1, 'coder-1', 'key-c', 's-1')],
    expect: [],
  },
  {
    name: 'is quiet for a key that it used before, in a session of its own',
    events: [
      act(-900, 'coder-1', 'key-b', 's-2'),
      owner,
      act(0, 'coder-1', 'key-a', 's-1'),
      act(1, 'coder-1', 'key-b', 's-1'),
    ],
    expect: [],
  },
  {
    name: 'is quiet for a key that several share',
    events: [
      owner,
      act(-500, 'deployer-2', 'key-b', 's-3'),
      act(0, 'coder-1', 'key-a', 's-1'),
      act(1, 'coder-1', 'key-b', 's-1'),
    ],
    expect: [],
  },
  {
    name: 'is quiet where no session joins the two keys',
    events: [owner, act(0, 'coder-1', 'key-a', ''), act(1, 'coder-1', 'key-b', '')],
    expect: [],
  },
]
