/**
 * Fires when what an identity does within an hour is not like it: acts that it never did, weighed by their consequence;
 * kinds of consequence that it never had; targets, peers and orders of actions that are new to it; more events, refusals,
 * changes, deletions, reaches or bytes than its hours are like; an hour at which it never works; a source that is new. Each
 * is a small sign, judged against the identity's own rate of novelty. They add up to one score for the occasion, a fixed
 * hour, and the finding gives the reasons in the order of their weight.
 *
 * Why: a thief inside the victim's network and client, and an agent that was talked into something, bring no new address.
 * What they want is not what the identity does. Before a first act is told, the second half asks whether other owners of
 * the same role do it: what many do is a change.
 *
 * Misses: who does only what the victim does, as often, at its hours; identities that do something new every day; an
 * identity's first days; what is spread over many hours. An occasion is told once a day at each level.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Step, type Suspicion } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { consequences } from '../habits/consequences.ts'
import { hours } from '../habits/hours.ts'
import { order } from '../habits/order.ts'
import { PACE, PACE_WINDOW_MS, type PaceOf, pace } from '../habits/pace.ts'
import { peers } from '../habits/peers.ts'
import { sources } from '../habits/sources.ts'
import { targets } from '../habits/targets.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import type { Handles } from '../lib/columns.ts'
import { type Consequence, CONSEQUENCES, consequenceOf, isChange, isReach } from '../lib/consequence.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { counter, distinct, earliest, real, small } from '../lib/fields.ts'
import { countLogTail, surpriseOf } from '../lib/maths.ts'
import { scoreSettings, severityOfScore } from '../lib/scored.ts'

const HOUR_MS = PACE_WINDOW_MS
const DAY_MS = 24 * HOUR_MS

const Settings = Type.Object({
  ...scoreSettings('identity/out-of-character', { floor: 3, medium: 8, high: 12 }),
  warm_up_ms: Type.Integer({ default: 3 * DAY_MS, minimum: 0, description: 'Age of an identity before it is judged' }),
  warm_up_hours: Type.Number({ default: 8, minimum: 1, description: 'Active hours (decayed) before it is judged' }),
  peer_owners_min: Type.Integer({
    default: 2,
    minimum: 1,
    description: 'Other owners of the same role who did the gravest first act before',
  }),
})

const uses = { actions, consequences, hours, order, pace, peers, sources, targets, versions }
const rest = {
  /** The hour of the last occasion told, since 1970, and its level, an index of LEVELS. */
  told: counter(),
  toldLevel: small(),
}
const open = {
  actions: distinct({ exact: 8 }),
  targets: distinct({ exact: 8 }),
  pairs: distinct({ exact: 6 }),
  peers: distinct({ exact: 4 }),
  /** The gravest consequence among the first acts, and among the kinds that are new: indexes of GRAVITY, plus 1. */
  gravest: small(),
  gravestKind: small(),
  /** 1: from a new network; under a new version. */
  source: small(),
  fresh: small(),
  level: small(),
  score: real(),
  evidence: evidenceList({ bytes: 192 }),
}
type Context = Step<Type.Static<typeof Settings>, typeof rest, typeof open, typeof uses>
type Window = Handles<typeof open>

const LEVELS = ['', 'low', 'medium', 'high'] as const
const MEDIUM = 2

/** How much a first act weighs, by what it has for a consequence. */
const GRAVITY: Readonly<Record<Consequence, number>> = {
  other: 0.4,
  list: 0.4,
  read: 0.4,
  write: 0.6,
  execute: 0.7,
  delete: 0.8,
  send: 0.8,
  access: 1,
  credential: 1,
  logging: 1,
}
/** The same for quantities of an hour. */
const PACE_WEIGHT: Readonly<Record<PaceOf, number>> = {
  events: 0.5,
  failures: 0.5,
  changes: 0.5,
  deletions: 0.8,
  reaches: 0.8,
  bytes: 0.5,
}
const PACE_WORDS: Readonly<Record<PaceOf, string>> = {
  events: 'more events than in its hours',
  failures: 'more refusals and errors than in its hours',
  changes: 'more changes than in its hours',
  deletions: 'more deletions than in its hours',
  reaches: 'more acts on permissions, credentials or logging than in its hours',
  bytes: 'more bytes sent out than in its hours',
}

/** The most nines that a sign may bring, and how much each weighs: signs of one occasion are not independent. */
const ACTIONS_CAP = 4
const SOURCE_CAP = 2
const PACE_CAP = 6
const TARGETS = { weight: 0.5, cap: 4 }
const PAIRS = { weight: 0.3, cap: 3 }
const PEERS = { weight: 0.7, cap: 3 }
const HOURS = { weight: 0.5, cap: 2 }

interface Reason {
  readonly weight: number
  readonly words: string
}

/** The most that the reasons can add up to, without asking any probability: most events end here. */
function scoreBound({ habits: { pace: hour } }: Context, window: Window): number {
  const largest = PACE.reduce(
    (most, of) => (hour.now(of) > hour.peak(of) ? Math.max(most, PACE_WEIGHT[of] * PACE_CAP) : most),
    0,
  )
  const others = PACE.reduce(
    (sum, of) => (hour.now(of) > hour.peak(of) ? sum + PACE_WEIGHT[of] * PACE_CAP : sum),
    -largest,
  )
  return (
    (window.actions.count > 0 ? ACTIONS_CAP * GRAVITY[CONSEQUENCES[window.gravest.value] ?? 'other'] : 0) +
    kindWeight(window) +
    (window.targets.count > 0 ? TARGETS.weight * TARGETS.cap : 0) +
    (window.pairs.count > 0 ? PAIRS.weight * PAIRS.cap : 0) +
    (window.peers.count > 0 ? PEERS.weight * PEERS.cap : 0) +
    (window.source.value === 0 ? 0 : SOURCE_CAP) +
    largest +
    others / 3 +
    HOURS.weight * HOURS.cap
  )
}

/** What a kind of consequence that it never had weighs by itself. */
function kindWeight(window: Window): number {
  const kind = CONSEQUENCES[window.gravestKind.value] ?? 'other'
  return isReach(kind) ? 1.5 : isChange(kind) ? 1 : 0
}

/** A surprise as nines, at most `cap`. */
const nines = (logProbability: number, cap: number): number => Math.min(cap, surpriseOf(logProbability))

/** What is new to the identity in this window. */
function noveltyReasons({ habits }: Context, window: Window): Reason[] {
  // A new version of an agent does new things.
  const factor = window.fresh.value === 1 ? 0.5 : 1
  const gravest = CONSEQUENCES[window.gravest.value] ?? 'other'
  const kind = CONSEQUENCES[window.gravestKind.value] ?? 'other'
  const a = window.actions.count
  const t = window.targets.count
  const p = window.pairs.count
  const q = window.peers.count
  return [
    {
      weight:
        a === 0
          ? 0
          : (isReach(gravest) ? 1 : factor) *
            GRAVITY[gravest] *
            nines(habits.actions.newLogProbability(HOUR_MS, a), ACTIONS_CAP),
      words: `${counted(a, 'first act')}, the gravest of kind ${gravest}`,
    },
    {
      weight: kindWeight(window),
      words: `a kind of act that it never did: ${kind}`,
    },
    {
      weight: t === 0 ? 0 : factor * TARGETS.weight * nines(habits.targets.newLogProbability(HOUR_MS, t), TARGETS.cap),
      words: counted(t, 'new target'),
    },
    {
      weight: p === 0 ? 0 : factor * PAIRS.weight * nines(habits.order.newLogProbability(HOUR_MS, p), PAIRS.cap),
      words: counted(p, 'new order of acts', 'new orders of acts'),
    },
    {
      weight: q === 0 ? 0 : PEERS.weight * nines(habits.peers.newLogProbability(HOUR_MS, q), PEERS.cap),
      words: counted(q, 'new peer'),
    },
    {
      weight: window.source.value === 0 ? 0 : nines(habits.sources.newNetworkLogProbability(), SOURCE_CAP),
      words: 'a new source',
    },
  ]
}

/** What is more than usual, and when. */
function paceReasons({ habits }: Context): Reason[] {
  const found = PACE.map((of): Reason => {
    const now = habits.pace.now(of)
    if (now <= habits.pace.peak(of)) return { weight: 0, words: '' }
    const { mean, variance } = habits.pace.usual(of)
    return { weight: PACE_WEIGHT[of] * nines(countLogTail(now, mean, variance), PACE_CAP), words: PACE_WORDS[of] }
  })
  // Quantities grow together: the largest counts whole, the others for a third.
  const largest = Math.max(...found.map(({ weight }) => weight))
  return [
    ...found.map(({ weight, words }) => ({ weight: weight === largest ? weight : weight / 3, words })),
    {
      weight: HOURS.weight * nines(habits.hours.logProbability(), HOURS.cap),
      words: 'an hour at which it does not work',
    },
  ]
}

/** Takes the event into its window. Answers whether it brought something that is new to the identity. */
function count({ event, habits }: Context, window: Window, act: Consequence): boolean {
  const graver = (held: { value: number }): void => {
    // What somebody approved weighs as a change.
    const index = CONSEQUENCES.indexOf(isReach(act) && event.approval !== '' ? 'write' : act)
    if (index > held.value) held.value = index
  }
  let grew = false
  if (habits.actions.isNew && window.actions.add(habits.actions.print)) {
    grew = true
    graver(window.gravest)
  }
  if (habits.consequences.isNew) graver(window.gravestKind)
  if (habits.targets.isNew) window.targets.add(habits.targets.print)
  if (habits.order.isNew) window.pairs.add(hash32(event.action))
  if (habits.peers.isNew) grew = window.peers.add(habits.peers.print) || grew
  if (habits.sources.newNetwork && !habits.sources.secondFamily) window.source.value = 1
  if (habits.versions.isFresh) window.fresh.value = 1
  return grew
}

/** Events between two looks at an hour that is larger than any before. */
const JUDGED_EVERY = 8

/** Only what is new, and from time to time an hour that is larger than any before, can raise the score. */
function isWorthJudging({ habits }: Context): boolean {
  const {
    actions: act,
    consequences: kind,
    targets: target,
    order: pair,
    peers: peer,
    sources: source,
    pace: hour,
  } = habits
  if (act.isNew || kind.isNew || target.isNew || pair.isNew || peer.isNew || source.newNetwork) return true
  return hour.now('events') % JUDGED_EVERY === 0 && PACE.some((of) => hour.now(of) > hour.peak(of))
}

const groupKey = (event: EventView): string => `${event.principal_kind}/${event.role}/${event.action}`

function suspect(context: Context, window: Window, reasons: readonly Reason[], score: number): Suspicion | undefined {
  const { event, state, settings, windowStart } = context
  const severity = severityOfScore(score, settings)
  if (severity === undefined) return undefined
  const level = LEVELS.indexOf(severity as (typeof LEVELS)[number])
  const hour = windowStart / HOUR_MS
  const isAnother = hour !== state.told.value
  const before = isAnother && hour - state.told.value < 24 ? state.toldLevel.value : 0
  // An occasion that goes on was told yesterday's shift: what it does is learned from the next hour on.
  if (level >= MEDIUM && !(isAnother && before >= level)) context.doubt()
  if (level <= Math.max(before, window.level.value)) return undefined
  window.level.value = level
  if (level >= MEDIUM) {
    state.told.value = hour
    state.toldLevel.value = level
  }
  const shown = evidenceOf(event)
  const ordered = reasons.filter(({ weight }) => weight >= 0.1).toSorted((a, b) => b.weight - a.weight)
  return {
    why: `${event.identity} acts out of character: ${ordered.map(({ words }) => words).join('; ')}.`,
    observed: {
      score,
      reasons: ordered.map(({ words }) => words),
      weights: ordered.map(({ weight }) => Math.round(weight * 100) / 100).join(' '),
    },
    expected: { score_below: settings.score_medium },
    severity,
    level: severity,
    rooted: false,
    learnedSince: context.since,
    evidence: [...window.evidence.list().filter((e) => e.event_id !== shown.event_id), shown],
    // What is not told to anybody asks nobody.
    ...(level >= MEDIUM && context.habits.actions.isNew
      ? { ask: { keyKind: 'peer_group' as const, key: groupKey(event), fingerprint: hash32(event.owner) } }
      : {}),
  }
}

export const outOfCharacter = defineDetector({
  id: 'identity/out-of-character',
  version: 3,

  title: 'An identity acts out of character',
  severity: 'medium',
  // Not yet quiet enough on ordinary life to be sent to anybody: see its page.
  mode: 'shadow',
  needs: { fields: [['action']], learns_ms: 3 * 86_400_000 },
  techniques: ['T1078.004', 'T1098', 'T1526', 'AML.T0091.000', 'AML.T0051.001', 'ASI01', 'ASI03', 'ASI10'],
  falsePositives: [
    'A new duty of an existing identity: told once, and learned from the next hour on',
    'An incident: people do what they seldom do, at hours at which they seldom work',
  ],

  settings: Settings,
  key: 'identity',
  uses,
  state: rest,
  window: { lengthMs: PACE_WINDOW_MS, state: open },

  matches: (event) => event.action !== 'user.message' && event.kind !== 'control' && !isAnonymous(event),
  step(context) {
    const { event, habits, settings, state, time, since, windowStart } = context
    if (habits.actions.isNew)
      context.send({ keyKind: 'peer_group', key: groupKey(event), fingerprint: hash32(event.owner) })
    if (time - since < settings.warm_up_ms || habits.pace.hours() < settings.warm_up_hours) return undefined
    const window = context.openWindow()
    if (count(context, window, consequenceOf(event))) window.evidence.add(evidenceOf(event))
    if (!isWorthJudging(context) || scoreBound(context, window) < settings.score_low) {
      if (window.level.value >= MEDIUM && state.told.value === windowStart / HOUR_MS) context.doubt()
      return undefined
    }
    const reasons = [...noveltyReasons(context, window), ...paceReasons(context)]
    const score = reasons.reduce((sum, { weight }) => sum + weight, 0)
    if (score > window.score.value) window.score.value = score
    return suspect(context, window, reasons, score)
  },
  summarise: (window) => ({ observed: { score: window.score.value } }),

  second: {
    keys: ['peer_group'],
    state: { owners: earliest({ size: 8 }) },
    absorb({ signal, state, time, tie }) {
      state.owners.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide({ candidate, state, settings }) {
      const peersBefore = state.owners.countBefore(candidate.time - HOUR_MS, candidate.tie, candidate.fingerprint)
      if (peersBefore >= settings.peer_owners_min) return { fire: false }
      return { fire: true, observed: { other_owners_did_it_before: peersBefore } }
    },
  },
})
