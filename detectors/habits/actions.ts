/** What an identity does: the actions that it has done, and how often it does a new one. */
import { hash32 } from '../../schemas/ids.ts'
import { seenFilter } from '../lib/filter.ts'
import { noveltyRate } from '../lib/rate.ts'
import { defineHabit } from './habit.ts'

const DAY_MS = 86_400_000
const HALF_LIFE_MS = 14 * DAY_MS

export interface Actions {
  /** The identity has never done this action. Certain; with hundreds of actions, some first ones are missed. */
  readonly newAction: boolean
  /** ln of the probability that `spanMs` bring a new action, at the rate at which new ones came. */
  newLogProbability(spanMs: number): number
}

const state = {
  done: seenFilter({ bytes: 64 }),
  /** New ones after the first day. */
  novelty: noveltyRate({ halfLifeMs: HALF_LIFE_MS }),
}

export const actions = defineHabit<Actions, typeof state>({
  id: 'actions',
  version: 1,
  state,
  open({ state: s }) {
    let [time, since, print] = [0, 0, 0]
    const view = {
      newAction: false,
      newLogProbability: (spanMs: number) => s.novelty.logProbability(spanMs, time, since),
    }
    return {
      view,
      look(moment) {
        time = moment.time
        since = moment.since
        print = hash32(moment.event.action)
        view.newAction = !s.done.has(print)
      },
      learn(_, doubted) {
        if (doubted || !view.newAction) return
        s.done.add(print)
        if (time - since >= DAY_MS) s.novelty.add(time)
      },
    }
  },
})
