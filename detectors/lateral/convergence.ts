/**
 * Fires when agents or services of at least three owners, each at work for days, change, or are refused, one and the same thing
 * within ten minutes, although it is new to each of them and at most one other owner ever touched it.
 *
 * Why: who holds several agents sends them to what he wants. Tools that everybody uses, and new ones that spread over days,
 * are reached by many too, which is why only a rare target counts.
 *
 * To an identity in its first days everything is new: what such identities touch together only tells that the target is no rare
 * one. So a new installation, or a backlog that arrives at once, reports nothing.
 *
 * Misses: the first days of an identity; agents of one or two owners; mere reading, other than of secrets; a target that several owners know already; a
 * target whose name differs from one log source to the next.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { targets } from '../habits/targets.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { consequenceOf, isChange } from '../lib/consequence.ts'
import { earliest } from '../lib/fields.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Owners remembered of a target, the earliest ones: more say no more. */
const OWNERS = 8
/** Value of a signal from an identity in its first days. */
const YOUNG = 1

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before a target is new to it' }),
  owners_min: Type.Integer({ default: 3, minimum: 2, maximum: OWNERS, description: 'Owners whose agents arrive' }),
  span_ms: Type.Integer({ default: 10 * MINUTE_MS, minimum: MINUTE_MS, description: 'The time in which they arrive' }),
  known_owners_max: Type.Integer({
    default: 1,
    minimum: 0,
    description: 'Owners that touched the target before, up to which it is rare',
  }),
})

export const convergence = defineDetector({
  id: 'lateral/convergence',
  version: 3,

  title: 'Agents of several owners reach one rare target at once',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['owner'], ['target'], ['action', 'activity']], learns_ms: 3 * DAY_MS },
  techniques: ['T1021.007', 'ASI08'],
  falsePositives: ['Something built for several teams that all of them first use within minutes'],

  settings: Settings,
  key: 'identity',
  uses: { targets },
  state: {},

  matches: (event) =>
    event.principal_kind !== 'person' &&
    event.owner !== '' &&
    event.target !== '' &&
    !isAnonymous(event) &&
    (event.outcome === 'denied' || isChange(consequenceOf(event))),
  step({ event, time, since, habits, settings, send }) {
    if (!habits.targets.isNew) return undefined
    const arrival = { keyKind: 'target', key: event.target, fingerprint: hash32(event.owner) || 1 } as const
    // Of what the young touch only the earliest counts.
    if (time - since < settings.history_ms) send({ ...arrival, value: YOUNG, once: true })
    else send({ ...arrival, value: 0 })
    return undefined
  },

  second: {
    keys: ['target'],
    state: { owners: earliest({ size: OWNERS }) },
    absorb({ signal, state, time, tie, settings, evidence }) {
      if (signal.value === YOUNG) {
        // Counts as an owner who knew the target before, for whoever arrives from now on.
        state.owners.add(signal.fingerprint, time - settings.span_ms, tie)
        return undefined
      }
      state.owners.add(signal.fingerprint, time, tie)
      return {
        why: '',
        observed: { target: signal.key },
        expected: { owners_max: settings.owners_min - 1 },
        // Once a day for each target.
        window: Math.floor(time / DAY_MS),
        rooted: false,
        evidence: [evidence()],
        later: true,
      }
    },
    decide({ candidate: { time, tie, fingerprint, key, identity }, state, settings }) {
      const knew = state.owners.countBefore(time - settings.span_ms, tie, fingerprint)
      const arrived = state.owners.countBefore(time, tie, fingerprint) - knew + 1
      if (knew > settings.known_owners_max || arrived < settings.owners_min) return { fire: false }
      return {
        fire: true,
        why: `Agents of ${arrived} owners reached ${key} within ${Math.round(settings.span_ms / MINUTE_MS)} minutes, most recently ${identity}; the target was new to each of them.`,
        observed: { owners: arrived, owners_before: knew },
      }
    },
  },
})
