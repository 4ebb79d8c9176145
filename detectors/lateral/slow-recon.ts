/**
 * Fires when a service or agent reads and lists, within one hour, many kinds of things that neither it nor anybody in its role
 * ever read or listed: more than its own rate of new acts explains.
 *
 * Why: whoever takes over a service must find out what it can reach. Spread over half an hour it is no burst, but a service does
 * the same few things for months. Agents explore at times (an incident, a new task), and so must do three times as many. People
 * look at everything now and then: a page of a console alone asks a dozen questions.
 *
 * How: first reads and lists in a fixed hour are counted and judged against the identity's own rate of new acts (Gamma-Poisson);
 * the second half checks that the last of them is new to the role. What is reported is not learned.
 *
 * Misses: people; reconnaissance by acts that the identity knows, spread over many hours, or in its first week. On the first day of
 * a new version it must be twice as much, and a version can be claimed.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { consequenceOf, isLook } from '../lib/consequence.ts'
import { short, small } from '../lib/fields.ts'
import { countInHour, TOLD } from '../lib/hour-count.ts'
import { askOfRole, nobodyBefore } from '../lib/nobody-before.ts'
import { surpriseOf } from '../lib/maths.ts'

const HOUR_MS = 3_600_000
/** Hours are told apart within seven years. */
const HOURS = 65_536
/** A new version brings new acts. */
const FRESH_FACTOR = 2
const DAY_MS = 24 * HOUR_MS

const Settings = Type.Object({
  service_looks_min: Type.Integer({
    default: 10,
    minimum: 2,
    maximum: 100,
    description: 'New reads and lists of a service within the hour',
  }),
  agent_looks_min: Type.Integer({ default: 30, minimum: 2, maximum: 100, description: 'The same of an agent' }),
  surprise_min: Type.Number({
    default: 5,
    minimum: 1,
    description: 'How surprising so many are, as -log10 of their probability',
  }),
  history_ms: Type.Integer({ default: 7 * DAY_MS, description: 'Age of an identity before its acts are known' }),
})

export const slowRecon = defineDetector({
  id: 'lateral/slow-recon',
  version: 2,

  title: 'Many first reads and lists within an hour',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 7 * DAY_MS },
  techniques: ['T1526', 'T1580', 'T1087.004', 'ASI02'],
  falsePositives: ['A service that is given an inventory to make: change its version, or let it run once'],

  settings: Settings,
  key: 'identity',
  uses: { actions, versions },
  /** The newest hour with new looks, and their number so far. */
  state: { hour: short(), looks: small() },

  matches: (event) =>
    event.principal_kind !== 'person' &&
    event.kind !== 'control' &&
    !isAnonymous(event) &&
    isLook(consequenceOf(event)),
  step({ event, time, late, since, habits, state, settings, send, doubt }) {
    if (late || !habits.actions.isNew) return undefined
    const ask = askOfRole(event, hash32(event.action))
    send(ask)
    if (time - since < settings.history_ms) return undefined
    const hour = Math.floor(time / HOUR_MS)
    const count = countInHour(hour % HOURS, { hour: state.hour, count: state.looks })
    if (count === TOLD) {
      doubt()
      return undefined
    }
    const usual = event.principal_kind === 'service' ? settings.service_looks_min : settings.agent_looks_min
    const min = habits.versions.isFresh ? FRESH_FACTOR * usual : usual
    if (count < min) return undefined
    const surprise = surpriseOf(habits.actions.newLogProbability(HOUR_MS, count))
    if (surprise < settings.surprise_min) return undefined
    state.looks.value = TOLD
    return {
      why: `${event.identity} read or listed ${count} kinds of things within an hour that it never asked for before, most recently ${event.action}.`,
      observed: { new_looks: count, action: event.action, target: event.target },
      expected: { new_looks_below: min },
      surprise,
      window: hour,
      rooted: false,
      learnedSince: since,
      ask,
    }
  },

  second: nobodyBefore('peer_group', 'there'),
})
