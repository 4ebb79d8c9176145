/** Which version of an agent acts, and since when: a new one may do what the old one did not. */
import { hash32 } from '../../schemas/ids.ts'
import { counter } from '../lib/fields.ts'
import { defineHabit } from './habit.ts'

const MINUTE_MS = 60_000
/** How long a new version widens what is usual. */
const FRESH_MS = 86_400_000

export interface Versions {
  /** The version changed within the last day, or with this event. The agent claims its version: this widens and excuses nothing of weight. */
  readonly isFresh: boolean
}

const state = { version: counter(), changedMinute: counter() }

export const versions = defineHabit<Versions, typeof state>({
  id: 'versions',
  version: 1,
  state,
  open({ state: s }) {
    let [print, isOther] = [0, false]
    const view = { isFresh: false }
    return {
      view,
      look({ event, time }) {
        print = event.agent_version === '' ? 0 : hash32(event.agent_version) || 1
        isOther = print !== 0 && s.version.value !== 0 && print !== s.version.value
        view.isFresh = isOther || (s.changedMinute.value !== 0 && time - s.changedMinute.value * MINUTE_MS < FRESH_MS)
      },
      learn({ time, late }, doubted) {
        if (doubted || late || print === 0) return
        if (isOther) s.changedMinute.value = time / MINUTE_MS
        s.version.value = print
      },
    }
  },
})
