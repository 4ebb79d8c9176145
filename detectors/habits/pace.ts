/**
 * How much an identity does in an active hour, usually and in the current one: events, refusals and errors, changes,
 * deletions, acts on permissions, credentials or logging, and bytes sent out.
 */
import type { EventView } from '../../schemas/event.ts'
import type { Handles } from '../lib/columns.ts'
import { consequenceOf, isChange, isReach } from '../lib/consequence.ts'
import { counter, SHORT_MAX, short } from '../lib/fields.ts'
import { hasFailed } from '../lib/outcome.ts'
import { decayedProfile } from '../lib/profile.ts'
import { defineHabit } from './habit.ts'

const HOUR_MS = 3_600_000
const HALF_LIFE_MS = 14 * 24 * HOUR_MS

export const PACE = ['events', 'failures', 'changes', 'deletions', 'reaches', 'bytes'] as const
export type PaceOf = (typeof PACE)[number]
export const PACE_WINDOW_MS = HOUR_MS

/** What an hour is taken for before anything is known, and how many hours that is worth. */
const PRIOR_MEAN: Readonly<Record<PaceOf, number>> = {
  events: 10,
  failures: 1,
  changes: 3,
  deletions: 0.5,
  reaches: 0.3,
  bytes: 4,
}
const PRIOR_HOURS = 4

export interface Pace {
  /** Of the hour that the event falls into, the event included. Bytes are counted in doublings beyond 1 kB. */
  now(of: PaceOf): number
  /** Mean and variance of an active hour, shrunk toward a geometric prior (mean m, variance m + m^2). */
  usual(of: PaceOf): { readonly mean: number; readonly variance: number }
  /** The largest hour, halved every half-life. */
  peak(of: PaceOf): number
  /** Active hours learned, older ones weighing less. */
  hours(): number
}

const state = {
  habit: decayedProfile({ halfLifeMs: HALF_LIFE_MS, dimensions: PACE.length }),
  /** The newest hour, since 1970, and its counts so far: learned when it is over. */
  hour: counter(),
  events: short(),
  failures: short(),
  changes: short(),
  deletions: short(),
  reaches: short(),
  bytes: counter(),
}
const open = {
  events: counter(),
  failures: counter(),
  changes: counter(),
  deletions: counter(),
  reaches: counter(),
  bytes: counter(),
}
type Window = Handles<typeof open>

const doublings = (bytes: number): number => Math.max(0, Math.log2(bytes / 1_000))
/** Counts beyond SHORT_MAX are equal: what is learned holds no more, and an hour must not look larger than it for ever. */
const valueOf = (counts: Window, of: PaceOf): number =>
  of === 'bytes' ? doublings(counts.bytes.value) : Math.min(SHORT_MAX, counts[of].value)

function add(counts: Window, event: EventView): void {
  const consequence = consequenceOf(event)
  counts.events.value++
  if (hasFailed(event)) counts.failures.value++
  if (isChange(consequence)) counts.changes.value++
  if (consequence === 'delete') counts.deletions.value++
  if (isReach(consequence)) counts.reaches.value++
  counts.bytes.value = Math.min(0xffff_ffff, counts.bytes.value + event.bytes_out)
}

export const pace = defineHabit<Pace, typeof state, typeof open>({
  id: 'pace',
  version: 2,
  state,
  window: { lengthMs: PACE_WINDOW_MS, state: open },
  open(place) {
    const s = place.state
    let time = 0
    let window: Window | undefined
    const view: Pace = {
      now: (of) => (window === undefined ? 0 : valueOf(window, of)),
      usual(of) {
        const d = PACE.indexOf(of)
        const weight = s.habit.weightAt(time)
        const prior = PRIOR_MEAN[of]
        const total = weight + PRIOR_HOURS
        const mean = (weight * s.habit.mean(d) + PRIOR_HOURS * prior) / total
        const within = weight * s.habit.variance(d) + PRIOR_HOURS * (prior + prior * prior)
        const between = weight * (s.habit.mean(d) - mean) ** 2 + PRIOR_HOURS * (prior - mean) ** 2
        return { mean, variance: ((within + between) / total) * (1 + 1 / total) }
      },
      peak: (of) => s.habit.peak(PACE.indexOf(of)),
      hours: () => s.habit.weightAt(time),
    }
    return {
      view,
      look({ event, time: at }) {
        time = at
        window = undefined
        if (event.action === 'user.message') return
        window = place.openWindow()
        add(window, event)
      },
      learn({ event }, doubted) {
        if (doubted || event.action === 'user.message') return
        const hour = Math.floor(time / HOUR_MS)
        if (hour < s.hour.value) return
        if (hour > s.hour.value) {
          if (s.hour.value > 0) {
            const learned = PACE.map((of) => valueOf(s, of))
            s.habit.add(learned, s.hour.value * HOUR_MS)
          }
          s.hour.value = hour
          for (const of of PACE) s[of].value = 0
        }
        add(s, event)
      },
    }
  },
})
