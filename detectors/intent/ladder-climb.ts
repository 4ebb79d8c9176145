/**
 * Fires when an identity raises its own rights: it changes a role, policy, group, grant or scope in its own favour, and
 * nobody approved it. Also fires when it takes on roles that it never had, one after another.
 *
 * Why: rights are given by somebody else. An identity that gives them to itself has found a hole, or was told to use
 * one.
 *
 * Misses: an identity that raises another one and continues as that; grants whose recipient is only in the arguments,
 * if the log source does not name the target; roles that mean more under the same name.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { actWords, hasWord, namesItself, wordSet } from '../lib/act-words.ts'
import { counter, recentSet, small } from '../lib/fields.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  roles_min: Type.Integer({
    default: 3,
    minimum: 2,
    description: 'Roles new to the identity, taken on within three days, that make a climb',
  }),
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before a role counts as new' }),
})

const RIGHTS = wordSet(
  'role policy permission grant binding rolebinding clusterrolebinding membership member group privilege entitlement scope admin acl level tier',
)
const RAISES = wordSet(
  'create put update set add attach bind grant assign modify edit patch elevate escalate promote approve',
)
const ASSUMES = wordSet('assume impersonate sudo elevate')

const succeeded = (event: EventView): boolean => event.outcome === 'success' || event.outcome === 'unknown'

const raisesItself = (event: EventView): boolean => {
  const words = actWords(event)
  return hasWord(words, RIGHTS) && hasWord(words, RAISES) && namesItself(event)
}
const assumes = (event: EventView): boolean => event.target !== '' && hasWord(actWords(event), ASSUMES)

export const ladderClimb = defineDetector({
  id: 'intent/ladder-climb',
  version: 1,

  title: 'An identity raised its own permissions',
  severity: 'high',
  mode: 'live',
  needs: { fields: [['action'], ['target']], learns_ms: 3 * 86_400_000 },
  techniques: ['T1098', 'T1548.005', 'ASI03'],
  falsePositives: ['A grant for a limited time that an identity takes itself: record its approval with the act'],

  settings: Settings,
  key: 'identity',
  state: { roles: recentSet({ size: 6 }), began: counter(), fresh: small() },

  matches: (event) => succeeded(event) && (raisesItself(event) || assumes(event)),
  step({ event, time, since, state, settings }) {
    const day = Math.floor(time / DAY_MS)
    if (raisesItself(event)) {
      if (event.approval !== '') return undefined
      return {
        why: `${event.identity} changed its own permissions (${event.action} on ${event.target}) without an approval.`,
        observed: { action: event.action, target: event.target },
        expected: { grants_to_itself: 0 },
        severity: event.principal_kind === 'person' ? 'medium' : 'high',
        level: 'grant',
        window: day,
        rooted: false,
      }
    }
    const role = hash32(event.target)
    const known = state.roles.use(role)
    if (known || event.approval !== '' || time - since < settings.history_ms) return undefined
    if (day - state.began.value >= 3) {
      state.began.value = day
      state.fresh.value = 0
    }
    state.fresh.value++
    if (state.fresh.value < settings.roles_min) return undefined
    return {
      why: `${event.identity} took on ${state.fresh.value} roles within three days that it never had before, most recently ${event.target}, without an approval.`,
      observed: { roles_new: state.fresh.value, role: event.target },
      expected: { roles_new_max: settings.roles_min - 1 },
      severity: 'medium',
      level: 'roles',
      window: state.began.value,
      rooted: false,
    }
  },
})
