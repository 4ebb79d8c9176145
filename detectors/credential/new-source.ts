/**
 * Fires when a known identity acts from a network, or through client software, that it never used. Either alone is
 * medium or low. High is a new network together with something else new within an hour: the client, an action that the
 * identity never did, or, where it is no person, a second network. Before it fires, the second half asks whether other owners of the same group already use
 * the source: a new egress address that others have used for a while is the platform's, not a thief's.
 *
 * Why: who steals a credential uses it from his own machine and with his own tools, and wants something that its owner
 * does not do. An identity that changes its network all the time has a high rate of novelty of its own, and the change
 * says nothing: the probability of a new source on a day must be small (Gamma-Poisson) for anything to fire.
 *
 * Misses: a thief inside the victim's network and client (a hijacked agent, its own proxy); the first days of an
 * identity; addresses that the log does not carry; a source that three other owners have used for an hour.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Step, type Suspicion } from '../detector.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { counter, earliest, recentSet, small } from '../lib/fields.ts'
import { seenFilter } from '../lib/filter.ts'
import { gammaPoissonLogTail, surpriseOf } from '../lib/maths.ts'
import { isNetwork } from '../lib/networks.ts'
import { decayedProfile } from '../lib/profile.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const NOVELTY_HALF_LIFE_MS = 14 * DAY_MS

const Settings = Type.Object({
  warm_up_ms: Type.Integer({ default: 2 * DAY_MS, minimum: 0, description: 'Age of an identity before it is judged' }),
  warm_up_events: Type.Integer({ default: 20, minimum: 1, maximum: 255, description: 'Events before it is judged' }),
  rare_probability_max: Type.Number({
    default: 0.1,
    description: 'Where a day brings a new network with at most this probability, one alone is medium',
  }),
  odd_probability_max: Type.Number({
    default: 0.25,
    description: 'Where with at most this one, it is nothing alone, and high with something else that is new',
  }),
  usual_probability_min: Type.Number({
    default: 0.4,
    description: 'Where with at least this one, it means nothing; in between, medium with something else that is new',
  }),
  follow_ms: Type.Integer({
    default: HOUR_MS,
    description: 'How long after a new source anything else that is new belongs to it',
  }),
  adopt_ms: Type.Integer({ default: DAY_MS, description: 'How long after its first use a reported source is known' }),
  peer_owners_min: Type.Integer({
    default: 3,
    minimum: 1,
    description: 'Other owners whose use of it explains a source',
  }),
  peer_age_ms: Type.Integer({
    default: HOUR_MS,
    description: 'They must have used it this long before: who tries a list of stolen credentials is no crowd of peers',
  }),
})

const rest = {
  networks: recentSet({ size: 6 }),
  clients: recentSet({ size: 4 }),
  /** What it did, to tell a first action. */
  actions: seenFilter({ bytes: 48 }),
  /** New networks after the first day, those that were strange enough to page left out. */
  novelty: decayedProfile({ halfLifeMs: NOVELTY_HALF_LIFE_MS, dimensions: 0 }),
  /** Stops at 255. */
  events: small(),
  /** The new source in hand: not learned until it is adopted. 0: none. */
  suspectNetwork: counter(),
  suspectClient: counter(),
  /** When it was first seen, in minutes since 1970. */
  suspectMinute: counter(),
  /** Level already reported of it, an index of LEVELS. */
  suspectLevel: small(),
}
const open = { evidence: evidenceList({ bytes: 320 }) }
const LEVELS = ['', 'low', 'medium', 'high'] as const
const LOW = 1
const MEDIUM = 2
const HIGH = 3

type Context = Step<Type.Static<typeof Settings>, typeof rest, typeof open>

/** A cloud service or console that acts in the identity's place names itself as client: that is no client of its own. */
const isClient = (event: EventView): boolean =>
  !event.user_agent_family.includes('.') && !/aws[- ]internal/i.test(event.user_agent)

/** Networks and clients have fingerprints of their own kind; 0 where the event does not say. */
const NETWORK_SEED = 0x6e657477
const CLIENT_SEED = 0x636c6965
const printOf = (word: string, seed: number): number => (word === '' ? 0 : hash32(word, seed) || 1)

interface Source {
  readonly network: number
  readonly client: number
  readonly newNetwork: boolean
  readonly newClient: boolean
}

function sourceOf({ event, state }: Context): Source {
  const network = isNetwork(event.source_network) ? printOf(event.source_network, NETWORK_SEED) : 0
  const client = printOf(event.user_agent_family, CLIENT_SEED)
  return {
    network,
    client,
    newNetwork: network !== 0 && !state.networks.has(network),
    // Asked last, and of unknown ones alone: what is no client never becomes a known one.
    newClient: client !== 0 && !state.clients.has(client) && isClient(event),
  }
}

const groupKey = (event: EventView, kind: 'network' | 'client'): string =>
  `${event.principal_kind}/${event.role}/${kind}/${kind === 'network' ? event.source_network : event.user_agent_family}`

/**
 * First uses are sent during warm-up too, and again when a source has been forgotten: evidence for others. A reported
 * source stays unknown for a day; its first use has been sent.
 */
function sendFirstUses(context: Context, source: Source): void {
  const { event, state } = context
  const fingerprint = hash32(event.owner)
  if (source.newNetwork && source.network !== state.suspectNetwork.value) {
    context.send({ keyKind: 'source', key: groupKey(event, 'network'), fingerprint })
  }
  if (source.newClient && source.client !== state.suspectClient.value) {
    context.send({ keyKind: 'source', key: groupKey(event, 'client'), fingerprint })
  }
}

function learn({ event, state, time, since }: Context, source: Source): void {
  // The networks of the first day are where it starts from, not a habit of changing them.
  if (source.newNetwork && time - since >= DAY_MS) state.novelty.add([], time)
  if (source.network !== 0) state.networks.use(source.network)
  if (source.newClient || (source.client !== 0 && state.clients.has(source.client))) state.clients.use(source.client)
  state.actions.add(hash32(event.action))
}

/** The reported source becomes known: it was shown to a person, and it stays in use or its occasion is over. */
function adopt({ state }: Context): void {
  if (state.suspectMinute.value === 0) return
  if (state.suspectNetwork.value !== 0) {
    state.networks.use(state.suspectNetwork.value)
    // What looked like theft says nothing of how often the identity itself moves.
    if (state.suspectLevel.value < HIGH) state.novelty.add([], state.suspectMinute.value * MINUTE_MS)
  }
  if (state.suspectClient.value !== 0) state.clients.use(state.suspectClient.value)
  state.suspectNetwork.value = 0
  state.suspectClient.value = 0
  state.suspectMinute.value = 0
  state.suspectLevel.value = 0
}

/** ln of the probability that a day of this identity brings a new network: Gamma(0.5, 5 days) before anything is known. */
function dailyLogProbability({ state, time, since }: Context): number {
  const mean = NOVELTY_HALF_LIFE_MS / Math.LN2
  const exposureDays = (mean * -Math.expm1(-Math.max(0, time - since) / mean)) / DAY_MS
  return gammaPoissonLogTail(1, 0.5 + state.novelty.weightAt(time), 5 + exposureDays)
}

/** What a new network is worth: the less, the more often this identity moves. */
function networkPoints({ settings }: Context, logProbability: number): number {
  if (logProbability <= Math.log(settings.rare_probability_max)) return 4
  if (logProbability <= Math.log(settings.odd_probability_max)) return 3
  return logProbability < Math.log(settings.usual_probability_min) ? 2 : 0
}

/** A new client alone is low; a network of somebody who moves now and then needs company to be anything. */
function levelOf(points: number, newClient: boolean): number {
  if (points >= 4) return points >= 5 ? HIGH : MEDIUM
  return newClient ? LOW : 0
}

function suspect(context: Context, source: Source, logProbability: number): Suspicion | undefined {
  const { event, state, settings, time } = context
  const newAction = !state.actions.has(hash32(event.action))
  const inTime = Math.abs(time - state.suspectMinute.value * MINUTE_MS) <= settings.follow_ms
  const network = source.newNetwork ? networkPoints(context, logProbability) : 0
  // People walk from one network into the next; a machine that does hides behind many.
  const roams = event.principal_kind !== 'person' && inTime && state.suspectNetwork.value !== 0
  const another = network > 0 && roams && state.suspectNetwork.value !== source.network
  const extra = (source.newClient ? 2 : 0) + (newAction && inTime ? (network > 0 ? 2 : 1) : 0) + (another ? 1 : 0)
  const level = levelOf(network + extra, source.newClient)
  if (source.newNetwork) state.suspectNetwork.value = source.network
  if (source.newClient) state.suspectClient.value = source.client
  if (level <= state.suspectLevel.value) return undefined
  state.suspectLevel.value = level
  const { evidence } = context.openWindow()
  const shown = evidenceOf(event)
  evidence.add(shown)
  const before = evidence.list().filter((e) => e.event_id !== shown.event_id)
  const severity = LEVELS[level] as 'low' | 'medium' | 'high'
  const novel = [
    ...(source.newNetwork ? [`network ${event.source_network}`] : []),
    ...(source.newClient ? [`client ${event.user_agent_family}`] : []),
    ...(newAction && inTime ? [`action ${event.action}`] : []),
  ]
  return {
    why: `${event.identity} used ${novel.join(' and ')}, which it never used since it is watched.`,
    observed: {
      new: novel,
      source_address: event.source_address,
      user_agent: event.user_agent,
      credential: event.credential,
    },
    expected: {
      known_networks: state.networks.size,
      known_clients: state.clients.size,
      new_network_a_day: Math.exp(logProbability),
    },
    surprise: surpriseOf(logProbability),
    severity,
    level: severity,
    learnedSince: context.since,
    evidence: [...before, shown],
    ask: {
      keyKind: 'source',
      key: groupKey(event, source.newNetwork ? 'network' : 'client'),
      fingerprint: hash32(event.owner),
    },
  }
}

export const newSource = defineDetector({
  id: 'credential/new-source',
  version: 1,

  title: 'Credential used from a new source',
  severity: 'medium',
  mode: 'live',
  techniques: ['T1078.004', 'T1552.005', 'AML.T0091.000', 'ASI03'],
  falsePositives: [
    'A move to another network or client: peers of other owners explain a shared one, the rest is known after a day',
    'A new integration that brings its own address',
  ],

  settings: Settings,
  key: 'identity',
  state: rest,
  window: { lengthMs: HOUR_MS, state: open },

  matches: (event) =>
    event.action !== 'user.message' &&
    (isNetwork(event.source_network) || (event.source_network === '' && event.user_agent_family !== '')),
  step(context) {
    const { state, settings, time, since } = context
    let source = sourceOf(context)
    if (source.newNetwork || source.newClient) sendFirstUses(context, source)
    const warm = time - since >= settings.warm_up_ms && state.events.value >= settings.warm_up_events
    if (state.events.value < 255) state.events.value++
    const suspectSince = state.suspectMinute.value * MINUTE_MS
    if (suspectSince > 0 && time - suspectSince >= settings.adopt_ms) {
      adopt(context)
      source = sourceOf(context)
    }
    if (!warm || (!source.newNetwork && !source.newClient)) {
      learn(context, source)
      return undefined
    }
    const logProbability = dailyLogProbability(context)
    const held =
      state.suspectMinute.value > 0 &&
      (!source.newNetwork || source.network === state.suspectNetwork.value) &&
      (!source.newClient || source.client === state.suspectClient.value)
    if (!held) {
      if (!source.newClient && networkPoints(context, logProbability) === 0) {
        learn(context, source)
        return undefined
      }
      const sameOccasion = state.suspectMinute.value > 0 && time - suspectSince <= settings.follow_ms
      if (!sameOccasion) {
        adopt(context)
        state.suspectMinute.value = Math.max(1, Math.floor(time / MINUTE_MS))
      }
    }
    return suspect(context, sourceOf(context), logProbability)
  },

  second: {
    keys: ['source'],
    state: { owners: earliest({ size: 8 }) },
    absorb({ signal, state, time, tie }) {
      state.owners.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state, settings }) {
      const before = candidate.time - settings.peer_age_ms
      const peers = state.owners.countBefore(before, candidate.tie, candidate.fingerprint)
      if (peers >= settings.peer_owners_min) return { fire: false }
      return { fire: true, observed: { other_owners_there_before: peers } }
    },
  },
})
