/**
 * Fires when agents of at least three owners write to one and the same place within ten minutes, again and again: the third
 * such round within about a day.
 *
 * Why: agents of different teams have nothing to write to one document in lock-step. Two who take turns, as a relay between
 * two teams does, are not told; a board on which many meet by the clock is a channel that nobody set up.
 *
 * Misses: agents of one owner; messages by other ways than a common target (see peer/known-agent-network); fewer than three
 * rounds a day; what a platform that all teams write to (a build store) does once, which is one round.
 */
import Type from 'typebox'
import { counted } from '../../schemas/counted.ts'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { consequenceOf } from '../lib/consequence.ts'
import { evidenceList } from '../lib/evidence.ts'
import { decayedCount, distinct, recentSet, small } from '../lib/fields.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const ROUND_MS = 10 * MINUTE_MS
/** Owners counted of a round. */
const OWNERS = 8

const Settings = Type.Object({
  owners_min: Type.Integer({
    default: 3,
    minimum: 2,
    maximum: OWNERS,
    description: 'Owners whose agents make a round',
  }),
  rounds_min: Type.Number({ default: 2.5, minimum: 1, description: 'Rounds, each halved after a day' }),
})

const writes = (event: EventView): boolean => {
  if (event.activity === 'create' || event.activity === 'update') return true
  const consequence = consequenceOf(event)
  return consequence === 'write' || consequence === 'send'
}

export const covertCoordination = defineDetector({
  id: 'peer/covert-coordination',
  version: 1,

  title: 'Agents of several owners write to one target in lockstep',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['owner'], ['target']], learns_ms: 0 },
  techniques: ['AML.T0108', 'ASI07', 'ASI10'],
  falsePositives: ['Schedulers and orchestrators of several teams that report to one board: raise owners_min'],

  settings: Settings,
  key: 'identity',
  state: {},
  window: { lengthMs: HOUR_MS, state: { sent: recentSet({ size: 1 }) } },

  matches: (event) =>
    event.principal_kind === 'agent' &&
    event.owner !== '' &&
    event.target !== '' &&
    event.outcome !== 'denied' &&
    writes(event),
  step({ event, time, send, openWindow }) {
    if (openWindow().sent.use(hash32(`${event.target} ${Math.floor(time / ROUND_MS)}`))) return undefined
    send({ keyKind: 'target', key: event.target, fingerprint: hash32(event.owner) || 1 })
    return undefined
  },

  second: {
    keys: ['target'],
    state: { rounds: decayedCount({ halfLifeMs: DAY_MS }) },
    window: {
      lengthMs: ROUND_MS,
      state: { owners: distinct({ exact: OWNERS }), round: small(), evidence: evidenceList({ bytes: 700 }) },
    },
    absorb({ signal, state, settings, time, windowStart, openWindow, evidence }) {
      const window = openWindow()
      if (window.owners.add(signal.fingerprint)) window.evidence.add(evidence())
      if (window.owners.count < settings.owners_min || window.round.value === 1) return undefined
      window.round.value = 1
      state.rounds.add(windowStart)
      const rounds = state.rounds.at(windowStart)
      if (rounds < settings.rounds_min) return undefined
      return {
        why: `Agents of ${window.owners.count} owners wrote to ${signal.key} within ten minutes, at least ${counted(Math.round(rounds), 'time')} within about a day, most recently ${signal.identity}.`,
        observed: { owners: window.owners.count, rounds, target: signal.key },
        expected: { owners_max: settings.owners_min - 1, rounds_below: settings.rounds_min },
        // Once a day for each place.
        window: Math.floor(time / DAY_MS),
        rooted: false,
        agent: signal.identity,
        evidence: window.evidence.list(),
      }
    },
  },
})
