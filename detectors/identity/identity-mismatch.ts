/**
 * Fires when somebody claims to be an identity that normally proves itself differently: its events always came with
 * proof (a certificate, a workload identity, a provider's own record) and now come without any; or its events always
 * came under its own token and now come under the token of exactly one other identity.
 *
 * Why: a name in a log record is a claim. The token, the certificate and the provider are what the sender had to have.
 * If the two disagree, one agent speaks for another.
 *
 * Misses: forgery under the identity's own token; tokens that many identities share, such as a gateway's, under which
 * anybody may claim anything (bind tokens to identities: docs/security.md); the first days of an identity.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { ASSURANCES, type EventView } from '../../schemas/event.ts'
import { defineDetector, type Step, type Suspicion } from '../detector.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { learned } from '../lib/columns.ts'
import { counter, earliest, small } from '../lib/fields.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before its proof is a habit' }),
})

const PROVEN = ASSURANCES.indexOf('mtls')
const assuranceOf = (event: EventView): number => ASSURANCES.indexOf(event.identity_assurance)

const rest = {
  /** The weakest proof with which it came, an index of ASSURANCES. */
  weakest: learned(small()),
  /** The token under which its first event came. */
  token: learned(counter()),
  /** The newest other token, which is asked about once. */
  other: counter(),
}
type Context = Step<Type.Static<typeof Settings>, typeof rest, Record<never, never>>

/** Less proof than all its events had. */
function withoutProof({ event, time, since, first, state, settings }: Context): Suspicion | undefined {
  const [assurance, weakest] = [assuranceOf(event), state.weakest.value]
  if (first || assurance < weakest) state.weakest.value = assurance
  if (first || weakest < PROVEN || assurance >= PROVEN || time - since < settings.history_ms) return undefined
  return {
    why: `An event claims to come from ${event.identity} (${event.action}) without proof (${event.identity_assurance}); all its earlier events were proven (${ASSURANCES[weakest]} or better).`,
    observed: { assurance: event.identity_assurance, action: event.action, sender: event.sender },
    expected: { assurance_at_least: ASSURANCES[weakest] as string },
    level: 'proof',
    learnedSince: since,
  }
}

/** Another token than always: whose it is, the second half knows. */
function underAnotherToken({ event, time, since, state, settings, send }: Context): Suspicion | undefined {
  if (event.sender === '') return undefined
  const token = hash32(event.sender) || 1
  if (state.token.value === token) return undefined
  const isFirst = state.token.value === 0
  if (isFirst) state.token.value = token
  else if (state.other.value === token) return undefined
  else state.other.value = token
  const ask = { keyKind: 'credential' as const, key: `token/${event.sender}`, fingerprint: hash32(event.identity) || 1 }
  send(ask)
  if (isFirst || time - since < settings.history_ms) return undefined
  return {
    why: `An event of ${event.identity} (${event.action}) arrived under the token ${event.sender}, which another identity uses; its earlier events arrived under a different token.`,
    observed: { sender: event.sender, action: event.action, target: event.target },
    expected: { senders: 1 },
    level: `token ${event.sender}`,
    window: Math.floor(time / DAY_MS),
    rooted: false,
    learnedSince: since,
    ask,
  }
}

export const identityMismatch = defineDetector({
  id: 'identity/identity-mismatch',
  version: 1,

  title: 'Claimed identity does not match its proof',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['identity_assurance', 'sender']], learns_ms: 3 * DAY_MS },
  techniques: ['T1036', 'ASI03', 'ASI07'],
  falsePositives: ['An agent whose log now also comes from a shipper that proves nothing: fires once per agent'],

  settings: Settings,
  key: 'identity',
  state: rest,

  matches: (event) => event.kind !== 'control' && event.action !== 'user.message' && !isAnonymous(event),
  step: (context) => withoutProof(context) ?? underAnotherToken(context),

  second: {
    keys: ['credential'],
    state: { users: earliest({ size: 4 }) },
    absorb({ signal, state, time, tie }) {
      state.users.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate: { time, tie, fingerprint }, state }) {
      const others = state.users.countBefore(time, tie, fingerprint)
      // A previous user has a right to it, or was reported then. A token of many is a gateway's.
      const isOwn = state.users.countBefore(time, tie, 0) > others
      return !isOwn && others === 1 ? { fire: true, observed: { others_under_it_before: others } } : { fire: false }
    },
  },
})
