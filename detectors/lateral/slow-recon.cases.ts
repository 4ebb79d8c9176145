/** Cases of lateral/slow-recon. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000
const DAY = 86_400_000
const act = (day: number, minute: number, action: string, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY + minute * MINUTE,
  identity: 'runner-1',
  principal_kind: 'service',
  role: 'runner',
  owner: 'builds',
  kind: 'api',
  action,
  target: `things/${action}`,
  outcome: 'success',
  agent_version: '1.0',
  ...more,
})
const DAILY = ['source.tree.get', 'cache.entry.get', 'artifact.put', 'image.push', 'deploy.create']
const usual = (more: Partial<CaseEvent> = {}): CaseEvent[] =>
  Array.from({ length: 12 }, (_, day) => DAILY.map((action, n) => act(day, n, action, more))).flat()
/** One look every two minutes, at another kind of thing each. */
const looks = (day: number, count: number, more: Partial<CaseEvent> = {}, first = 0): CaseEvent[] =>
  Array.from({ length: count }, (_, n) =>
    act(day, 2 + n * 2, `service${first + n}.things.${n % 2 === 0 ? 'list' : 'get'}`, more),
  )

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on a service that looks at a dozen kinds of things in half an hour',
    events: [...usual(), ...looks(12, 12)],
    expect: [{ severity: 'medium', agent: 'runner-1' }],
  },
  {
    name: 'fires once in an hour, however many follow',
    events: [...usual(), ...looks(12, 25)],
    expect: [{ severity: 'medium', agent: 'runner-1' }],
  },
  {
    name: 'fires where most is refused',
    events: [...usual(), ...looks(12, 11, { outcome: 'denied' })],
    expect: [{ severity: 'medium', agent: 'runner-1' }],
  },
  {
    name: 'is quiet for five new questions',
    events: [...usual(), ...looks(12, 5)],
    expect: [],
  },
  {
    name: 'is quiet for as many, spread over hours',
    events: [...usual(), ...looks(12, 6), ...looks(13, 6, {}, 6)],
    expect: [],
  },
  {
    name: 'is quiet for an agent that is given something new to find out',
    events: [...usual({ principal_kind: 'agent' }), ...looks(12, 20, { principal_kind: 'agent' })],
    expect: [],
  },
  {
    name: 'is quiet for a person who looks at everything',
    events: [...usual({ principal_kind: 'person' }), ...looks(12, 25, { principal_kind: 'person' })],
    expect: [],
  },
  {
    name: 'is quiet for what others of the role do every day',
    events: [...usual(), ...looks(3, 15, { identity: 'runner-2' }), ...looks(12, 15)].sort((a, b) => a.time - b.time),
    expect: [],
  },
  {
    name: 'fires on the day of a new version where it is twice as much',
    events: [...usual(), ...looks(12, 22, { agent_version: '2.0' })],
    expect: [{ severity: 'medium', agent: 'runner-1' }],
  },
  {
    name: 'is quiet for what a new version may bring',
    events: [...usual(), ...looks(12, 15, { agent_version: '2.0' })],
    expect: [],
  },
  {
    name: 'is quiet for an identity that looks at something new all the time',
    events: [
      ...usual(),
      ...Array.from({ length: 11 }, (_, day) => looks(day + 1, 8, {}, 100 + day * 8)).flat(),
      ...looks(12, 11, {}, 400),
    ].sort((a, b) => a.time - b.time),
    expect: [],
  },
]
