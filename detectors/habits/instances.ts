/**
 * Whether an identity says which copy of it acts. What runs as deployed is always stamped by its platform. A thief who
 * uses its key elsewhere has no such stamp.
 */
import { counter, small } from '../lib/fields.ts'
import { defineHabit } from './habit.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** How many stamped acts make it a habit, and how many of them there must be for each one without. */
const STAMPED_MIN = 30
const STAMPED_PER_BARE = 50
const BYTE_MAX = 255

export interface Instances {
  /** This event names no copy, and those of the identity always do. */
  readonly isMissing: boolean
  /** When that was first doubted, in ms; 0: not yet. */
  readonly missingSince: number
}

const state = {
  /** Events that named a copy, and that did not; both halved where the first is full. */
  stamped: small(),
  bare: small(),
  /** When the first missing one came that was doubted, in minutes since 1970; 0: none. */
  doubtedMinute: counter(),
}

export const instances = defineHabit<Instances, typeof state>({
  id: 'instances',
  version: 1,
  state,
  open({ state: s }) {
    const view = { isMissing: false, missingSince: 0 }
    return {
      view,
      look({ event, time }) {
        const since = s.doubtedMinute.value * MINUTE_MS
        // It was shown to a person a day ago, and still comes: the platform has changed.
        const isAccepted = since !== 0 && time - since >= DAY_MS && time - since < 7 * DAY_MS
        view.missingSince = since !== 0 && time - since < DAY_MS ? since : 0
        view.isMissing =
          event.instance === '' &&
          s.stamped.value >= STAMPED_MIN &&
          s.stamped.value >= STAMPED_PER_BARE * s.bare.value &&
          !isAccepted
      },
      novel: () => (view.isMissing ? [1] : []),
      teach(_, known) {
        s.doubtedMinute.value = 0
        // The platform stamps no more: from now on a missing stamp says nothing, until there have been enough again.
        if (known) s.stamped.value = 0
      },
      learn({ event, time, believed }, doubted) {
        if (!believed) return
        if (event.instance === '') {
          const since = s.doubtedMinute.value * MINUTE_MS
          if (doubted && (since === 0 || time - since >= 7 * DAY_MS)) s.doubtedMinute.value = time / MINUTE_MS
          if (!doubted && s.bare.value < BYTE_MAX) s.bare.value++
          return
        }
        if (doubted) return
        if (s.stamped.value === BYTE_MAX) {
          s.stamped.value >>= 1
          s.bare.value >>= 1
        }
        s.stamped.value++
      },
    }
  },
})
