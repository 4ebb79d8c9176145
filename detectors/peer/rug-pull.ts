/**
 * Fires when a tool server or agent shows some callers another description than the rest: its long-known hash changes,
 * and the old one is still, or again, served an hour or more after the new one appeared.
 *
 * Why: a server is reviewed once and trusted from then on. One that changes what its tools say or do, for one agent or
 * for a night, has turned. A release looks different: the new hash comes and the old one goes.
 *
 * Misses: a server that changes for everybody and for good (that is a release, until somebody compares it), a change
 * within the first day of a server, and peers whose log source names no hash. A server that is rolled back within hours
 * is reported.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import { consequenceOf } from '../lib/consequence.ts'
import { type Absorb, type Decide, type Decision, defineDetector } from '../detector.ts'
import type { Handles } from '../lib/columns.ts'
import { recentSet } from '../lib/fields.ts'
import { list, placeAmongNewest } from '../lib/list.ts'
import type { Evidence } from '../../schemas/finding.ts'
import { shortText } from '../lib/short-text.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A hash is passed on once in this time for each identity. */
const SIGHT_MS = 10 * MINUTE_MS
/** Hashes held of a peer; of more, the one that came first goes. */
const HASHES = 12

const Settings = Type.Object({
  known_ms: Type.Integer({ default: DAY_MS, description: 'How long the old hash was there before the other came' }),
  settle_ms: Type.Integer({
    default: HOUR_MS,
    description:
      'A roll-out may serve both for so long: the old hash must be seen later than that after the other came',
  }),
})
type Settings = Type.Static<typeof Settings>

const rest = {
  /** When each hash was first seen. */
  hashes: list({ cap: HASHES, columns: { print: 'u32', first: 'f64' } }),
  /** The hash that came last, who saw it first, and that event as JSON. */
  newest: list({ cap: 1, columns: { print: 'u32', first: 'f64' } }),
  who: shortText({ bytes: 96 }),
  proof: shortText({ bytes: 640 }),
}
type State = Handles<typeof rest>
type Context = Absorb<Settings, typeof rest, Record<never, never>>

const placeOf = ({ hashes }: State, print: number): number => hashes.indexOf('print', print)

/** Takes a sight of a hash; of more than can be held, the oldest goes, in whichever order they come. False if it is not held. */
function takeSight({ state, signal, time }: Context): boolean {
  const { hashes } = state
  let place = placeOf(state, signal.fingerprint)
  if (place >= 0) {
    if (time < hashes.get('first', place)) hashes.set('first', place, time)
    return true
  }
  place = placeAmongNewest(hashes, 'first', time)
  if (place < 0) return false
  hashes.set('print', place, signal.fingerprint)
  hashes.set('first', place, time)
  return true
}

/** Remembers who saw the newest hash first. */
function keepNewest({ state, signal, time, evidence }: Context): void {
  const { newest, hashes } = state
  if (newest.length === 0) newest.push()
  const first = hashes.get('first', placeOf(state, signal.fingerprint))
  const isSame = newest.get('print', 0) === signal.fingerprint
  if (first !== time || (isSame ? time >= newest.get('first', 0) : time <= newest.get('first', 0))) return
  newest.set('print', 0, signal.fingerprint)
  newest.set('first', 0, time)
  state.who.value = signal.identity
  state.proof.value = JSON.stringify(evidence())
}

/** The event with which the newest hash came; none where its names were too long to keep. */
function proofOf(text: string): Evidence[] {
  return text.endsWith('}') ? [JSON.parse(text) as Evidence] : []
}

/** A hash that came while this one was known and did not replace it; -1 if there is none. */
function passing(state: State, print: number, time: number, { known_ms, settle_ms }: Settings): number {
  const { hashes } = state
  const mine = placeOf(state, print)
  const since = mine < 0 ? time : hashes.get('first', mine)
  for (let k = 0; k < hashes.length; k++) {
    const came = hashes.get('first', k)
    if (k !== mine && came - since >= known_ms && time - came >= settle_ms) return k
  }
  return -1
}

function decide({ candidate, state, settings }: Decide<Settings, typeof rest>): Decision {
  const { time, fingerprint, identity, key } = candidate
  const other = passing(state, fingerprint, time, settings)
  if (other < 0) return { fire: false }
  const came = state.hashes.get('first', other)
  const print = state.hashes.get('print', other)
  const isNewest = state.newest.get('print', 0) === print
  const who = isNewest ? state.who.value : identity
  const [peer = ''] = key.split('\u0000')
  const hours = Math.round(((time - came) / HOUR_MS) * 10) / 10
  return {
    fire: true,
    why: `${peer} showed ${isNewest ? who : 'somebody'} another description at ${new Date(came).toISOString().slice(0, 16)}Z, and the old one to ${identity} ${counted(hours, 'hour')} later: a release would have replaced the old one.`,
    observed: { peer, descriptions: state.hashes.length, old_one_seen_after_hours: hours, shown_to: who },
    expected: { descriptions_at_a_time: 1 },
    level: print.toString(16),
    agent: who,
    evidence: [...(isNewest ? proofOf(state.proof.value) : []), ...(candidate.suspicion.evidence ?? [])],
  }
}

export const rugPull = defineDetector({
  id: 'peer/rug-pull',
  version: 3,

  title: 'Tool server shows two descriptions',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['peer_hash'], ['peer']], learns_ms: 1 * 86_400_000 },
  techniques: ['T1195.002', 'AML.T0109', 'AML.T0110', 'ASI04'],
  falsePositives: ['A release that is rolled back, or rolled out over more than an hour: raise settle_ms'],

  settings: Settings,
  key: 'identity',
  state: {},
  window: { lengthMs: HOUR_MS, state: { sent: recentSet({ size: 3 }) } },

  matches: (event) => event.peer_hash !== '' && event.peer !== '',
  step({ event, time, send, openWindow }) {
    const fingerprint = hash32(event.peer_hash) || 1
    // One host serves many packages to those who install them: each has a separate hash.
    const part = consequenceOf(event) === 'write' || /install|add/i.test(event.action) ? event.target : ''
    const key = part === '' ? event.peer : `${event.peer}\u0000${part}`
    if (openWindow().sent.use(hash32(`${key} ${Math.floor(time / SIGHT_MS)}`, fingerprint))) return undefined
    send({ keyKind: 'peer', key, fingerprint })
    return undefined
  },

  second: {
    keys: ['peer'],
    state: rest,
    absorb(context) {
      if (takeSight(context)) keepNewest(context)
      return { why: '', observed: {}, expected: {}, rooted: false, evidence: [context.evidence()], later: true }
    },
    decide,
  },
})
