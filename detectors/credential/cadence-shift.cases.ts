/** Cases of credential/cadence-shift. */
import type { CaseEvent, DetectorCase } from '../detector.ts'

const T0 = Date.UTC(2026, 2, 2)
const MINUTE = 60_000
const act = (minute: number, more: Partial<CaseEvent> = {}): CaseEvent => ({
  time: T0 + minute * MINUTE,
  identity: 'svc-sync',
  principal_kind: 'service',
  role: 'sync',
  kind: 'api',
  action: 'records.list',
  target: 'records',
  outcome: 'success',
  source_id: `m-${minute}`,
  ...more,
})
/** A run of three acts every half an hour, for so many runs from a minute on. */
const job = (runs: number, from = 0, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  Array.from({ length: runs }, (_, n) => [0, 0.2, 0.4].map((after) => act(from + 30 * n + after, more))).flat()
/** Minutes between two acts of somebody who works by hand. */
const BY_HAND = [3, 17, 2, 41, 8, 26, 5, 12, 33, 4, 19, 7, 52, 11, 3, 23]
const byHand = (rounds: number, from: number, more: Partial<CaseEvent> = {}): CaseEvent[] => {
  let minute = from
  return Array.from({ length: rounds * BY_HAND.length }, (_, n) => {
    minute += BY_HAND[n % BY_HAND.length] ?? 0
    return act(minute, more)
  })
}
const person: Partial<CaseEvent> = { identity: 'dana', principal_kind: 'person', role: 'analyst' }

export const cases: readonly DetectorCase[] = [
  {
    name: 'fires when a job that ran every half an hour is worked by hand',
    events: [...job(120), ...byHand(2, 120 * 30)],
    expect: [{ severity: 'low', agent: 'svc-sync' }],
  },
  {
    name: 'fires when somebody works by hand beside the job',
    events: [...job(240), ...byHand(6, 120 * 30 + 1)].sort((a, b) => a.time - b.time),
    expect: [{ severity: 'low', agent: 'svc-sync' }],
  },
  {
    name: 'fires when a person begins to act by the clock',
    events: [...byHand(8, 0, person), ...Array.from({ length: 40 }, (_, n) => act(3_000 + 10 * n, person))],
    expect: [{ severity: 'low', agent: 'dana' }],
  },
  { name: 'is quiet for a job that keeps its beat', events: job(300), expect: [] },
  {
    name: 'is quiet for a job with a new schedule',
    events: [...job(120), ...Array.from({ length: 120 }, (_, n) => act(120 * 30 + 45 * n))],
    expect: [],
  },
  {
    name: 'is quiet for a few retries',
    events: [...job(200), ...[3, 7, 16].map((after) => act(150 * 30 + after))].sort((a, b) => a.time - b.time),
    expect: [],
  },
  { name: 'is quiet for a service that never had a beat', events: byHand(20, 0), expect: [] },
  { name: 'is quiet for a person who works by hand', events: byHand(20, 0, person), expect: [] },
  {
    name: 'is quiet on the day of a new version',
    events: [...job(120, 0, { agent_version: '1' }), ...byHand(4, 120 * 30, { agent_version: '2' })],
    expect: [],
  },
  {
    name: 'is quiet while too little is known',
    events: [...job(4), ...byHand(2, 4 * 30)],
    expect: [],
  },
  {
    name: 'is quiet for what fails and is tried again',
    events: [...job(120), ...byHand(2, 120 * 30, { outcome: 'failure' })],
    expect: [],
  },
  {
    name: 'fires at medium when the key of a daily job is used by hand at another hour, and once',
    events: [
      ...Array.from({ length: 19 }, (_, n) => [0, 0.2, 0.4].map((after) => act(65 + 1_440 * n + after))).flat(),
      ...byHand(1, 65 + 1_440 * 17 + 500),
      ...byHand(1, 65 + 1_440 * 18 + 500),
    ].sort((a, b) => a.time - b.time),
    expect: [{ severity: 'medium', agent: 'svc-sync' }],
  },
]
