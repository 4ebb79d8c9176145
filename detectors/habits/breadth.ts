/**
 * How broad an identity's work is: distinct actions, targets and denied places of an active five-minute window, as it
 * usually is and in the present one.
 */
import type { EventView } from '../../schemas/event.ts'
import { hash32 } from '../../schemas/ids.ts'
import type { Handles } from '../lib/columns.ts'
import { counter, distinct, small } from '../lib/fields.ts'
import { decayedProfile } from '../lib/profile.ts'
import { defineHabit } from './habit.ts'

const MINUTE_MS = 60_000
export const BREADTH_WINDOW_MS = 5 * MINUTE_MS
const HALF_LIFE_MS = 14 * 86_400_000
const DEVIATIONS = 4

/** What a window is taken for before anything is known, and how many windows that is worth. */
const PRIOR_MEAN = [4, 6, 0.5] as const
const PRIOR_WINDOWS = 4
/** What a window may always teach, however much of it is doubted. */
const LEARNABLE = [12, 20, 8] as const
const UNTIMED = 2

export type Dimension = 0 | 1 | 2
export const ACTIONS = 0
export const TARGETS = 1
export const DENIED = 2
export const DIMENSIONS: readonly Dimension[] = [ACTIONS, TARGETS, DENIED]

export interface Breadth {
  /** Of the window that the event falls into, the event included: distinct actions, targets, denied places. */
  readonly counts: readonly number[]
  readonly events: number
  /** Events of that window that read, list or are denied. */
  readonly looking: number
  /** The event brought something that was not in its window before. */
  readonly grew: boolean
  /** Active windows learned, older ones weighing less. */
  weightAt(time: number): number
  /** Mean and variance of a dimension, shrunk toward a geometric prior (mean m, variance m + m^2). */
  usual(dimension: Dimension, time: number): { readonly mean: number; readonly variance: number }
  /** The largest window, halved every half-life; doubted ones count whole. */
  peak(dimension: Dimension): number
}

const state = {
  windows: decayedProfile({ halfLifeMs: HALF_LIFE_MS, dimensions: 3 }),
  /** Start of the newest window, in minutes since 1970, and its counts so far (at most 255 each): learned when it is over. */
  minute: counter(),
  actions: small(),
  targets: small(),
  denied: small(),
  /**
   * 1: part of it was doubted, which limits what it teaches. UNTIMED: part has no valid time, so it teaches nothing.
   */
  doubted: small(),
}
const open = {
  actions: distinct({ exact: 32, registers: 128 }),
  targets: distinct({ exact: 32, registers: 128 }),
  denied: distinct({ exact: 32, registers: 128 }),
  events: counter(),
  looking: counter(),
}

const isLooking = (event: EventView): boolean =>
  event.activity === 'read' || event.activity === 'list' || event.outcome === 'denied'

/** What people say to an agent, and what controls it, is not its own work. */
const isWork = (event: EventView): boolean => event.kind !== 'control' && event.action !== 'user.message'

type State = Handles<typeof state>

function usual({ windows }: State, d: Dimension, time: number): { readonly mean: number; readonly variance: number } {
  const weight = windows.weightAt(time)
  const prior = PRIOR_MEAN[d]
  const total = weight + PRIOR_WINDOWS
  const mean = (weight * windows.mean(d) + PRIOR_WINDOWS * prior) / total
  const within = weight * windows.variance(d) + PRIOR_WINDOWS * (prior + prior * prior)
  const between = weight * (windows.mean(d) - mean) ** 2 + PRIOR_WINDOWS * (prior - mean) ** 2
  return { mean, variance: ((within + between) / total) * (1 + 1 / total) }
}

/** A doubted window counts for at most what is always learned, or four deviations above the mean. */
function accepted(s: State, d: Dimension, count: number, time: number): number {
  const { mean, variance } = usual(s, d, time)
  return Math.min(count, Math.max(LEARNABLE[d], mean + DEVIATIONS * Math.sqrt(variance)))
}

/** Learns the newest window once an event of a later one shows that it is over. */
function turn(s: State, start: number, time: number): void {
  const before = s.minute.value * MINUTE_MS
  if (start <= before) return
  if (before > 0 && s.doubted.value !== UNTIMED) {
    const counts = [s.actions.value, s.targets.value, s.denied.value]
    const learned = s.doubted.value === 0 ? counts : counts.map((count, d) => accepted(s, d as Dimension, count, time))
    s.windows.add(learned, before, counts)
  }
  s.minute.value = start / MINUTE_MS
  s.actions.value = 0
  s.targets.value = 0
  s.denied.value = 0
  s.doubted.value = 0
}

export const breadth = defineHabit<Breadth, typeof state, typeof open>({
  id: 'breadth',
  version: 1,
  state,
  window: { lengthMs: BREADTH_WINDOW_MS, state: open },
  open(place) {
    const s = place.state
    let window: Handles<typeof open> | undefined
    const view = {
      get counts(): readonly number[] {
        return window === undefined ? [0, 0, 0] : [window.actions.count, window.targets.count, window.denied.count]
      },
      events: 0,
      looking: 0,
      grew: false,
      weightAt: (time: number) => s.windows.weightAt(time),
      usual: (d: Dimension, time: number) => usual(s, d, time),
      peak: (d: Dimension) => s.windows.peak(d),
    }

    return {
      view,
      look({ event, time }) {
        view.grew = false
        window = undefined
        if (!isWork(event)) return
        turn(s, place.windowStart, time)
        window = place.openWindow()
        const action = hash32(event.action)
        const target = event.target === '' ? action : hash32(event.target)
        window.events.value++
        if (isLooking(event)) window.looking.value++
        view.grew = window.actions.add(action)
        if (event.target !== '') view.grew = window.targets.add(target) || view.grew
        if (event.outcome === 'denied')
          view.grew = window.denied.add((target ^ Math.imul(action, 0x9e3779b1)) >>> 0) || view.grew
        view.events = window.events.value
        view.looking = window.looking.value
      },
      learn({ event, believed }, doubted) {
        if (!isWork(event) || s.minute.value * MINUTE_MS !== place.windowStart) return
        if (!believed) s.doubted.value = UNTIMED
        else if (doubted) s.doubted.value = Math.max(1, s.doubted.value)
        if (!view.grew) return
        const counts = view.counts
        s.actions.value = Math.min(255, counts[ACTIONS] as number)
        s.targets.value = Math.min(255, counts[TARGETS] as number)
        s.denied.value = Math.min(255, counts[DENIED] as number)
      },
    }
  },
})
