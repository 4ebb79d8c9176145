/** Cases of peer/unknown-peer. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const many = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))
const speak = (day: number, host: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'coder-1',
  owner: 'web',
  kind: 'mcp',
  action: 'tools/list',
  protocol: 'mcp',
  peer: 'issues',
  peer_domains: [host],
  outcome: 'success',
  ...more,
})
const usual = many(8, (n) => speak(n, 'issues.example.com'))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a tool server that nobody knows',
    events: [...usual, speak(8, 'mcp.example.net')],
    expect: [{ severity: 'medium', agent: 'coder-1', evidence: ['e9'] }],
  },
  {
    name: 'fires high where anybody could have rented the host, whatever it calls itself',
    events: [...usual, speak(8, 'issues-4f.vercel.app')],
    expect: [{ severity: 'high' }],
  },
  {
    name: 'is quiet for another agent of the company, whose name has a dot',
    events: [...usual, speak(8, '', { action: 'message.send', kind: 'a2a', peer: 'worker.4', peer_domains: [] })],
    expect: [],
  },
  {
    name: 'is quiet for what it knows',
    events: [...usual, ...usual.map((one) => ({ ...one, time: one.time + 9 * DAY }))],
    expect: [],
  },
  {
    name: 'is quiet for what somebody else used before',
    events: [
      ...usual,
      speak(2, 'docs.example.org', { identity: 'coder-2', owner: 'app' }),
      speak(8, 'docs.example.org'),
    ],
    expect: [],
  },
  {
    name: 'is quiet in the first days, for people, and for plain web pages',
    events: [
      speak(0, 'a.example.net'),
      speak(1, 'b.example.net'),
      speak(9, 'c.example.net', { principal_kind: 'person' }),
      speak(9, 'd.example.net', { kind: 'tool', protocol: 'https' }),
    ],
    expect: [],
  },
]
