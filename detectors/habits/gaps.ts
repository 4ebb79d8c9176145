/** How long an identity is silent between two acts: the last one, and the longest silence that it ever kept. */
import { counter, small } from '../lib/fields.ts'
import { defineHabit } from './habit.ts'

const MINUTE_MS = 60_000
/** So many gaps are counted; more say nothing new. */
const COUNTED_MAX = 255

export interface Gaps {
  /** Silence that this event ends, in whole minutes' ms; 0 for the first event and for a late one. */
  readonly gapMs: number
  /** The longest silence before this event. */
  readonly longestMs: number
  /** Events that have shown a gap, at most 255. */
  readonly seen: number
}

const state = { last: counter(), longest: counter(), seen: small() }

export const gaps = defineHabit<Gaps, typeof state>({
  id: 'gaps',
  version: 1,
  state,
  open({ state: s }) {
    let minute = 0
    const view = { gapMs: 0, longestMs: 0, seen: 0 }
    return {
      view,
      look({ time, late }) {
        minute = Math.floor(time / MINUTE_MS)
        view.gapMs = late || s.last.value === 0 ? 0 : Math.max(0, minute - s.last.value) * MINUTE_MS
        view.longestMs = s.longest.value * MINUTE_MS
        view.seen = s.seen.value
      },
      // A silence is a fact whatever is doubted about the event that ends it: a second one of that length is its habit.
      learn({ late, believed }) {
        if (late || !believed) return
        if (s.last.value !== 0 && s.seen.value < COUNTED_MAX) s.seen.value++
        if (view.gapMs > view.longestMs) s.longest.value = view.gapMs / MINUTE_MS
        s.last.value = minute
      },
    }
  },
})
