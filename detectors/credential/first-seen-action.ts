/**
 * Fires when an agent or service that has been at work for a week changes something with an operation that neither it
 * nor anybody in its role ever used. Low: worth a look. Medium if the operation acts on permissions, credentials or
 * logging, and new operations are rare for this identity.
 *
 * Why: a role does what it is for. An attacker with its credential wants something else, and needs operations that the
 * role never needed.
 *
 * Misses: reading and listing (see lateral/recon-burst and credential/secret-harvest); operations that somebody in the
 * role has used; what is new within a day of a new version; people.
 */
import Type from 'typebox'
import { defineDetector } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { isApproved } from '../lib/approval.ts'
import { consequenceOf, isChange, isReach } from '../lib/consequence.ts'
import { surpriseOf } from '../lib/maths.ts'
import { askOfRole, nobodyBefore } from '../lib/nobody-before.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 7 * DAY_MS, description: 'Age of an identity before its new operations fire' }),
  surprise_min: Type.Number({
    default: 1,
    minimum: 0,
    description: 'How rare a new operation must be within a day, as -log10 of its probability',
  }),
})

export const firstSeenAction = defineDetector({
  id: 'credential/first-seen-action',
  version: 2,

  title: 'First use of an operation in a role',
  severity: 'low',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 7 * DAY_MS },
  techniques: ['T1078.004', 'T1526', 'ASI03'],
  falsePositives: ['New work for a role: the first day of a new version and approved acts are left out'],

  settings: Settings,
  key: 'identity',
  uses: { actions, versions },
  state: {},

  matches: (event) =>
    event.principal_kind !== 'person' &&
    (event.outcome === 'success' || event.outcome === 'unknown') &&
    !isAnonymous(event),
  step({ event, time, since, habits, settings, send }) {
    // Asked of new operations alone: the class of an act is not worked out for every event.
    if (!habits.actions.isNew) return undefined
    const consequence = consequenceOf(event)
    if (!isChange(consequence)) return undefined
    const ask = askOfRole(event, event.action)
    send(ask)
    if (time - since < settings.history_ms || habits.versions.isFresh || isApproved(event)) return undefined
    const surprise = surpriseOf(habits.actions.newLogProbability(DAY_MS))
    if (surprise < settings.surprise_min) return undefined
    return {
      why: `${event.identity} used ${event.action} on ${event.target || 'an unnamed target'}, an operation that neither it nor anybody else of its role used before.`,
      observed: { action: event.action, target: event.target, consequence },
      expected: { of_its_role_before: 'at least one' },
      surprise,
      severity: isReach(consequence) ? 'medium' : 'low',
      level: isReach(consequence) ? 'reach' : 'change',
      window: Math.floor(time / DAY_MS),
      rooted: false,
      learnedSince: since,
      ask,
    }
  },

  second: nobodyBefore('peer_group', 'there'),
})
