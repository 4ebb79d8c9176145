/**
 * Habits in the engine: all detectors look before any habit learns, a live suspicion keeps them from learning, and a
 * snapshot carries them by their own name and version.
 */
import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { type Detector, defineDetector } from '../../../detectors/detector.ts'
import { defineHabit } from '../../../detectors/habits/habit.ts'
import { recentSet } from '../../../detectors/lib/fields.ts'
import { counter } from '../../../detectors/lib/fields.ts'
import { blankEvent, EVENT_SCHEMA_VERSION, type Event, rowOf } from '../../../schemas/event.ts'
import { encodeFrame } from '../../../schemas/frame.ts'
import { eventId, hash32 } from '../../../schemas/ids.ts'
import { createStageOne, type Stage } from '../../../services/detector/engine/index.ts'

const T0 = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000

const state = { targets: recentSet({ size: 4 }) }
const window = { events: counter() }
const targets = defineHabit<{ readonly isNew: boolean; readonly events: number }, typeof state, typeof window>({
  id: 'test-targets',
  version: 1,
  state,
  window: { lengthMs: HOUR, state: window },
  open(place) {
    const view = { isNew: false, events: 0 }
    return {
      view,
      look({ event }) {
        view.isNew = !place.state.targets.has(hash32(event.target))
        view.events = ++place.openWindow().events.value
      },
      learn({ event }, doubted) {
        if (!doubted) place.state.targets.use(hash32(event.target))
      },
    }
  },
})

/** Tells every new target, and what it saw. */
const watcher = (id: string, severity: 'low' | 'high', mode: 'live' | 'shadow' = 'live', doubts = false): Detector =>
  defineDetector({
    id,
    version: 1,
    title: 'New target',
    severity,
    mode,
    techniques: [],
    falsePositives: [],
    settings: Type.Object({}),
    key: 'identity',
    uses: { targets },
    state: {},
    window: { lengthMs: HOUR, state: { mine: counter() } },
    matches: () => true,
    step({ event, habits, openWindow, doubt }) {
      const mine = ++openWindow().mine.value
      if (doubts) doubt()
      if (!habits.targets.isNew) return undefined
      return {
        why: `New target ${event.target}.`,
        observed: { target: event.target, events: habits.targets.events, mine },
        expected: {},
      }
    },
  })

const eventOf = (n: number, target: string, over: Partial<Event> = {}): Event => ({
  ...blankEvent(),
  event_id: eventId('t', 'events', `e${n}`),
  source_id: `e${n}`,
  tenant: 't',
  identity: 'a',
  action: 'read',
  target,
  time: T0 + n * 1_000,
  ...over,
})

const stageOf = (detectors: readonly Detector[], before?: Stage): Stage =>
  createStageOne({ detectors, codeVersion: 'x', partition: 0 }, before?.snapshot())

let offset = 0
const told = (stage: Stage, events: readonly Event[]): unknown[] =>
  stage
    .apply({
      offset: offset++,
      value: encodeFrame(events.map(rowOf), { schema: EVENT_SCHEMA_VERSION, receiptTime: T0 + HOUR }),
    })
    .findings.map((f) => [f.detector, f.observed['target'], f.observed['events'], f.observed['mine']])

describe('habits', () => {
  it('are read by all detectors before they learn, whatever the order of the registry', () => {
    const stage = stageOf([watcher('test/one', 'low'), watcher('test/two', 'low')])
    expect(told(stage, [eventOf(0, 'x'), eventOf(1, 'x'), eventOf(2, 'y')])).toEqual([
      ['test/one', 'x', 1, 1],
      ['test/two', 'x', 1, 1],
      ['test/one', 'y', 3, 3],
      ['test/two', 'y', 3, 3],
    ])
  })

  it('do not learn what a live detector suspects at medium and up, or doubts', () => {
    const events = [eventOf(0, 'x'), eventOf(1, 'x')]
    expect(told(stageOf([watcher('test/one', 'high')]), events)).toHaveLength(2)
    expect(told(stageOf([watcher('test/one', 'low')]), events)).toHaveLength(1)
    expect(told(stageOf([watcher('test/one', 'low', 'live', true)]), events)).toHaveLength(2)
    // A shadow detector is being tried out: it must not change what the others see.
    expect(told(stageOf([watcher('test/one', 'high', 'shadow', true)]), events)).toHaveLength(1)
  })

  it('learn nothing from an event whose time is unknown', () => {
    const stage = stageOf([watcher('test/one', 'low')])
    expect(told(stage, [eventOf(0, 'x', { time_flag: 'missing' }), eventOf(1, 'x')])).toHaveLength(2)
  })

  it('keep what they learned when detectors come, go and change', () => {
    const first = stageOf([watcher('test/one', 'low')])
    told(first, [eventOf(0, 'x')])
    const changed = stageOf([{ ...watcher('test/one', 'low'), version: 2 }, watcher('test/two', 'low')], first)
    expect(told(changed, [eventOf(1, 'x'), eventOf(2, 'y')])).toEqual([
      // The habit goes on counting in its window, the detectors begin anew in theirs.
      ['test/one', 'y', 3, 2],
      ['test/two', 'y', 3, 2],
    ])
    const fresh = { ...targets, version: 2 }
    const later = stageOf([{ ...watcher('test/one', 'low'), uses: { targets: fresh } }], first)
    expect(told(later, [eventOf(3, 'x')])).toEqual([['test/one', 'x', 1, 2]])
  })
})
