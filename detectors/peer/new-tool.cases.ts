/** Cases of peer/new-tool. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const install = (day: number, target: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'assistant-1',
  principal_kind: 'agent',
  owner: 'office',
  kind: 'tool',
  action: 'skill.install',
  target,
  target_kind: 'skill',
  peer_domains: ['skills.example.com'],
  outcome: 'success',
  ...more,
})
const usual = [0, 1, 2, 3, 4].map((day) => install(day, 'skill:calendar'))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires low on the first of a roll-out, and on nobody else',
    events: [...usual, install(5, 'skill:travel'), install(5.1, 'skill:travel', { identity: 'assistant-2' })],
    expect: [{ severity: 'low', agent: 'assistant-1' }],
  },
  {
    name: 'fires medium on a tool from a place from which nobody here installs',
    events: [...usual, install(5, 'skill:travel', { peer_domains: ['tools.example.net'] })],
    expect: [{ severity: 'medium', evidence: ['e6'] }],
  },
  {
    name: 'fires medium on what no version holds still',
    events: [
      ...usual,
      install(5, 'git+https://git.example.com/agents/pdf-reader#main', {
        action: 'mcp.add',
        target_kind: 'mcp server',
      }),
    ],
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'fires medium on one from a host that anybody rents',
    events: [...usual, install(5, 'skill:travel', { peer_domains: ['travel-skill.vercel.app'] })],
    expect: [{ severity: 'medium' }],
  },
  { name: 'is quiet for what it has', events: [...usual, install(6, 'skill:calendar')], expect: [] },
  {
    name: 'is quiet for what somebody else installed before',
    events: [
      ...usual,
      install(1, 'skill:travel', { identity: 'assistant-2', peer_domains: ['tools.example.net'] }),
      install(5, 'skill:travel', { peer_domains: ['tools.example.net'] }),
    ],
    expect: [],
  },
  {
    name: 'is quiet in the first days, for what failed, for approved ones, and for what is no tool',
    events: [
      install(0, 'skill:a'),
      install(1, 'skill:b'),
      install(5, 'skill:c', { outcome: 'failure' }),
      install(5, 'skill:d', { approval: 'CHG-1', approver: 'ann' }),
      install(5, 'user:bob', { action: 'group.members.add', target_kind: 'user' }),
    ],
    expect: [],
  },
]
