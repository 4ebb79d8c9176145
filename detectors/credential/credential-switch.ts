/**
 * Fires when an identity begins a session with one credential and continues with another that it never used and that
 * exactly one other identity used before: a path from one key to the next, not an edge.
 *
 * Why: an intruder in a session looks for keys and continues with those it finds. A key rotated in the middle of a
 * session is new to everybody, and a key that many share belongs to a service. Neither is reported.
 *
 * Misses: log sources that name no session or no credential; a thief who opens a separate session with the second key
 * (see credential/shared-credential); a key that nobody in this log ever used.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { counter, earliest } from '../lib/fields.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  users_max: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 3,
    description: 'Other identities that used the credential before, beyond which it is shared by design',
  }),
})

export const credentialSwitch = defineDetector({
  id: 'credential/credential-switch',
  version: 1,

  title: 'Session switched to the credential of another identity',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['session'], ['credential']], learns_ms: 0 },
  techniques: ['T1550', 'T1078', 'AML.T0091', 'ASI03'],
  falsePositives: ["A new orchestrator that acts for each agent with that agent's key"],

  settings: Settings,
  key: 'session',
  /** The credential with which the session began, and the newest one. */
  state: { began: counter(), newest: counter() },

  matches: (event) => event.session !== '' && event.credential !== '' && !isAnonymous(event),
  step({ event, time, late, state, send }) {
    const credential = hash32(event.credential) || 1
    if (credential === state.newest.value) return undefined
    const ask = { keyKind: 'credential' as const, key: event.credential, fingerprint: hash32(event.identity) || 1 }
    send({ ...ask, once: true })
    // A late event has lost its place in the session: it shows who uses the key, but not the path.
    if (late) return undefined
    state.newest.value = credential
    if (state.began.value === 0) state.began.value = credential
    if (credential === state.began.value) return undefined
    return {
      why: `${event.identity} began the session ${event.session} with one credential and continued it with another, which it never used before and another identity did (${event.action}).`,
      observed: { action: event.action, target: event.target, session: event.session },
      expected: { credentials: 1 },
      window: Math.floor(time / DAY_MS),
      ask,
    }
  },

  second: {
    keys: ['credential'],
    state: { users: earliest({ size: 8 }) },
    absorb({ signal, state, time, tie }) {
      state.users.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate: { time, tie, fingerprint }, state, settings }) {
      const others = state.users.countBefore(time, tie, fingerprint)
      // A previous user has a right to it, or was reported then.
      const isOwn = state.users.countBefore(time, tie, 0) > others
      if (isOwn || others === 0 || others > settings.users_max) return { fire: false }
      return { fire: true, observed: { others_used_it_before: others } }
    },
  },
})
