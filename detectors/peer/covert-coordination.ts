/**
 * Fires when agents of at least three owners write to one and the same place within ten minutes, again and again: the third
 * such round on one day (UTC).
 *
 * Why: agents of different teams have nothing to write to one document in lock-step. Two who take turns, as a relay between
 * two teams does, are not told; a board on which many meet by the clock is a channel that nobody set up.
 *
 * Rounds are counted by fixed days, because only a count that grows alone crosses its threshold in any order of arrival: a
 * weight that decays depends on which round was complete first.
 *
 * Misses: agents of one owner; messages by other ways than a common target (see peer/known-agent-network); fewer than three
 * rounds a day, or as many on both sides of midnight; what a platform that all teams write to (a build store) does once,
 * which is one round.
 */
import Type from 'typebox'
import { counted } from '../../schemas/counted.ts'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import type { Handles } from '../lib/columns.ts'
import { consequenceOf } from '../lib/consequence.ts'
import { evidenceList } from '../lib/evidence.ts'
import { distinct, recentSet, small } from '../lib/fields.ts'
import { list, placeAmongNewest } from '../lib/list.ts'

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
  rounds_min: Type.Number({ default: 3, minimum: 1, description: 'Rounds on one day (UTC)' }),
})

/** Days kept of a place: rounds may come in any order within as many. */
const DAYS = 32
const rest = { days: list({ cap: DAYS, columns: { day: 'u16', rounds: 'u8' } }) }
const ROUNDS_COUNTED = 255

/** Counts one more round of a day, and answers how many it has; 0 for a day that is no longer kept. */
function addRound({ days }: Handles<typeof rest>, day: number): number {
  let at = days.indexOf('day', day)
  if (at < 0) {
    at = placeAmongNewest(days, 'day', day)
    if (at < 0) return 0
    days.set('day', at, day)
    days.set('rounds', at, 0)
  }
  const rounds = Math.min(ROUNDS_COUNTED, days.get('rounds', at) + 1)
  days.set('rounds', at, rounds)
  return rounds
}

const writes = (event: EventView): boolean => {
  if (event.activity === 'create' || event.activity === 'update') return true
  const consequence = consequenceOf(event)
  return consequence === 'write' || consequence === 'send'
}

export const covertCoordination = defineDetector({
  id: 'peer/covert-coordination',
  version: 3,

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
    state: rest,
    window: {
      lengthMs: ROUND_MS,
      state: { owners: distinct({ exact: OWNERS }), round: small(), evidence: evidenceList({ bytes: 700 }) },
    },
    absorb({ signal, state, settings, time, openWindow, evidence }) {
      const window = openWindow()
      if (window.owners.add(signal.fingerprint)) window.evidence.add(evidence())
      if (window.owners.count < settings.owners_min || window.round.value === 1) return undefined
      window.round.value = 1
      const day = Math.floor(time / DAY_MS)
      const rounds = addRound(state, day)
      if (rounds < settings.rounds_min) return undefined
      return {
        why: `Agents of ${window.owners.count} owners wrote to ${signal.key} within ten minutes, ${counted(rounds, 'time')} on one day, most recently ${signal.identity}.`,
        observed: { owners: window.owners.count, rounds, target: signal.key },
        expected: { owners_max: settings.owners_min - 1, rounds_below: settings.rounds_min },
        // Once a day for each place.
        window: day,
        rooted: false,
        agent: signal.identity,
        evidence: window.evidence.list(),
      }
    },
  },
})
