/**
 * Fires when an identity that was silent for at least a week, and far longer than ever before, acts again in a new way.
 * Two different signs are required, three for people: a network that it never used, a client that it never used, a
 * first-time act, a first-time act on permissions, credentials or logging, and a missing platform stamp. Any number of
 * acts from one new network is one sign.
 *
 * Why: nobody misses a key that nobody uses. Forgotten credentials are found, sold and tried, and their owners do not
 * look at what they do.
 *
 * Misses: a forgotten credential that does exactly what it used to do, from the usual place. A holiday ends like that,
 * too, so silence alone is not reported.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector, type Step } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { gaps } from '../habits/gaps.ts'
import { instances } from '../habits/instances.ts'
import { sources } from '../habits/sources.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { isApproved } from '../lib/approval.ts'
import { consequenceOf, isReach } from '../lib/consequence.ts'
import { counter, small } from '../lib/fields.ts'
import { nobodyBefore } from '../lib/nobody-before.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const Settings = Type.Object({
  silent_ms: Type.Integer({ default: 7 * DAY_MS, description: 'Silence that makes an identity dormant' }),
  factor: Type.Number({ default: 4, description: 'Times the longest silence before that it must exceed' }),
  watch_ms: Type.Integer({ default: 12 * HOUR_MS, description: 'How long after its return signs count' }),
  signs_min: Type.Integer({ default: 2, minimum: 1, description: 'Different signs that fire' }),
  signs_min_person: Type.Integer({
    default: 3,
    minimum: 1,
    description: 'The same for people: they come back from leave, in another place',
  }),
  odd_probability_max: Type.Number({
    default: 0.1,
    description:
      'A network is a sign where a day brings a new one with at most this probability, an act where an hour does with a fifth of it',
  }),
})

const uses = { actions, gaps, instances, sources, versions }
const rest = {
  awoke: counter(),
  slept: counter(),
  /** Bits of SIGNS. */
  signs: small(),
}

type Context = Step<Type.Static<typeof Settings>, typeof rest, Record<never, never>, typeof uses>

const SIGNS = { act: 1, network: 2, client: 4, reach: 8, stamp: 16 } as const
const WORDS: Readonly<Record<keyof typeof SIGNS, string>> = {
  act: 'a first-time action',
  network: 'a new network',
  client: 'a new client',
  reach: 'a first-time action on permissions, credentials or logging',
  stamp: 'no instance name, which it always gave before',
}
const signsOf = (bits: number): (keyof typeof SIGNS)[] =>
  (Object.keys(SIGNS) as (keyof typeof SIGNS)[]).filter((sign) => (bits & SIGNS[sign]) !== 0)

/** The signs that this event shows. */
function shownBy({ event, habits, settings }: Context): number {
  const { actions: does, sources: from, instances: copies, versions: version } = habits
  if (isApproved(event)) return 0
  const odd = Math.log(settings.odd_probability_max)
  let signs = copies.isMissing ? SIGNS.stamp : 0
  if (from.newNetwork && !from.secondFamily && from.newNetworkLogProbability() <= odd) signs |= SIGNS.network
  if (from.newClient && !version.isFresh) signs |= SIGNS.client
  if (does.isNew && isReach(consequenceOf(event))) signs |= SIGNS.reach
  else if (does.isNew && does.newLogProbability(HOUR_MS) <= odd - Math.log(5)) signs |= SIGNS.act
  return signs
}

const actOfRole = (event: EventView): string => `${event.principal_kind}/${event.role}/${event.action}`

/** Records the length of the silence and the return. */
function turn({ time, state, settings, habits }: Context): void {
  const minute = Math.floor(time / MINUTE_MS)
  const { gapMs, longestMs } = habits.gaps
  const isAwake = state.awoke.value !== 0 && (minute - state.awoke.value) * MINUTE_MS <= settings.watch_ms
  const wasDormant = gapMs >= settings.silent_ms && gapMs >= settings.factor * Math.max(longestMs, HOUR_MS)
  // A doubted event does not end the silence.
  if (wasDormant && !isAwake) {
    state.awoke.value = minute
    state.slept.value = gapMs / MINUTE_MS
    state.signs.value = 0
  }
}

export const dormantAwakes = defineDetector({
  id: 'credential/dormant-awakes',
  version: 6,

  title: 'Dormant identity active again, with new behaviour',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action', 'source_network', 'user_agent_family']], learns_ms: 7 * 86_400_000 },
  techniques: ['T1078', 'ASI03'],
  falsePositives: [
    'A seasonal job that was changed meanwhile; a person back from leave with a new machine and new duties',
  ],

  settings: Settings,
  key: 'identity',
  uses,
  state: rest,

  matches: (event) => !isAnonymous(event),
  step(context) {
    const { event, time, late, state, settings, habits, send } = context
    const ask = { keyKind: 'peer_group' as const, key: actOfRole(event), fingerprint: hash32(event.identity) }
    if (habits.actions.isNew) send(ask)
    if (late) return undefined
    turn(context)
    const minute = Math.floor(time / MINUTE_MS)
    if (state.awoke.value === 0 || (minute - state.awoke.value) * MINUTE_MS > settings.watch_ms) return undefined
    const before = signsOf(state.signs.value).length
    const shown = shownBy(context)
    state.signs.value |= shown
    const signs = signsOf(state.signs.value)
    const least = event.principal_kind === 'person' ? settings.signs_min_person : settings.signs_min
    if (before >= least || signs.length < least) return undefined
    const days = Math.round((state.slept.value * MINUTE_MS) / DAY_MS)
    const words = signs.map((sign) => WORDS[sign])
    return {
      why: `${event.identity} was silent for ${counted(days, 'day')}, longer than ever before, and now shows ${words.join(' and ')} (${event.action}).`,
      observed: { silent_days: days, signs: words, action: event.action, network: event.source_network },
      expected: { signs_max: least - 1 },
      window: state.awoke.value,
      // What others of the role do is no sign: an identity that was long away has not done everything yet.
      ...(event.role !== '' && words.length === least && (shown & SIGNS.act) !== 0 ? { ask } : {}),
    }
  },

  second: nobodyBefore('peer_group', 'others'),
})
