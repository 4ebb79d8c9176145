/**
 * Fires when an identity that was silent for at least a week, and far longer than it ever was, acts again in a way that it
 * never did: from a network or with a client that it never used, or with acts that are new to it.
 *
 * Why: nobody misses a key that nobody uses. Forgotten credentials are found, sold and tried, and their owners look at
 * nothing they do.
 *
 * Misses: a forgotten credential that does exactly what it used to do, from where it used to. A holiday ends like that, too,
 * which is why silence alone is not told.
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { sources } from '../habits/sources.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { learned } from '../lib/columns.ts'
import { counter, small } from '../lib/fields.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const Settings = Type.Object({
  silent_ms: Type.Integer({ default: 7 * DAY_MS, description: 'Silence that makes an identity dormant' }),
  factor: Type.Number({ default: 4, description: 'Times the longest silence before that it must exceed' }),
  watch_ms: Type.Integer({ default: 12 * HOUR_MS, description: 'How long after its awakening new things count' }),
  signs_min: Type.Integer({ default: 2, minimum: 1, description: 'New things that make it told' }),
})

export const dormantAwakes = defineDetector({
  id: 'credential/dormant-awakes',
  version: 2,

  title: 'A forgotten identity acts again, and otherwise',
  severity: 'medium',
  mode: 'live',
  techniques: ['T1078', 'ASI03'],
  falsePositives: [
    'A seasonal job that was changed meanwhile; a person back from leave with a new machine and new duties',
  ],

  settings: Settings,
  key: 'identity',
  uses: { actions, sources },
  state: { last: learned(counter()), longest: learned(counter()), awoke: counter(), slept: counter(), signs: small() },

  matches: (event) => !isAnonymous(event),
  step({ event, time, late, state, settings, habits }) {
    if (late) return undefined
    const minute = Math.floor(time / MINUTE_MS)
    const gap = state.last.value === 0 ? 0 : minute - state.last.value
    state.last.value = minute
    const isAwake = state.awoke.value !== 0 && (minute - state.awoke.value) * MINUTE_MS <= settings.watch_ms
    const wasDormant =
      gap * MINUTE_MS >= settings.silent_ms && gap >= settings.factor * Math.max(state.longest.value, 60)
    // What is doubted does not end the silence.
    if (wasDormant && !isAwake) {
      state.awoke.value = minute
      state.slept.value = gap
      state.signs.value = 0
    }
    // A second silence of that length is its habit.
    if (gap > state.longest.value) state.longest.value = gap
    if (state.awoke.value === 0 || (minute - state.awoke.value) * MINUTE_MS > settings.watch_ms) return undefined
    const { actions: does, sources: from } = habits
    const signs = [
      ...(does.isNew ? ['an act that is new to it'] : []),
      ...(from.newNetwork ? ['a network that it never used'] : []),
      ...(from.newClient ? ['a client that it never used'] : []),
    ]
    const before = state.signs.value
    state.signs.value = before + signs.length
    if (before >= settings.signs_min || state.signs.value < settings.signs_min) return undefined
    const days = Math.round((state.slept.value * MINUTE_MS) / DAY_MS)
    return {
      why: `${event.identity} was silent for ${days} days, longer than ever, and now shows ${signs.join(' and ')} (${event.action}).`,
      observed: { silent_days: days, signs: state.signs.value, action: event.action, network: event.source_network },
      expected: { signs_max: settings.signs_min - 1 },
      window: state.awoke.value,
    }
  },
})
