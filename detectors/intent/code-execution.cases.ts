/** Cases of intent/code-execution. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const act = (day: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + day * DAY,
  identity: 'reader-1',
  role: 'reader',
  kind: 'tool',
  action: 'web.get',
  target: 'page',
  outcome: 'success',
  ...more,
})
const run = (day: number, program: string, more: Partial<CaseEvent> = {}): CaseEvent =>
  act(day, { kind: 'exec', action: 'bash', target: program, ...more })
const usual = [act(0), act(1), act(2)]

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires high where a reader fetches and runs',
    events: [...usual, run(5, 'curl')],
    expect: [{ severity: 'high', agent: 'reader-1' }],
  },
  {
    name: 'fires medium for a plain command, told by the name of the tool',
    events: [...usual, act(5, { action: 'run_command', target: 'python x.py' })],
    expect: [{ severity: 'medium', evidence: ['e4'] }],
  },
  {
    name: 'fires on one that runs commands where it starts something for good soon after it fetched',
    events: [run(0, 'make'), run(1, 'make'), run(5, 'wget'), run(5.1, 'chmod'), run(5.1, 'nohup')],
    expect: [{ severity: 'medium', agent: 'reader-1', evidence: ['e5'] }],
  },
  {
    name: 'is quiet where nothing was fetched before, where others of the role do it, and for people',
    events: [
      run(0, 'make'),
      run(5, 'nohup'),
      run(0, 'nohup', { identity: 'reader-3', role: 'runner' }),
      run(0, 'make', { identity: 'reader-4', role: 'runner' }),
      run(5, 'wget', { identity: 'reader-4', role: 'runner' }),
      run(5.1, 'nohup', { identity: 'reader-4', role: 'runner' }),
      act(0, { identity: 'pat', principal_kind: 'person' }),
      run(5, 'curl', { identity: 'pat', principal_kind: 'person' }),
    ],
    expect: [],
  },
  {
    name: 'is quiet for the second command, and for who always ran them',
    events: [run(0, 'make'), run(5, 'curl')],
    expect: [],
  },
  {
    name: 'is quiet where another of the role runs commands',
    events: [run(0, 'make', { identity: 'reader-2' }), ...usual, run(5, 'curl')],
    expect: [],
  },
  {
    name: 'is quiet for what was refused, and for other calls',
    events: [...usual, run(5, 'curl', { outcome: 'denied' }), act(6)],
    expect: [],
  },
]
