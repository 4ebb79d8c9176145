/** The generated life is pure, varied and valid, and thresholds come from nothing but scores on it. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import Type from 'typebox'
import { afterAll, expect, test } from 'vitest'
import { defineDetector } from '../../../detectors/detector.ts'
import { counter } from '../../../detectors/lib/fields.ts'
import { MARGIN, scoreAt, scoreSettings, severityOfScore } from '../../../detectors/lib/scored.ts'
import { addCalibrate } from '../../../services/commands/calibrate/calibrate.ts'
import { CHANGES } from '../../../services/commands/calibrate/life/changes.ts'
import { HAPPENINGS } from '../../../services/commands/calibrate/life/happenings.ts'
import { life, type LivedEvent } from '../../../services/commands/calibrate/life/life.ts'
import { addLife } from '../../../services/commands/calibrate/life-command.ts'
import type { Occasion } from '../../../services/commands/calibrate/measure.ts'
import { curvesFor, thresholdAt, thresholdsFor } from '../../../services/commands/calibrate/thresholds.ts'
import { importMade } from '../../../services/commands/import/import.ts'
import { createCommandRoom } from '../../support/command-room.ts'

const ROOT = join(import.meta.dirname, '../../..')
const room = createCommandRoom()
afterAll(() => room.clear())

const START = Date.UTC(2026, 4, 4)
const lived = (seed: number, days = 10, identities = 60): LivedEvent[] => [
  ...life({ seed, days, identities, start: START }),
]

test('a life is a function of its seed', () => {
  const one = lived(7, 3)
  expect(lived(7, 3)).toEqual(one)
  expect(lived(8, 3)[0]).not.toEqual(one[0])
})

test('every event of it is taken as it is, and has an id of its own', () => {
  const events = lived(3).map(({ event }) => event)
  const spool = importMade(events)
  expect(spool.count).toBe(events.length)
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  expect(spool.count).toBeGreaterThan(5_000)
})

test('everything that may happen happens in some of them', () => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 5; seed++) for (const { part } of lived(seed, 28, 80)) seen.add(part)
  // Who retires leaves no trace but silence.
  const missing = [...CHANGES, ...HAPPENINGS]
    .map(({ kind }) => kind)
    .filter((kind) => kind !== 'retired' && !seen.has(kind))
  expect(missing).toEqual([])
})

test('most of it comes in order, some of it late', () => {
  const times = lived(5, 4).map(({ time }) => time)
  const late = times.filter((time, i) => i > 0 && time < (times[i - 1] as number) - 60_000).length
  expect(late).toBeGreaterThan(0)
  expect(late / times.length).toBeLessThan(0.05)
})

test('a threshold is reached by no more scores than are allowed, ties included', () => {
  expect(thresholdAt([1, 2, 3, 4], 2)).toBe(2.5)
  expect(thresholdAt([1, 3, 3, 4], 2)).toBe(3.5)
  expect(thresholdAt([5, 5], 1)).toBe(5.5)
  expect(thresholdAt([], 3)).toBe(0)
  expect(thresholdAt([2], 5)).toBe(2)
})

const occasion = (detector: string, score: number, part = 'ordinary'): Occasion => ({
  detector,
  mode: 'live',
  score,
  severity: 'medium',
  part,
})

test('the budget is one for all: what detectors without a score use is taken off', () => {
  const scores = Array.from({ length: 100 }, (_, n) => occasion('a/scored', n))
  const budget = { medium: 5 * MARGIN, high: MARGIN }
  const floors = new Map([['a/scored', 1]])
  expect(thresholdsFor(scores, 1_000, budget, floors)).toEqual(new Map([['a/scored', { medium: 94.5, high: 98.5 }]]))
  const used = [occasion('b/absolute', 0), occasion('b/absolute', 0)]
  expect(thresholdsFor([...scores, ...used], 1_000, budget, floors).get('a/scored')?.medium).toBe(96.5)
})

test('labels set no threshold: whatever an event is said to belong to, the thresholds stay', () => {
  const scores = Array.from({ length: 200 }, (_, n) => occasion(n % 3 === 0 ? 'a/one' : 'b/two', (n * 37) % 101))
  const budget = { medium: 20, high: 5 }
  const floors = new Map([
    ['a/one', 0],
    ['b/two', 0],
  ])
  const before = thresholdsFor(scores, 1_000, budget, floors)
  const curves = curvesFor(scores, 1_000, floors)
  const relabelled = scores.map((one, n) => ({ ...one, part: n % 2 === 0 ? 'attack' : `incident-${n}` }))
  expect(thresholdsFor(relabelled, 1_000, budget, floors)).toEqual(before)
  expect(curvesFor(relabelled, 1_000, floors)).toEqual(curves)
})

test('a curve gives the thresholds of any budget, and holds no rate that was not measured once', () => {
  const scores = Array.from({ length: 200 }, (_, n) => occasion('a/scored', n))
  const curve = curvesFor(scores, 1_000, new Map([['a/scored', 150]])).get('a/scored') ?? []
  expect(curve.map(([rate]) => rate)).toEqual([1, 2, 5, 10, 20, 40, 80, 160])
  expect(scoreAt(curve, 5)).toBe(
    thresholdAt(
      scores.map(({ score }) => score),
      5,
    ),
  )
  // None lies below the lowest score that the detector reports.
  expect(scoreAt(curve, 100)).toBe(150)
})

/** Files that a file reaches by its imports. */
function reachedFrom(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g))
    reachedFrom(join(dirname(file), path), seen)
  return seen
}

test('the command cannot read labels: nothing that it reaches does', () => {
  const reached = [...reachedFrom(join(ROOT, 'services/commands/calibrate/calibrate.ts'))].map((file) =>
    relative(ROOT, file),
  )
  expect(reached).toContain('services/commands/import/import.ts')
  expect(reached.filter((file) => /labels\.ts$|evaluation|score-/.test(file))).toEqual([])
})

const Settings = Type.Object({ ...scoreSettings('lateral/test-count', { floor: 2, medium: 1_000, high: 1_000 }) })
const counting = defineDetector({
  id: 'lateral/test-count',
  version: 1,
  title: 'Counts denials',
  severity: 'medium',
  mode: 'live',
  techniques: [],
  falsePositives: [],
  settings: Settings,
  key: 'identity',
  state: { denied: counter() },
  matches: (event) => event.outcome === 'denied',
  step({ event, state, settings, time }) {
    const score = ++state.denied.value
    const severity = severityOfScore(score, settings)
    if (severity === undefined) return undefined
    return { why: `${event.identity} was denied.`, observed: { score }, expected: {}, severity, window: time }
  },
})

test('the command measures each joint score from its floor on and keeps the budget', async () => {
  const args = [
    'calibrate',
    '--seeds',
    '2',
    '--days',
    '6',
    '--identities',
    '50',
    '--false-per-1000',
    String(8 * MARGIN),
    '--json',
  ]
  const { out, code } = await room.run(addCalibrate, args, [counting])
  expect(code).toBe(0)
  const result = JSON.parse(out) as {
    identity_days: number
    thresholds: Record<string, { medium: number; high: number }>
    noise: { medium: number; high: number }[]
  }
  expect(result.identity_days).toBeGreaterThan(300)
  expect(result.thresholds['lateral/test-count']?.medium).toBeGreaterThan(2)
  expect(result.noise[0]?.medium).toBeGreaterThan(0)
  expect(result.noise[0]?.medium).toBeLessThanOrEqual(8)
  expect(result.noise[0]?.high).toBeLessThanOrEqual(0.5)
})

test('life prints canonical events and labels of look-alikes', async () => {
  const labels = room.file('labels.ndjson', '')
  const { out } = await room.run(addLife, [
    'life',
    '--seed',
    '2',
    '--days',
    '3',
    '--identities',
    '40',
    '--labels',
    labels,
  ])
  const events = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; identity: string; action: string })
  const [meta, ...parts] = readFileSync(labels, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; events: number | string[] })
  expect(meta).toMatchObject({ type: 'meta', days: 3, events: events.length })
  const ids = new Set(events.map(({ id }) => id))
  expect(parts.length).toBeGreaterThan(0)
  expect(
    parts.every(({ type, events: own }) => type === 'lookalike' && (own as string[]).every((id) => ids.has(id))),
  ).toBe(true)
})
