/** Cases of intent/slow-drift. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const DAY = 86_400_000
const MINUTE = 60_000
const ACTS = 20

/** A day of work: so many of its acts send data out, the others read. */
const day = (n: number, sends: number, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  Array.from({ length: ACTS }, (_, k) => ({
    time: T0 + n * DAY + k * 10 * MINUTE,
    identity: 'agent-notes',
    principal_kind: 'agent',
    role: 'notes',
    owner: 'office',
    kind: 'tool',
    action: k < sends ? 'send_message' : 'read_note',
    target: 'notes',
    agent_version: '1.0',
    outcome: 'success',
    source_id: `${more.identity ?? ''}${n}-${k}`,
    ...more,
  }))
const days = (count: number, sendsOn: (n: number) => number, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => day(n, sendsOn(n), more)).flat()
/** From the twentieth day on one more act of twenty each day. */
const drift = (n: number): number => Math.min(ACTS, Math.max(0, n - 19))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on an agent that sends a little more every day until it hardly reads',
    events: days(38, drift),
    expect: [{ severity: 'low', agent: 'agent-notes' }],
  },
  { name: 'is quiet for the same mix every day', events: days(40, () => 3), expect: [] },
  {
    name: 'is quiet where the mix alternates from week to week',
    events: days(60, (n) => (Math.floor(n / 3) % 2 === 0 ? 2 : 14)),
    expect: [],
  },
  { name: 'is quiet for one busy day of another kind', events: days(30, (n) => (n === 24 ? ACTS : 2)), expect: [] },
  { name: 'is quiet for a mix that moves little', events: days(40, (n) => Math.min(5, drift(n))), expect: [] },
  {
    name: 'is quiet under a new version',
    events: [
      ...days(20, () => 0),
      ...days(40, () => ACTS, { agent_version: '2.0' }).filter((e) => e.time >= T0 + 20 * DAY),
    ],
    expect: [],
  },
  {
    name: 'is quiet where another identity of the role moved so before',
    events: [...days(38, (n) => drift(n + 4), { identity: 'agent-notes-2' }), ...days(38, drift)].sort(
      (a, b) => a.time - b.time,
    ),
    expect: [{ severity: 'low', agent: 'agent-notes-2' }],
  },
  {
    name: 'is quiet for people',
    events: days(38, drift, { principal_kind: 'person' }),
    expect: [],
  },
]
