/**
 * Fires when an identity acts on behalf of a longer chain than ever before, and nobody of its owner had one before:
 * work that went through one more hand.
 *
 * Why: each hand of a chain lends its rights to the next. An agent reached through another, which is reached through a
 * third, does with its own rights what the first was never allowed to do.
 *
 * Misses: a chain of the usual length with other hands; log sources that name only the last hand; the first three days
 * of an identity. A new orchestrator that lengthens all chains of an owner is reported only at its first identity.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { small } from '../lib/fields.ts'
import { nobodyBefore } from '../lib/nobody-before.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  length_min: Type.Integer({ default: 3, minimum: 2, description: 'Hands of a chain below which nothing fires' }),
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before a length counts as new' }),
})

export const delegationChain = defineDetector({
  id: 'lateral/delegation-chain',
  version: 1,

  title: 'Delegation chain longer than ever before',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['on_behalf_of']], learns_ms: 5 * 86_400_000 },
  techniques: ['T1199', 'T1548.005', 'ASI03', 'ASI07'],
  falsePositives: ['A new orchestrator: fires once, at the first identity that it reaches'],

  settings: Settings,
  key: 'identity',
  state: { longest: small() },

  matches: (event) => event.on_behalf_of.length > 0,
  step({ event, time, since, state, settings, send }) {
    const { length } = event.on_behalf_of
    if (length <= state.longest.value) return undefined
    const before = state.longest.value
    state.longest.value = length
    const key = event.owner === '' ? event.identity : event.owner
    const fingerprint = hash32(event.identity)
    if (length >= settings.length_min) send({ keyKind: 'owner', key, fingerprint, value: length })
    if (length < settings.length_min || time - since < settings.history_ms) return undefined
    const chain = event.on_behalf_of.join(' > ')
    return {
      why: `${event.identity} acted for the delegation chain ${chain}, of ${length} hands; before, it never acted for more than ${before}.`,
      observed: { hands: length, chain, action: event.action },
      expected: { hands_max: before },
      learnedSince: since,
      ask: { keyKind: 'owner', key, fingerprint, value: length },
    }
  },

  second: nobodyBefore('owner', 'reached', { observed: { others_reached_before: 0 } }),
})
