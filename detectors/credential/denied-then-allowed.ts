/**
 * Fires when a run of refused logins ends in success: many refusals of one identity from one network that it never
 * worked from, then an allowed act from there; or a few refusals for each of many identities from one network, then one
 * success.
 *
 * Why: attackers guess, buy and try passwords and keys. A person who mistypes a password does so from a usual place and
 * soon stops. An attacker who tries a list comes from elsewhere and continues until one fits.
 *
 * Misses: guessing from the victim's own network; a fresh network for each attempt; a success in the log of another
 * source that names the network differently. A key that expired and was renewed is excluded on purpose.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { actWords, hasWord, wordSet } from '../lib/act-words.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { learned } from '../lib/columns.ts'
import { counter, earliest, recentSet, small } from '../lib/fields.ts'
import { isNetwork } from '../lib/networks.ts'
import { hasFailed } from '../lib/outcome.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const Settings = Type.Object({
  denials_min: Type.Integer({
    default: 8,
    minimum: 2,
    description: 'Refused logins from the network before it is allowed',
  }),
  denials_high: Type.Integer({ default: 20, minimum: 2, description: 'Refused logins from which it is high' }),
  run_ms: Type.Integer({
    default: 48 * HOUR_MS,
    description: 'The longest time between two refusals of one run, and between the last and the success',
  }),
  sprayed_min: Type.Integer({
    default: 5,
    minimum: 2,
    description: 'Other identities refused from the network before, that make a list being tried',
  }),
})

const LOGIN = wordSet('login signin logon auth authenticate authentication token password mfa otp sso session')
const EXPIRED = /expir/i

const isLogin = (event: EventView): boolean => event.kind === 'auth' || hasWord(actWords(event), LOGIN)
const isRefused = (event: EventView): boolean => isLogin(event) && hasFailed(event) && !EXPIRED.test(event.error)

export const deniedThenAllowed = defineDetector({
  id: 'credential/denied-then-allowed',
  version: 3,

  title: 'Repeatedly denied, then allowed',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['outcome']], learns_ms: 0 },
  techniques: ['T1110.004', 'ASI03'],
  falsePositives: ['Somebody who forgot the password on the first day in a new place'],

  settings: Settings,
  key: 'identity',
  state: {
    /** Networks from which something was allowed without a run of refusals before. */
    good: learned(recentSet({ size: 4 })),
    network: counter(),
    denials: small(),
    minute: counter(),
  },

  matches: (event) =>
    isNetwork(event.source_network) && !isAnonymous(event) && (event.outcome === 'success' || isRefused(event)),
  step({ event, time, late, state, settings, send }) {
    if (late) return undefined
    const network = hash32(event.source_network) || 1
    const isSame = network === state.network.value && time - state.minute.value * MINUTE_MS <= settings.run_ms
    if (event.outcome !== 'success') {
      if (state.good.has(network)) return undefined
      if (!isSame) state.denials.value = 0
      state.network.value = network
      state.minute.value = Math.floor(time / MINUTE_MS)
      state.denials.value++
      send({ keyKind: 'source', key: event.source_network, fingerprint: hash32(event.identity) })
      return undefined
    }
    const denials = isSame ? state.denials.value : 0
    if (!isSame || denials === 0) {
      state.good.use(network)
      return undefined
    }
    state.denials.value = 0
    const isRun = denials >= settings.denials_min
    if (!isRun) state.good.use(network)
    const suspicion = {
      why: `${event.identity} was refused ${counted(denials, 'time')} from ${event.source_network}, a network that it never worked from, and was then allowed (${event.action}).`,
      observed: { denials, network: event.source_network, action: event.action },
      expected: { denials_max: settings.denials_min - 1 },
      severity: denials >= settings.denials_high ? ('high' as const) : ('medium' as const),
    }
    if (isRun) return suspicion
    return {
      ...suspicion,
      ask: { keyKind: 'source' as const, key: event.source_network, fingerprint: hash32(event.identity) },
    }
  },

  second: {
    keys: ['source'],
    state: { refused: earliest({ size: 24 }) },
    absorb({ signal, state, time, tie }) {
      state.refused.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state, settings }) {
      const others = state.refused.countBefore(candidate.time, candidate.tie, candidate.fingerprint)
      if (others < settings.sprayed_min) return { fire: false }
      return {
        fire: true,
        severity: 'high',
        why: `${candidate.identity} was refused and then allowed from a network where at least ${counted(others, 'other identity was', 'other identities were')} refused before: somebody is trying a list of credentials.`,
        observed: { others_refused: others },
      }
    },
  },
})
