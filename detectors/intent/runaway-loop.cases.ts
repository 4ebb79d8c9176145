/** Cases of intent/runaway-loop. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2, 9)
const call = (second: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + second * 1_000,
  identity: 'agent-a',
  kind: 'tool',
  action: 'sensor.update',
  activity: 'update',
  target: 'sensor/4',
  outcome: 'success',
  ...more,
})
/** Uneven seconds, the same ones in every run. */
const at = (n: number): number => n * 7 + ((n * n) % 5) * 2
const calls = (count: number, each: (n: number) => CaseEvent): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => each(n))

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires on the thirtieth changing call in a row',
    events: calls(40, (n) => call(at(n))),
    expect: [{ severity: 'medium', agent: 'agent-a' }],
  },
  {
    name: 'fires although the model is asked in between',
    events: calls(80, (n) =>
      call(at(n), n % 3 === 2 ? { kind: 'api', action: 'chat', target: 'gateway', tokens_in: 900 } : {}),
    ),
    expect: [{ severity: 'medium' }],
  },
  {
    name: 'fires on the two hundredth look at uneven times',
    events: calls(210, (n) => call(at(n), { action: 'sql.query', activity: 'read' })),
    expect: [{ severity: 'medium' }],
  },
  { name: 'is quiet for 29 calls', events: calls(29, (n) => call(at(n))), expect: [] },
  {
    name: 'is quiet for polling by the clock',
    events: calls(300, (n) => call(n * 10, { action: 'job.get', activity: 'read' })),
    expect: [],
  },
  {
    name: 'is quiet where the target changes',
    events: calls(90, (n) => call(at(n), { target: `sensor/${n}` })),
    expect: [],
  },
  { name: 'is quiet for a call every quarter of an hour', events: calls(60, (n) => call(n * 900)), expect: [] },
]
