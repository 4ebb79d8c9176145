/**
 * Where an identity acts from: its networks, client software and credentials, and how often a new one comes.
 *
 * A new network or client is on trial for an hour before it is known, and for a day if a live suspicion doubts what is
 * done from there. Then it is known: a person was shown it, and it is still in use. What comes in the identity's first
 * day is its starting point and known at once.
 */
import type { EventView } from '../../schemas/event.ts'
import { hash32 } from '../../schemas/ids.ts'
import type { Handles } from '../lib/columns.ts'
import { counter, recentSet, small } from '../lib/fields.ts'
import { isIpv6, isNetwork, placeOf } from '../lib/networks.ts'
import { noveltyRate } from '../lib/rate.ts'
import { defineHabit, type Moment } from './habit.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const HALF_LIFE_MS = 14 * DAY_MS
/** How recently the other address family must have been used to count as in use at the same time. */
const BESIDE_MS = MINUTE_MS

/** Networks, clients and so on have fingerprints of their own kind; 0 where the event does not say. */
const NETWORK_SEED = 0x6e657477
const CLIENT_SEED = 0x636c6965
const printOf = (word: string, seed: number): number => (word === '' ? 0 : hash32(word, seed) || 1)

/**
 * A cloud service or console that acts for the identity names itself as client: it is not the identity's own client.
 */
const isClient = (event: EventView): boolean =>
  !event.user_agent_family.includes('.') && !/aws[- ]internal/i.test(event.user_agent)

const UNTIMED = 2

export interface Sources {
  /** Fingerprint of this event's network; 0 if it names none. */
  readonly network: number
  readonly client: number
  /** Not known yet; anything on trial is new. */
  readonly newNetwork: boolean
  readonly newClient: boolean
  /** Start of the trial that this event belongs to, in ms of event time; 0 if it belongs to none. */
  readonly trialSince: number
  /** The event comes from the network or client on trial. */
  readonly onTrial: boolean
  /** A network other than this event's is on trial since less than an hour. */
  readonly anotherOnTrial: boolean
  /** A known network was in use within a minute. */
  readonly beside: boolean
  /**
   * This network is of the address family that the identity did not use, while the same client, version included, uses a
   * known network of the other one with the same credential: the second way out of one machine.
   */
  readonly secondFamily: boolean
  readonly networks: number
  readonly clients: number
  /** ln of the probability that a day brings a new network. */
  newNetworkLogProbability(): number
}

const state = {
  networks: recentSet({ size: 8 }),
  clients: recentSet({ size: 4 }),
  /** New ones after the first day. */
  novelty: noveltyRate({ halfLifeMs: HALF_LIFE_MS }),
  trialNetwork: counter(),
  trialClient: counter(),
  /** Since when, in minutes since 1970. */
  trialMinute: counter(),
  /** 1: an act from there was doubted. UNTIMED: it has no valid time, so the passage of time never makes it known. */
  trialDoubted: small(),
  /** Client, version and credential last seen in a known network, its family, and when, in seconds since 1970. */
  known: counter(),
  knownSecond: counter(),
  knownIpv6: small(),
}

const networkOf = (network: string): number => (isNetwork(network) ? printOf(placeOf(network), NETWORK_SEED) : 0)

type State = Handles<typeof state>

/** What readers see, as it is written here. */
type View = { -readonly [K in keyof Sources]: Sources[K] }

/** The client as it acts: its version and credential included. */
const agentOf = (event: EventView): number => hash32(event.credential, hash32(event.user_agent)) || 1

/** Ends the trial without a word on what was on it. */
function endTrial(s: State): void {
  s.trialNetwork.value = 0
  s.trialClient.value = 0
  s.trialMinute.value = 0
  s.trialDoubted.value = 0
}

/** Makes what is on trial known, if its time is over. */
function adopt(s: State, time: number): void {
  const since = s.trialMinute.value * MINUTE_MS
  if (since === 0 || time - since < (s.trialDoubted.value === 0 ? HOUR_MS : DAY_MS)) return
  const isUntimed = s.trialDoubted.value === UNTIMED
  if (s.trialNetwork.value !== 0 && !isUntimed) {
    s.networks.use(s.trialNetwork.value)
    // What looked like a theft says nothing of how often the identity itself moves.
    if (s.trialDoubted.value === 0) s.novelty.add(since)
  }
  if (s.trialClient.value !== 0 && !isUntimed) s.clients.use(s.trialClient.value)
  endTrial(s)
}

/** Puts what is new on trial. A trial that nobody doubts makes room for the next. */
function putOnTrial(s: State, view: View, time: number): void {
  // A doubted source stays unknown; its place is needed for the next one.
  if (view.trialSince === 0) {
    endTrial(s)
    s.trialMinute.value = Math.max(1, Math.floor(time / MINUTE_MS))
  }
  if (view.newNetwork && s.trialNetwork.value !== view.network) {
    if (s.trialNetwork.value !== 0 && s.trialDoubted.value === 0) {
      s.networks.use(s.trialNetwork.value)
      s.novelty.add(time)
    }
    s.trialNetwork.value = view.network
  }
  if (view.newClient) s.trialClient.value = view.client
}

function look(s: State, view: View, { event, time }: Moment): void {
  adopt(s, time)
  const network = networkOf(event.source_network)
  const client = printOf(event.user_agent_family, CLIENT_SEED)
  view.network = network
  view.client = client
  view.newNetwork = network !== 0 && !s.networks.has(network)
  // Checked last and only for unknown ones: a name that is no client never becomes a known one.
  view.newClient = client !== 0 && !s.clients.has(client) && isClient(event)
  view.onTrial =
    (view.newNetwork && network === s.trialNetwork.value) || (view.newClient && client === s.trialClient.value)
  const held = s.trialMinute.value * MINUTE_MS
  const isNear = Math.abs(time - held) <= HOUR_MS
  view.anotherOnTrial = isNear && s.trialNetwork.value !== 0 && s.trialNetwork.value !== network
  // Another source that appears more than an hour after the one on trial, or while that one is doubted, is judged separately.
  const belongs = view.onTrial || (isNear && !(view.newNetwork && s.trialDoubted.value !== 0))
  view.trialSince = belongs ? held : 0
  view.beside = s.known.value !== 0 && Math.abs(time - s.knownSecond.value * 1000) <= BESIDE_MS
  view.secondFamily =
    view.newNetwork &&
    view.beside &&
    (s.knownIpv6.value === 1) !== isIpv6(event.source_network) &&
    s.known.value === agentOf(event)
}

function teach(s: State, [network = 0, client = 0]: readonly number[], known: boolean): void {
  if (known && network !== 0) s.networks.use(network)
  if (known && client !== 0) s.clients.use(client)
  if (network !== 0 && network === s.trialNetwork.value) s.trialNetwork.value = 0
  if (client !== 0 && client === s.trialClient.value) s.trialClient.value = 0
  if (s.trialNetwork.value === 0 && s.trialClient.value === 0) endTrial(s)
}

function learn(s: State, view: View, { event, time, since, believed }: Moment, doubted: boolean): void {
  if (doubted) {
    if (view.newNetwork || view.newClient) {
      putOnTrial(s, view, time)
      s.trialDoubted.value = believed ? Math.max(1, s.trialDoubted.value) : UNTIMED
    }
    return
  }
  // An event whose own time is believed restarts the trial.
  if (s.trialDoubted.value === UNTIMED && view.onTrial) view.trialSince = 0
  const first = time - since < DAY_MS
  if ((view.newNetwork || view.newClient) && !first && !view.secondFamily) {
    putOnTrial(s, view, time)
    return
  }
  if (view.network !== 0) s.networks.use(view.network)
  if (view.newClient || (view.client !== 0 && s.clients.has(view.client))) s.clients.use(view.client)
  if (view.network === 0) return
  s.known.value = agentOf(event)
  s.knownSecond.value = time / 1000
  s.knownIpv6.value = isIpv6(event.source_network) ? 1 : 0
}

export const sources = defineHabit<Sources, typeof state>({
  id: 'sources',
  version: 1,
  state,
  open({ state: s }) {
    let [time, since] = [0, 0]
    const view: View = {
      network: 0,
      client: 0,
      newNetwork: false,
      newClient: false,
      trialSince: 0,
      onTrial: false,
      anotherOnTrial: false,
      beside: false,
      secondFamily: false,
      get networks() {
        return s.networks.size
      },
      get clients() {
        return s.clients.size
      },
      newNetworkLogProbability: () => s.novelty.logProbability(DAY_MS, time, since, 1),
    }
    return {
      view,
      look(moment) {
        time = moment.time
        since = moment.since
        look(s, view, moment)
      },
      novel: () => [view.newNetwork ? view.network : 0, view.newClient ? view.client : 0],
      teach: (novelty, known) => teach(s, novelty, known),
      learn: (moment, doubted) => learn(s, view, moment, doubted),
    }
  },
})
