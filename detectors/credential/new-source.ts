/**
 * Fires when a known identity acts from a network, or through client software, that it never used. A new source alone
 * is low: people travel, pods move, egress changes. Evidence of theft raises it: network and client both new, a second
 * new network of a machine within the hour, several first-time looks, and above all a first-time act of consequence
 * (`detectors/lib/consequence.ts`). One of these is medium, two are high. An act that changes permissions, uses
 * credentials or stops logging counts as two. Before anything is reported, the second half checks whether other owners
 * already use the source: what many do is a change, what one does alone is news.
 *
 * Why: a thief uses a stolen credential from a different machine with different tools, and wants something that its
 * owner does not do. An identity that changes its network all the time has a high novelty rate, so a change says
 * nothing: the probability of a new network on a day must be small (Gamma-Poisson).
 *
 * Misses: a thief inside the victim's network and client (a hijacked agent, its own proxy); the first days of an
 * identity; addresses that the log does not carry; another place within the victim's private network; a thief who uses
 * the other address family alongside the victim, with the same client and key, and does nothing serious; a source that
 * three other owners have used for an hour.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Step, type Suspicion } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { instances } from '../habits/instances.ts'
import { sources } from '../habits/sources.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { isApproved } from '../lib/approval.ts'
import { type Consequence, consequenceOf, isChange, isReach } from '../lib/consequence.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { counter, earliest, small } from '../lib/fields.ts'
import { surpriseOf } from '../lib/maths.ts'
import { isNetwork } from '../lib/networks.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const Settings = Type.Object({
  warm_up_ms: Type.Integer({ default: 2 * DAY_MS, minimum: 0, description: 'Age of an identity before it is judged' }),
  warm_up_events: Type.Integer({ default: 20, minimum: 1, maximum: 255, description: 'Events before it is judged' }),
  rare_probability_max: Type.Number({
    default: 0.1,
    description: 'Up to this probability of a new network on a day, one alone is low',
  }),
  odd_probability_max: Type.Number({
    default: 0.25,
    description: 'Up to this probability, a new network needs one more sign; above, it is ignored',
  }),
  rare_action_probability_max: Type.Number({
    default: 0.02,
    description: 'Highest probability of a first-time action in an hour that still counts',
  }),
  joint_probability_max: Type.Number({
    default: 0.002,
    description: 'Highest probability of a first-time action and a new network together that still counts',
  }),
  acts_warm_up_ms: Type.Integer({
    default: 7 * DAY_MS,
    minimum: 0,
    description: 'Age before first-time actions count, other than on permissions, credentials or logging',
  }),
  first_looks_min: Type.Integer({
    default: 3,
    minimum: 1,
    maximum: 255,
    description: 'First-time reads and lists from the new source that make a sign',
  }),
  peer_owners_min: Type.Integer({
    default: 3,
    minimum: 1,
    description: 'Other owners whose use of it explains a source',
  }),
  peer_members_min: Type.Integer({
    default: 2,
    minimum: 1,
    description: 'Others of the role who explain an action or a missing instance',
  }),
  peer_age_ms: Type.Integer({
    default: HOUR_MS,
    description:
      'How long before the event they must have used it: stolen credentials tried from one place are no peers',
  }),
})

const uses = { sources, actions, instances, versions }
const rest = {
  /** Stops at 255. */
  events: small(),
  /** The current occasion, in minutes since 1970: when its source was first seen. 0: none. */
  occasion: counter(),
  /** Level already told of it, an index of LEVELS. */
  level: small(),
  /** What has joined it: bits of JOINED. */
  joined: small(),
  /** First reads and lists from there. */
  looks: small(),
}
const open = { evidence: evidenceList({ bytes: 256 }) }

const LEVELS = ['', 'low', 'medium', 'high'] as const
const LOW = 1
const MEDIUM = 2
const HIGH = 3

/** What can join a new source, with its bit and how many levels it is worth. */
const JOINED = { client: 1, another: 2, looks: 4, change: 8, reach: 16, beside: 32, stamp: 64 } as const
/** Asks the second half about others of the role, not about owners at a source. */
const OF_ROLE = 1
/** Among the acts that are asked about; no act has a space at its beginning. */
const NO_STAMP = ' no stamp'
/** What others of the role may explain. */
const ACTS: number = JOINED.looks | JOINED.change
const WORTH: Readonly<Record<keyof typeof JOINED, number>> = {
  client: 1,
  another: 1,
  looks: 1,
  change: 1,
  reach: 2,
  beside: 1,
  stamp: 2,
}

type Context = Step<Type.Static<typeof Settings>, typeof rest, typeof open, typeof uses>

const groupKey = (event: EventView, kind: 'network' | 'client'): string =>
  `${kind}/${kind === 'network' ? event.source_network : event.user_agent_family}`
/** Others of the role do it; without a role, others of the owner. */
const roleKey = (event: EventView, what: string): string =>
  `${event.principal_kind}/${event.role === '' ? event.owner : event.role}/${what}`

/** First uses are sent during warm-up too, and again when a source has been forgotten: evidence for others. */
function sendFirstUses(context: Context): void {
  const { event, habits } = context
  const { sources: source } = habits
  if (habits.actions.isNew) sendToRole(context, event.action)
  if (habits.instances.isMissing) sendToRole(context, NO_STAMP)
  if (source.onTrial) return
  if (source.newNetwork) sendToSource(context, 'network')
  if (source.newClient) sendToSource(context, 'client')
}

const sendToRole = ({ event, send }: Context, what: string): void =>
  send({ keyKind: 'peer_group', key: roleKey(event, what), fingerprint: hash32(event.identity), once: true })

const sendToSource = ({ event, send }: Context, kind: 'network' | 'client'): void =>
  send({ keyKind: 'source', key: groupKey(event, kind), fingerprint: hash32(event.owner), once: true })

/** Begins an occasion if none is in progress. */
function turnOccasion({ state, habits, time }: Context): void {
  // Where the place is the usual one, the occasion is the day in which the stamp is missing.
  const begun = habits.sources.trialSince || habits.instances.missingSince || time
  const minute = Math.max(1, Math.floor(begun / MINUTE_MS))
  if (state.occasion.value === minute) return
  state.occasion.value = minute
  state.level.value = 0
  state.joined.value = 0
  state.looks.value = 0
}

/** Takes in what this event adds to the occasion. A client that comes with a new version of the agent adds nothing. */
function join(context: Context, act: Consequence): void {
  const { event, habits } = context
  const { sources: source, versions: version } = habits
  const add = (what: keyof typeof JOINED): void => {
    context.state.joined.value |= JOINED[what]
  }
  // What somebody else approved may be new, and is still done from a strange place.
  if (isApproved(event)) return
  // The version is what the agent says of itself: it excuses no missing stamp.
  if (habits.instances.isMissing) add('stamp')
  if (source.newNetwork && source.newClient && !version.isFresh) {
    add('client')
    // Two machines at a time, of which one is unknown in everything.
    if (source.beside) add('beside')
  }
  // People walk from one network into the next; a machine that does hides behind many.
  if (event.principal_kind !== 'person' && source.newNetwork && source.anotherOnTrial) add('another')
  if (habits.actions.isNew) joinAct(context, act, add)
}

/**
 * A first-time act joins if it and the new source are rare together: frequent novelty and frequent moves coincide some
 * day.
 */
function joinAct(context: Context, act: Consequence, add: (what: keyof typeof JOINED) => void): void {
  const { event, state, habits, settings, time, since } = context
  const rarity = habits.actions.newLogProbability(HOUR_MS)
  const joint = rarity + Math.min(0, habits.sources.newNetworkLogProbability())
  const isRare =
    rarity <= Math.log(settings.rare_action_probability_max) &&
    joint <= Math.log(settings.joint_probability_max) &&
    time - since >= settings.acts_warm_up_ms
  // People are given new duties among users and roles, and travel; keys and logging are another matter.
  if (isReach(act)) add(event.principal_kind === 'person' && act === 'access' ? 'change' : 'reach')
  else if (isChange(act) && isRare) add('change')
  else if (isRare && !habits.versions.isFresh) {
    if (state.looks.value < 255) state.looks.value++
    if (state.looks.value >= settings.first_looks_min) add('looks')
  }
}

const joinedOf = (bits: number): (keyof typeof JOINED)[] =>
  (Object.keys(JOINED) as (keyof typeof JOINED)[]).filter((what) => (bits & JOINED[what]) !== 0)

const WORDS: Readonly<Record<keyof typeof JOINED, string>> = {
  client: 'network and client are both new',
  another: 'a second new network within the hour',
  looks: 'several first-time reads or lists',
  change: 'a first-time action that changes something',
  reach: 'a first-time action on permissions, credentials or logging',
  beside: 'a known network is in use at the same time',
  stamp: 'it gives no instance name, which it always gave before',
}

/** What the network is worth with what has joined it: the less, the more often this identity moves. */
function networkLevel({ habits, settings }: Context, logProbability: number, worth: number): number {
  if (!habits.sources.newNetwork || logProbability > Math.log(settings.odd_probability_max)) return 0
  const alone = logProbability <= Math.log(settings.rare_probability_max) ? LOW : 0
  return Math.min(HIGH, alone + worth)
}

/** How grave the occasion is by these signs, bits of JOINED. */
function levelOf(context: Context, logProbability: number, joined: number): number {
  const { sources: source } = context.habits
  const worth = joinedOf(joined).reduce((sum, what) => sum + WORTH[what], 0)
  return Math.max(
    source.newClient ? LOW : 0,
    (joined & JOINED.stamp) === 0 ? 0 : MEDIUM,
    networkLevel(context, logProbability, worth),
  )
}

/** Whom the second half asks: others of the role where their acts or stamps could explain it, else others at the source. */
function askOf(context: Context, level: number, logProbability: number): NonNullable<Suspicion['ask']> {
  const { event, habits, state } = context
  const isCarriedBy = (signs: number): boolean =>
    level >= MEDIUM && levelOf(context, logProbability, state.joined.value & ~signs) < level
  const ofRole = (what: string): NonNullable<Suspicion['ask']> => ({
    keyKind: 'peer_group',
    key: roleKey(event, what),
    fingerprint: hash32(event.identity),
    value: OF_ROLE,
  })
  // Many owners at a place do not explain why this one comes without its stamp.
  if (isCarriedBy(JOINED.stamp)) return ofRole(NO_STAMP)
  // Of one account, without a role, others are no peers.
  if (event.role !== '' && isCarriedBy(ACTS)) return ofRole(event.action)
  const key = groupKey(event, habits.sources.newNetwork ? 'network' : 'client')
  return { keyKind: 'source', key, fingerprint: hash32(event.owner) }
}

function suspect(context: Context, logProbability: number): Suspicion | undefined {
  const { event, state, habits } = context
  const { sources: source } = habits
  const joined = joinedOf(state.joined.value)
  const level = levelOf(context, logProbability, state.joined.value)
  if (level >= MEDIUM) context.doubt()
  if (level <= state.level.value) return undefined
  state.level.value = level
  const { evidence } = context.openWindow()
  const shown = evidenceOf(event)
  evidence.add(shown)
  const before = evidence.list().filter((e) => e.event_id !== shown.event_id)
  const severity = LEVELS[level] as 'low' | 'medium' | 'high'
  const novel = [
    ...(source.newNetwork ? [`network ${event.source_network}`] : []),
    ...(source.newClient ? [`client ${event.user_agent_family}`] : []),
    ...(habits.actions.isNew ? [`action ${event.action}`] : []),
  ]
  const used = novel.length === 0 ? 'its usual network and client' : `${novel.join(', ')} for the first time`
  const reasons = joined.map((what) => WORDS[what])
  return {
    why: `${event.identity} used ${used}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}.`,
    observed: {
      new: novel,
      joined: reasons,
      source_address: event.source_address,
      user_agent: event.user_agent,
      credential: event.credential,
    },
    expected: {
      known_networks: source.networks,
      known_clients: source.clients,
      new_network_probability: Math.exp(logProbability),
    },
    surprise: surpriseOf(logProbability),
    severity,
    level: severity,
    learnedSince: context.since,
    evidence: [...before, shown],
    ask: askOf(context, level, logProbability),
  }
}

export const newSource = defineDetector({
  id: 'credential/new-source',
  version: 6,

  title: 'Credential used from a new source',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['source_network', 'user_agent_family']], learns_ms: 1 * 86_400_000 },
  techniques: ['T1078.004', 'T1552.005', 'AML.T0091.000', 'ASI03'],
  falsePositives: [
    'A move to another network with new client software at the same time: known after a day',
    'A new integration that brings its own address and begins with a duty that its identity never had',
  ],

  settings: Settings,
  key: 'identity',
  uses,
  state: rest,
  window: { lengthMs: HOUR_MS, state: open },

  matches: (event) =>
    event.action !== 'user.message' &&
    (isNetwork(event.source_network) || (event.source_network === '' && event.user_agent_family !== '')) &&
    !isAnonymous(event),
  step(context) {
    const { state, settings, habits, time, since, event, believed } = context
    const { sources: source } = habits
    const warm = time - since >= settings.warm_up_ms && state.events.value >= settings.warm_up_events
    if (state.events.value < 255) state.events.value++
    sendFirstUses(context)
    if (!source.newNetwork && !source.newClient && !habits.instances.isMissing) return undefined
    // If nothing was ever learned, because no event has a valid time, everything would stay new forever.
    if (!believed && source.networks === 0 && source.clients === 0) return undefined
    const act = consequenceOf(event)
    // A machine's second route out says nothing, unless it is used for what a thief would do.
    if (!warm || (source.secondFamily && !isReach(act))) return undefined
    turnOccasion(context)
    join(context, act)
    return suspect(context, source.newNetworkLogProbability())
  },

  second: {
    keys: ['source', 'peer_group'],
    /** Owners at a source; identities of a role that did an act. */
    state: { others: earliest({ size: 8 }) },
    absorb({ signal, state, time, tie }) {
      state.others.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state, settings }) {
      const before = candidate.time - settings.peer_age_ms
      const others = state.others.countBefore(before, candidate.tie, candidate.fingerprint)
      if (others >= (candidate.value === OF_ROLE ? settings.peer_members_min : settings.peer_owners_min))
        return { fire: false }
      return { fire: true, observed: { others_before: others } }
    },
  },
})
