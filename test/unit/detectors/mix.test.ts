/** What the habit `mix` says of a life whose parts are known. */
import { expect, test } from 'vitest'
import { type CaseEvent, defineDetector } from '../../../detectors/detector.ts'
import Type from 'typebox'
import { mix, type Mix } from '../../../detectors/habits/mix.ts'
import { eventsOf, runDetectors } from '../../support/detector-harness.ts'

const T0 = Date.UTC(2026, 0, 1, 8)
const DAY = 86_400_000

/** So many reads and so many deletions on a day. */
const day = (n: number, reads: number, deletions: number, more: Partial<CaseEvent> = {}): CaseEvent[] =>
  Array.from({ length: reads + deletions }, (_, k) => ({
    time: T0 + n * DAY + k * 60_000,
    identity: 'svc-1',
    action: k < reads ? 'record.read' : 'record.delete',
    source_id: `${n}-${k}`,
    ...more,
  }))

/** What the habit says on the first event of each day. */
function said(events: readonly CaseEvent[]): Mix[] {
  const all: Mix[] = []
  const listener = defineDetector({
    id: 'test/listens',
    version: 1,
    title: 'A test listens',
    severity: 'low',
    mode: 'live',
    techniques: [],
    falsePositives: [],
    settings: Type.Object({}),
    key: 'identity',
    uses: { mix },
    state: {},
    matches: () => true,
    step: ({ habits }) => {
      if (habits.mix.isNewDay) all.push({ ...habits.mix })
      return undefined
    },
  })
  runDetectors([listener], eventsOf(events))
  return all
}
const days = (count: number, of: (n: number) => CaseEvent[]): CaseEvent[] =>
  Array.from({ length: count }, (_, n) => of(n)).flat()

test('a mix that stays moves no further than its days differ', () => {
  const last = said(days(30, (n) => day(n, 15, 5))).at(-1)
  expect(last?.days).toBe(28)
  expect(last?.moved).toBeLessThan(0.01)
  expect(last?.recent).toBeGreaterThan(80)
})

test('what grows is named with its shares', () => {
  const last = said(days(30, (n) => (n < 20 ? day(n, 20, 0) : day(n, 5, 15)))).at(-1)
  // Nine such days: recent is nearly all of it, usual has gone a part of the way.
  expect(last?.grown).toBe(7)
  expect(last?.share).toBeGreaterThan(0.6)
  expect(last?.usualShare).toBeLessThan(0.4)
  expect(last?.moved).toBeCloseTo((last?.share ?? 0) - (last?.usualShare ?? 0), 5)
})

test('chance makes more of few acts than of many', () => {
  const chance = (acts: number) => said(days(20, (n) => day(n, acts, acts))).at(-1)?.movedByChance ?? 0
  expect(chance(2)).toBeGreaterThan(1.5 * chance(8))
  expect(chance(8)).toBeGreaterThan(0)
})

test('a new version makes what is known count as a few days', () => {
  const all = said([
    ...days(20, (n) => day(n, 9, 1)),
    ...day(20, 9, 1, { agent_version: '1' }),
    ...day(21, 9, 1, { agent_version: '2' }),
    ...day(22, 9, 1, { agent_version: '2' }),
  ])
  expect(all.at(-2)?.days).toBe(20)
  expect(all.at(-1)?.days).toBe(4)
})

test('late events and days without work teach nothing', () => {
  const life = days(10, (n) => day(n, 6, 0))
  const before = said([...life, ...day(40, 1, 0)]).at(-1)
  const late = said([
    ...life,
    ...day(3, 0, 6).map((event) => ({ ...event, source_id: `late-${event.source_id}` })),
    ...day(40, 1, 0),
  ]).at(-1)
  expect(late).toEqual(before)
  expect(before?.days).toBe(9)
})
