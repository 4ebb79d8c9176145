/**
 * Fires when failures spread along a call chain: within one trace at least three identities fail or are refused, at two
 * different things at least, although none of them fails every hour.
 *
 * Why: an agent that passes on a wrong answer, a withdrawn right or a poisoned task makes everything that works for it
 * fail, and each failure alone looks like a separate error. If all fail at the same thing, that thing is down, which
 * its operator reports and not this detector.
 *
 * Misses: log sources without traces; agents that pass on a wrong result as a success; failures of callers that always
 * fail; chains of two.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { defineDetector } from '../detector.ts'
import { pace } from '../habits/pace.ts'
import { evidenceList } from '../lib/evidence.ts'
import { distinct } from '../lib/fields.ts'
import { hasFailed } from '../lib/outcome.ts'

const HOUR_MS = 3_600_000
const COUNTED = 8

const Settings = Type.Object({
  identities_min: Type.Integer({ default: 3, minimum: 2, maximum: COUNTED, description: 'Identities that fail' }),
  things_min: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: COUNTED,
    description: 'Different things at which they fail; one alone is an outage',
  }),
  usual_max: Type.Number({
    default: 2,
    description: 'Failures in a usual active hour from which failing is normal for an identity',
  }),
})

export const cascade = defineDetector({
  id: 'lateral/cascade',
  version: 1,

  title: 'Failures that spread from agent to agent',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['trace'], ['outcome'], ['target', 'peer']], learns_ms: 0 },
  techniques: ['T1499', 'ASI08'],
  falsePositives: ['Two shared services that are down at once; a permission that is revoked from a whole workflow'],

  settings: Settings,
  key: 'identity',
  uses: { pace },
  state: {},

  matches: (event) => event.trace !== '' && hasFailed(event) && (event.peer !== '' || event.target !== ''),
  step({ event, habits, settings, send }) {
    if (habits.pace.usual('failures').mean >= settings.usual_max) return undefined
    const thing = hash32(event.peer || event.target)
    send({ keyKind: 'trace', key: event.trace, fingerprint: hash32(event.identity) || 1, value: thing })
    return undefined
  },

  second: {
    keys: ['trace'],
    state: {},
    window: {
      lengthMs: HOUR_MS,
      state: {
        identities: distinct({ exact: COUNTED }),
        things: distinct({ exact: COUNTED }),
        evidence: evidenceList({ bytes: 700 }),
      },
    },
    absorb({ signal, settings, openWindow, evidence }) {
      const { identities, things, evidence: shown } = openWindow()
      if (identities.add(signal.fingerprint)) shown.add(evidence())
      things.add(signal.value)
      if (identities.count < settings.identities_min || things.count < settings.things_min) return undefined
      return {
        why: `${identities.count} identities failed in one trace (${signal.key}), at ${things.count} different things: the failure spread from one to the next, most recently to ${signal.identity}.`,
        observed: { identities: identities.count, things: things.count, trace: signal.key },
        expected: { identities_max: settings.identities_min - 1 },
        rooted: false,
        agent: signal.identity,
        evidence: shown.list(),
      }
    },
  },
})
