/**
 * Where an identity acts from: its networks, its client software and its credentials, and how often a new one comes.
 *
 * A new network or client is on trial for an hour before it is known, and for a day where a live suspicion doubts what is
 * done from there. Then it is known: it was shown to a person, and it is still in use. What comes in the identity's first
 * day is where it starts from, and known at once.
 */
import type { EventView } from '../../schemas/event.ts'
import { hash32 } from '../../schemas/ids.ts'
import { counter, recentSet, small } from '../lib/fields.ts'
import { isIpv6, isNetwork, placeOf } from '../lib/networks.ts'
import { noveltyRate } from '../lib/rate.ts'
import { defineHabit, type Moment } from './habit.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const HALF_LIFE_MS = 14 * DAY_MS
/** How long before the other address family may have been used to count as in use beside it. */
const BESIDE_MS = MINUTE_MS

/** Networks, clients and so on have fingerprints of their own kind; 0 where the event does not say. */
const NETWORK_SEED = 0x6e657477
const CLIENT_SEED = 0x636c6965
const printOf = (word: string, seed: number): number => (word === '' ? 0 : hash32(word, seed) || 1)

/** A cloud service or console that acts in the identity's place names itself as client: that is no client of its own. */
const isClient = (event: EventView): boolean =>
  !event.user_agent_family.includes('.') && !/aws[- ]internal/i.test(event.user_agent)

const UNTIMED = 2

export interface Sources {
  /** Fingerprint of this event's network, 0 where it names none. */
  readonly network: number
  readonly client: number
  /** Not known yet; what is on trial is new. */
  readonly newNetwork: boolean
  readonly newClient: boolean
  /** When the trial began that this event belongs to; 0 where it belongs to none. Event time in ms. */
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
  /** 1: what was done from there was doubted. UNTIMED: it has no time of its own, so that no time makes it known. */
  trialDoubted: small(),
  /** Client, version and credential last seen in a known network, its family, and when, in seconds since 1970. */
  known: counter(),
  knownSecond: counter(),
  knownIpv6: small(),
}

export const sources = defineHabit<Sources, typeof state>({
  id: 'sources',
  version: 1,
  state,
  open({ state: s }) {
    let at: Pick<Moment, 'time' | 'since'> = { time: 0, since: 0 }
    const view = {
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
      newNetworkLogProbability: () => s.novelty.logProbability(DAY_MS, at.time, at.since, 1),
    }

    const agentOf = (event: EventView): number => hash32(event.credential, hash32(event.user_agent)) || 1

    /** What is on trial becomes known, if its time is over. */
    function adopt(time: number): void {
      const since = s.trialMinute.value * MINUTE_MS
      if (since === 0 || time - since < (s.trialDoubted.value === 0 ? HOUR_MS : DAY_MS)) return
      const isUntimed = s.trialDoubted.value === UNTIMED
      if (s.trialNetwork.value !== 0 && !isUntimed) {
        s.networks.use(s.trialNetwork.value)
        // What looked like a theft says nothing of how often the identity itself moves.
        if (s.trialDoubted.value === 0) s.novelty.add(since)
      }
      if (s.trialClient.value !== 0 && !isUntimed) s.clients.use(s.trialClient.value)
      s.trialNetwork.value = 0
      s.trialClient.value = 0
      s.trialMinute.value = 0
      s.trialDoubted.value = 0
    }

    /** Puts what is new on trial. A trial that nobody doubts makes room for the next. */
    function onTrial(time: number): void {
      // What was doubted stays unknown; its place is needed for the next.
      if (view.trialSince === 0) {
        s.trialNetwork.value = 0
        s.trialClient.value = 0
        s.trialDoubted.value = 0
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

    return {
      view,
      look({ event, time, since }) {
        at = { time, since }
        adopt(time)
        const { network, client } = printsOf(event)
        view.network = network
        view.client = client
        view.newNetwork = network !== 0 && !s.networks.has(network)
        // Asked last, and of unknown ones alone: what is no client never becomes a known one.
        view.newClient = client !== 0 && !s.clients.has(client) && isClient(event)
        view.onTrial =
          (view.newNetwork && network === s.trialNetwork.value) || (view.newClient && client === s.trialClient.value)
        const held = s.trialMinute.value * MINUTE_MS
        const isNear = Math.abs(time - held) <= HOUR_MS
        view.anotherOnTrial = isNear && s.trialNetwork.value !== 0 && s.trialNetwork.value !== network
        // What comes from elsewhere more than an hour after the one on trial, or while that is doubted, is judged by itself.
        const belongs = view.onTrial || (isNear && !(view.newNetwork && s.trialDoubted.value !== 0))
        view.trialSince = belongs ? held : 0
        view.beside = s.known.value !== 0 && Math.abs(time - s.knownSecond.value * 1000) <= BESIDE_MS
        view.secondFamily =
          view.newNetwork &&
          view.beside &&
          (s.knownIpv6.value === 1) !== isIpv6(event.source_network) &&
          s.known.value === agentOf(event)
      },
      novel: () => [view.newNetwork ? view.network : 0, view.newClient ? view.client : 0],
      teach([network = 0, client = 0], known) {
        if (known && network !== 0) s.networks.use(network)
        if (known && client !== 0) s.clients.use(client)
        if (network !== 0 && network === s.trialNetwork.value) s.trialNetwork.value = 0
        if (client !== 0 && client === s.trialClient.value) s.trialClient.value = 0
        if (s.trialNetwork.value === 0 && s.trialClient.value === 0) {
          s.trialMinute.value = 0
          s.trialDoubted.value = 0
        }
      },
      learn({ event, time, since, believed }, doubted) {
        if (doubted) {
          if (view.newNetwork || view.newClient) {
            onTrial(time)
            s.trialDoubted.value = believed ? Math.max(1, s.trialDoubted.value) : UNTIMED
          }
          return
        }
        // What has a time of its own begins the trial anew.
        if (s.trialDoubted.value === UNTIMED && view.onTrial) view.trialSince = 0
        const first = time - since < DAY_MS
        if ((view.newNetwork || view.newClient) && !first && !view.secondFamily) {
          onTrial(time)
          return
        }
        if (view.network !== 0) s.networks.use(view.network)
        if (view.newClient || (view.client !== 0 && s.clients.has(view.client))) s.clients.use(view.client)
        if (view.network === 0) return
        s.known.value = agentOf(event)
        s.knownSecond.value = time / 1000
        s.knownIpv6.value = isIpv6(event.source_network) ? 1 : 0
      },
    }
  },
})

const printsOf = (event: EventView): { readonly network: number; readonly client: number } => ({
  network: isNetwork(event.source_network) ? printOf(placeOf(event.source_network), NETWORK_SEED) : 0,
  client: printOf(event.user_agent_family, CLIENT_SEED),
})
