/**
 * Fires when many new identities come from one owner or one source network within an hour: identities that act for the
 * first time, and agents, users and keys that are created. It counts distinct ones at fixed levels, so that half a
 * million of them make a handful of findings. Creations count from the first level, mere first sights from the second,
 * because an account that starts to be watched shows all its identities at once.
 *
 * Why: one person with many identities outvotes, outspends and outlasts every limit that counts by identity; an agent
 * that mints identities leaves a way back in.
 *
 * Misses: registration slower than the levels, and registration spread over owners and networks alike. Where a key has a
 * day of history, a count that its usual hourly rate explains is reported as info only (Gamma-Poisson, shape 1).
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import type { Severity } from '../../schemas/finding.ts'
import type { Signal } from '../../schemas/signal.ts'
import { defineDetector, type Absorb, type Suspicion } from '../detector.ts'
import type { Handles } from '../lib/columns.ts'
import { isApproved } from '../lib/approval.ts'
import { evidenceList } from '../lib/evidence.ts'
import { counter, decayedCount, distinct, real, small } from '../lib/fields.ts'
import { gammaPoissonLogTail, surpriseOf } from '../lib/maths.ts'
import { isNetwork } from '../lib/networks.ts'
import { hasFailed } from '../lib/outcome.ts'

const HOUR_MS = 3_600_000
const HALF_LIFE_MS = 7 * 24 * HOUR_MS

const Settings = Type.Object({
  levels: Type.Array(Type.Integer({ minimum: 2 }), {
    default: [25, 250, 2_500, 25_000],
    minItems: 2,
    maxItems: 6,
    description: 'New identities in one hour, rising; the first counts creations only',
  }),
  usual_probability_min: Type.Number({
    default: 0.01,
    description: 'A count at least this probable at the usual rate of the key is reported as info',
  }),
  history_ms: Type.Integer({
    default: 24 * HOUR_MS,
    description: 'History of a key before its rate explains anything',
  }),
})
type Settings = Type.Static<typeof Settings>

const SEVERITY: readonly Severity[] = ['medium', 'high', 'high', 'critical']

const rest = {
  /** First signal, in ms: the smallest time seen. */
  since: real(),
  /** New identities of all hours; of the present one too, which `added` takes off again. */
  usual: decayedCount({ halfLifeMs: HALF_LIFE_MS }),
}
const open = {
  created: distinct({ exact: 32, registers: 256 }),
  seen: distinct({ exact: 32, registers: 512 }),
  added: counter(),
  createdReported: small(),
  /** How many of the levels after the first are reported. */
  seenReported: small(),
  evidence: evidenceList({ bytes: 800 }),
}
type Context = Absorb<Settings, typeof rest, typeof open>
type Window = Handles<typeof open>

/** Names of what can act: an agent, user or account, or a key with which to act. */
const IDENTITY_NOUN =
  /agent|bot(?![a-z])|user|account|identity|principal|login_?profile|(access|api|service)_?key|service_?specific_?credential|oauth_?client|app_?registration/

/**
 * Whether the event creates an identity or key that nobody else approved: a successful creation whose action or target
 * kind names one, without an approval. What a launch creates counts as seen when it acts.
 */
function createsIdentity(event: EventView): boolean {
  if (isApproved(event)) return false
  if (event.activity !== 'create' || hasFailed(event)) return false
  if (event.kind !== 'admin' && event.kind !== 'tool' && event.kind !== 'mcp' && event.kind !== 'a2a') return false
  const words = `${event.action} ${event.target_kind}`.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()
  return IDENTITY_NOUN.test(words.slice(words.indexOf(':') + 1))
}

/**
 * What a signal counts towards. A creation sends both, each with a separate counter, so that no signal can cross two
 * levels at once: what then fires does not depend on the order of arrival.
 */
const SEEN = 0
const CREATED = 1

/** -log10 of the probability of `n` in an hour at the key's usual rate; undefined if it has no history. */
function surpriseAt({ state, settings, windowStart }: Context, window: Window, n: number): number | undefined {
  const age = windowStart - state.since.value
  if (age < settings.history_ms) return undefined
  const mean = HALF_LIFE_MS / Math.LN2
  const hours = (mean * -Math.expm1(-age / mean)) / HOUR_MS
  const perHour = Math.max(0, state.usual.at(windowStart) - window.added.value) / hours
  return surpriseOf(gammaPoissonLogTail(n, 1, 1 / Math.max(perHour, 1e-3)))
}

function suspicionOf(context: Context, window: Window, level: number): Suspicion {
  const { signal, settings, state } = context
  const bound = settings.levels[level] as number
  const surprise = surpriseAt(context, window, bound)
  const usual = surprise !== undefined && surprise < -Math.log10(settings.usual_probability_min)
  const from = signal.key_kind === 'owner' ? `owner ${signal.key}` : `network ${signal.key}`
  const what = level === 0 ? 'identities were created' : 'new identities appeared'
  return {
    why: `At least ${bound} ${what} from ${from} within an hour${usual ? ', which is usual for it' : ''}.`,
    observed: { identities_new: window.seen.count, identities_created: window.created.count, from },
    expected: { identities_new_below: bound },
    ...(surprise === undefined ? {} : { surprise, learnedSince: state.since.value }),
    severity: usual ? 'info' : (SEVERITY[Math.min(level, SEVERITY.length - 1)] as Severity),
    level: String(bound),
    rooted: false,
    agent: signal.key,
    evidence: window.evidence.list(),
    evidenceCount: Math.max(window.seen.count, window.created.count),
  }
}

export const massRegistration = defineDetector({
  id: 'identity/mass-registration',
  version: 3,

  title: 'Many new identities from one place',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['owner', 'source_network']], learns_ms: 0 },
  techniques: ['T1136.003', 'AML.T0021', 'ASI10'],
  falsePositives: ['A platform launch, an import of users: raise levels for that tenant'],

  settings: Settings,
  key: 'identity',
  state: {},

  matches: () => true,
  step(context) {
    const { event, first } = context
    const created = createsIdentity(event)
    if (!first && !created) return undefined
    const name = created ? event.target || event.event_id : event.identity
    const fingerprint = hash32(name)
    for (const value of created ? [SEEN, CREATED] : [SEEN]) {
      if (event.owner !== '') context.send({ keyKind: 'owner', key: event.owner, fingerprint, value })
      if (isNetwork(event.source_network))
        context.send({ keyKind: 'source', key: event.source_network, fingerprint, value })
    }
    return undefined
  },

  second: {
    keys: ['owner', 'source'] satisfies Signal['key_kind'][],
    state: rest,
    window: { lengthMs: HOUR_MS, state: open },
    absorb(context) {
      const { signal, state, settings, time } = context
      if (state.since.value === 0 || time < state.since.value) state.since.value = time
      const window = context.openWindow()
      if (signal.value === CREATED) {
        if (window.created.add(signal.fingerprint)) window.evidence.add(context.evidence())
        if (window.createdReported.value > 0 || window.created.count < (settings.levels[0] as number)) return undefined
        window.createdReported.value = 1
        return suspicionOf(context, window, 0)
      }
      if (window.seen.add(signal.fingerprint)) {
        state.usual.add(time)
        window.added.value++
        if (window.evidence.length < 3) window.evidence.add(context.evidence())
      }
      const next = window.seenReported.value + 1
      if (next >= settings.levels.length || window.seen.count < (settings.levels[next] as number)) return undefined
      window.seenReported.value = next
      return suspicionOf(context, window, next)
    },
  },
})
