/** What follows what: pairs of actions within an hour, of one session or, without sessions, of one identity. */
import { hash32 } from '../../schemas/ids.ts'
import { counter } from '../lib/fields.ts'
import { seenFilter } from '../lib/filter.ts'
import { noveltyRate } from '../lib/rate.ts'
import { defineHabit } from './habit.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export interface Order {
  /** Fingerprint of this action after the previous one; 0 if it follows none. */
  readonly pair: number
  /** This action never came after the previous one. The actions habit says whether each is known. */
  readonly isNew: boolean
  /** ln of the probability that `spanMs` bring at least `count` new pairs. */
  newLogProbability(spanMs: number, count: number): number
}

const state = {
  pairs: seenFilter({ bytes: 48 }),
  novelty: noveltyRate({ halfLifeMs: 14 * DAY_MS }),
  /** The newest action with its session, and its second since 1970. */
  last: counter(),
  session: counter(),
  second: counter(),
}

export const order = defineHabit<Order, typeof state>({
  id: 'order',
  version: 2,
  state,
  open({ state: s }) {
    let [time, since] = [0, 0]
    const view = {
      pair: 0,
      isNew: false,
      newLogProbability: (spanMs: number, count: number) => s.novelty.logProbability(spanMs, time, since, count),
    }
    return {
      view,
      look({ event, time: at, since: from, late }) {
        time = at
        since = from
        const follows =
          !late &&
          s.second.value !== 0 &&
          s.session.value === hash32(event.session) &&
          at - s.second.value * 1000 <= HOUR_MS
        view.pair = follows ? hash32(event.action, s.last.value) || 1 : 0
        view.isNew = view.pair !== 0 && !s.pairs.has(view.pair)
      },
      learn({ event, late }, doubted) {
        if (!late) {
          s.last.value = hash32(event.action)
          s.session.value = hash32(event.session)
          s.second.value = time / 1000
        }
        if (doubted || !view.isNew) return
        s.pairs.add(view.pair)
        if (time - since >= DAY_MS) s.novelty.add(time)
      },
    }
  },
})
