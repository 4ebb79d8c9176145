/**
 * What an identity has used before, and how often something new comes: one habit per kind of thing (actions, targets,
 * peers, what follows what). What is called new is certainly new; the fuller the set, the more first uses it misses.
 */
import type { EventView } from '../../schemas/event.ts'
import { seenFilter } from '../lib/filter.ts'
import { noveltyRate } from '../lib/rate.ts'
import { defineHabit, type Habit } from './habit.ts'

const DAY_MS = 86_400_000
const HALF_LIFE_MS = 14 * DAY_MS

export interface Seen {
  /** Fingerprint of what this event uses; 0 if it names nothing of the kind. */
  readonly print: number
  /** The identity has never used it. */
  readonly isNew: boolean
  /** ln of the probability that `spanMs` bring at least `count` new ones (1 unless told), at the rate at which they came. */
  newLogProbability(spanMs: number, count?: number): number
}

/** A habit of used-before things, `bytes` + 8 at rest. `printOf` answers 0 for an event that says nothing of the kind. */
export function seenHabit(options: {
  readonly id: string
  readonly version: number
  readonly bytes: number
  readonly printOf: (event: EventView) => number
}): Habit<Seen> {
  const state = {
    used: seenFilter({ bytes: options.bytes }),
    /** New ones after the first day. */
    novelty: noveltyRate({ halfLifeMs: HALF_LIFE_MS }),
  }
  return defineHabit<Seen, typeof state>({
    id: options.id,
    version: options.version,
    state,
    open({ state: s }) {
      let [time, since] = [0, 0]
      const view = {
        print: 0,
        isNew: false,
        newLogProbability: (spanMs: number, count = 1) => s.novelty.logProbability(spanMs, time, since, count),
      }
      return {
        view,
        look(moment) {
          time = moment.time
          since = moment.since
          view.print = options.printOf(moment.event)
          view.isNew = view.print !== 0 && !s.used.has(view.print)
        },
        novel: () => (view.isNew ? [view.print] : []),
        teach([print = 0], known) {
          if (known && print !== 0) s.used.add(print)
        },
        learn(_, doubted) {
          if (doubted || !view.isNew) return
          s.used.add(view.print)
          if (time - since >= DAY_MS) s.novelty.add(time)
        },
      }
    },
  })
}
