/**
 * Fires when a credential that one identity alone used for days is used by another one, which itself has been here for days:
 * two who are not the same act with one key.
 *
 * Why: a key that is handed on, or taken, is used by its holder and by somebody else. Copies of one agent share its key from
 * their first day on, and have one identity.
 *
 * Misses: a key that two share already; a thief who acts under the identity of the key's holder, as most logs name
 * him (credential/new-source sees where he is); keys whose log source names no credential.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { earliest, real } from '../lib/fields.ts'
import { shortText } from '../lib/short-text.ts'

const DAY_MS = 86_400_000
/** Users of a credential that are reported one by one. */
const USERS = 4

const Settings = Type.Object({
  alone_ms: Type.Integer({ default: 5 * DAY_MS, description: 'How long one identity alone must have used it' }),
  history_ms: Type.Integer({
    default: 5 * DAY_MS,
    description: 'Age of the other one; a new copy of an agent is younger',
  }),
})

export const sharedCredential = defineDetector({
  id: 'credential/shared-credential',
  version: 1,

  title: 'One credential used by two identities',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['credential']], learns_ms: 5 * 86_400_000 },
  techniques: ['T1550.001', 'T1528', 'AML.T0012', 'ASI03'],
  falsePositives: ['An agent that is renamed, or split in two, and keeps its key'],

  settings: Settings,
  key: 'identity',
  state: {},

  matches: (event) => event.credential !== '' && !isAnonymous(event),
  step({ event, time, since, settings, send }) {
    const isKnown = time - since >= settings.history_ms
    send({
      keyKind: 'credential',
      key: event.credential,
      fingerprint: hash32(event.identity) || 1,
      value: isKnown ? 1 : 0,
      once: true,
    })
    return undefined
  },

  second: {
    keys: ['credential'],
    state: { users: earliest({ size: USERS }), since: real(), holder: shortText({ bytes: 96 }) },
    absorb({ signal, state, time, tie, evidence }) {
      if (state.since.value === 0 || time < state.since.value) {
        state.since.value = time
        state.holder.value = signal.identity
      }
      // An identity's own signals come in their order: the first one of it is its first use.
      const isNew = state.users.countBefore(time, tie, signal.fingerprint) === state.users.countBefore(time, tie, 0)
      state.users.add(signal.fingerprint, time, tie)
      if (!isNew || signal.value === 0) return undefined
      return {
        why: '',
        observed: { user: signal.identity },
        expected: {},
        level: signal.fingerprint.toString(16),
        rooted: false,
        evidence: [evidence()],
        later: true,
      }
    },
    decide({ candidate, state, settings }) {
      const { time, tie, fingerprint, identity } = candidate
      const before = state.users.countBefore(time, tie, fingerprint)
      // A credential that two already share is shared by design: a group that adopts a key one by one is not reported.
      if (before !== 1 || state.users.countBefore(time, tie, 0) !== 1) return { fire: false }
      if (time - state.since.value < settings.alone_ms) return { fire: false }
      const days = Math.floor((time - state.since.value) / DAY_MS)
      const holder = state.holder.value
      return {
        fire: true,
        why: `${identity} used a credential that ${holder} alone used for ${days === 0 ? 'less than a day' : counted(days, 'day')}: two different identities now share it.`,
        observed: { users: before + 1, holder },
        expected: { users: before },
      }
    },
  },
})
