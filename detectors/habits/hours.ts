/** When an identity works: in which hours of its working days and of its weekends (UTC). */
import { counts } from '../lib/counts.ts'
import { counter } from '../lib/fields.ts'
import { defineHabit } from './habit.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SLOTS = 48

export interface Hours {
  /** ln of the probability that a day of this kind (working day or weekend) sees the identity at work in this hour. */
  logProbability(): number
}

const state = {
  /** Days on which it worked in this hour: 24 of working days, 24 of weekends. */
  worked: counts(SLOTS),
  /** Days seen, working days and weekends. */
  days: counts(2),
  /** The newest hour and day counted, since 1970. */
  hour: counter(),
  day: counter(),
}

export const hours = defineHabit<Hours, typeof state>({
  id: 'hours',
  version: 1,
  state,
  open({ state: s }) {
    let time = 0
    const kindOf = (at: number): 0 | 1 => {
      // 1 January 1970 was a Thursday.
      const weekday = (Math.floor(at / DAY_MS) + 4) % 7
      return weekday === 0 || weekday === 6 ? 1 : 0
    }
    const slotOf = (at: number): number => kindOf(at) * 24 + (Math.floor(at / HOUR_MS) % 24)
    const view = {
      logProbability() {
        const slot = slotOf(time)
        const base = kindOf(time) * 24
        // The adjacent hours count as well: nobody starts to the minute.
        const near = Math.max(
          s.worked.at(slot),
          s.worked.at(base + ((slot - base + 1) % 24)),
          s.worked.at(base + ((slot - base + 23) % 24)),
        )
        return Math.log((near + 0.5) / (Math.max(near, s.days.at(kindOf(time))) + 1))
      },
    }
    return {
      view,
      look(moment) {
        time = moment.time
      },
      learn({ late }, doubted) {
        if (doubted || late) return
        const [hour, day] = [Math.floor(time / HOUR_MS), Math.floor(time / DAY_MS)]
        if (day !== s.day.value) {
          s.day.value = day
          s.days.add(kindOf(time))
        }
        if (hour === s.hour.value) return
        s.hour.value = hour
        s.worked.add(slotOf(time))
      },
    }
  },
})
