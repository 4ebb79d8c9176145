/**
 * Fires when what an identity does within an hour is out of character: first-time acts, weighed by their consequence;
 * first-time kinds of consequence; new targets, peers and orders of actions; more events, refusals, changes, deletions,
 * bytes, or acts on permissions, credentials or logging than in its usual hours; an hour at which it never works; a new
 * source. Each is a small sign, judged against the identity's own novelty rate. They add up to one score for the
 * occasion, a fixed hour, and the finding lists the reasons by weight.
 *
 * Why: a thief inside the victim's network and client, and an agent that was talked into something, bring no new
 * address. What they want is not what the identity does. The second half asks who else did the gravest first-time act
 * before. If other owners of the same role did, it is a change, and does not count. If it is an act on permissions,
 * credentials or logging and nobody of the same owner ever did it, it counts more: an account that changes keys every
 * week does so in known ways.
 *
 * Misses: attackers who do only what the victim does, as often, at its hours; identities that do something new every
 * day; an identity's first days; what is spread over many hours. An occasion is reported once in six hours at each level, and
 * once in a week if it has the same first act among its gravest.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import type { Severity } from '../../schemas/finding.ts'
import { type Decide, type Decision, defineDetector, type Step, type Suspicion } from '../detector.ts'
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
    description: 'Other owners of the same role whose earlier use explains the gravest first act',
  }),
})

const uses = { actions, consequences, hours, order, pace, peers, sources, targets, versions }
const rest = {
  /** Hour of the last occasion told, since 1970, and its level, an index of LEVELS, in one number: see `lastTold`. */
  told: counter(),
  /** Mark of the first of the gravest first acts that it kept from being learned, 0 if none: see `markOf`. */
  toldAct: small(),
}
const open = {
  actions: distinct({ exact: 8 }),
  targets: distinct({ exact: 8 }),
  pairs: distinct({ exact: 6 }),
  peers: distinct({ exact: 4 }),
  /** The gravest consequence among the first acts, and among the kinds that are new: indexes of GRAVITY, plus 1. */
  gravest: small(),
  gravestKind: small(),
  /** Fingerprint of the first of the gravest first acts: what the second half is asked about. */
  act: counter(),
  /** When it came, in ms of the hour. */
  actAt: counter(),
  /** 1: from a new network; under a new version. */
  source: small(),
  fresh: small(),
  level: small(),
  /** The highest level that the second half was asked about for `act`. */
  asked: small(),
  score: real(),
  /** Gravity of the act that this occasion kept in `toldAct`, and of one that an earlier occasion did: indexes of CONSEQUENCES, plus 1. */
  heldBack: small(),
  again: small(),
  /** The step told last, of an occasion below medium. */
  toldStep: small(),
  evidence: evidenceList({ bytes: 180 }),
}
type Context = Step<Type.Static<typeof Settings>, typeof rest, typeof open, typeof uses>
type Window = Handles<typeof open>

const LEVELS = ['', 'low', 'medium', 'high'] as const
const [LOW, MEDIUM] = [1, 2]
/** An occasion below medium is told again with each step of its score: calibration measures how far it comes. */
const LOW_STEP = 0.5
const STEP_MAX = 255
const stepOf = (score: number): number => Math.min(STEP_MAX, Math.floor(score / LOW_STEP))

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
  events: 'more events than in its largest hour',
  failures: 'more refusals and errors than in its largest hour',
  changes: 'more changes than in its largest hour',
  deletions: 'more deletions than in its largest hour',
  reaches: 'more actions on permissions, credentials or logging than in its largest hour',
  bytes: 'more bytes sent out than in its largest hour',
}

/**
 * What an act on permissions, credentials or logging weighs besides if nobody of the same owner ever did it: what an account
 * needs every week comes in ways that it knows.
 */
const NEWS_TO_OWNER = 5

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
  /** It rests on what is new among the identity's acts, which a change of its whole role explains. */
  readonly ofActs?: true
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

/** The weight that a first-time kind of consequence has by itself. */
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
      words: `${counted(a, 'first-time action')}, the gravest of kind ${gravest}`,
      ofActs: true,
    },
    {
      weight: kindWeight(window),
      words: `a first-time kind of action: ${kind}`,
      ofActs: true,
    },
    {
      weight: t === 0 ? 0 : factor * TARGETS.weight * nines(habits.targets.newLogProbability(HOUR_MS, t), TARGETS.cap),
      words: counted(t, 'new target'),
    },
    {
      weight: p === 0 ? 0 : factor * PAIRS.weight * nines(habits.order.newLogProbability(HOUR_MS, p), PAIRS.cap),
      words: counted(p, 'new sequence of actions', 'new sequences of actions'),
    },
    {
      weight: q === 0 ? 0 : PEERS.weight * nines(habits.peers.newLogProbability(HOUR_MS, q), PEERS.cap),
      words: counted(q, 'new peer'),
    },
    {
      weight: window.source.value === 0 ? 0 : nines(habits.sources.newNetworkLogProbability(), SOURCE_CAP),
      words: 'a new network',
    },
  ]
}

/** Unusual quantities, and unusual hours. */
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
      words: 'an hour in which it is normally idle',
    },
  ]
}

/** Takes the event into its window. Answers whether it brought something that is new to the identity. */
function count({ event, habits, state, time, windowStart }: Context, window: Window, act: Consequence): boolean {
  // What somebody approved weighs as a change.
  const gravity = CONSEQUENCES.indexOf(isReach(act) && event.approval !== '' ? 'write' : act)
  const graver = (held: { value: number }): void => {
    if (gravity > held.value) held.value = gravity
  }
  let grew = false
  if (habits.actions.isNew) {
    const isGraver = gravity > window.gravest.value
    // Counted is only what the window can hold; how grave an act is must not depend on how many came before it.
    grew = window.actions.add(habits.actions.print) || isGraver
    // One act is asked about, so that an occasion is told once: the first of the gravest.
    if (window.act.value === 0 || isGraver) {
      window.act.value = habits.actions.print
      window.actAt.value = time - windowStart
      window.asked.value = 0
    }
    graver(window.gravest)
    if (state.toldAct.value === markOf(habits.actions.print) && window.heldBack.value === 0)
      window.again.value = gravity + 1
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

/** Only something new, or at intervals an hour larger than any before, can raise the score. */
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

/** Halves of a fingerprint: the role, and the owner. */
const OWNER_BITS = 0xffff
const ownerBits = (owner: string): number => hash32(owner) & OWNER_BITS
const roleAndOwner = ({ principal_kind: kind, role, owner }: EventView): number =>
  ((hash32(role, hash32(kind)) & OWNER_BITS) * (OWNER_BITS + 1) + ownerBits(owner)) >>> 0

/** Who else did this act? */
const askAbout = (event: EventView, act: number) => ({
  keyKind: 'peer_group' as const,
  key: `act ${act}`,
  fingerprint: roleAndOwner(event),
})

const levelAt = (score: number, settings: Context['settings']): number =>
  LEVELS.indexOf((severityOfScore(score, settings) ?? '') as (typeof LEVELS)[number])

/** The level in the id: below medium each step is one of its own. */
const levelName = (level: number, score: number): string =>
  level === LOW ? `low ${stepOf(score)}` : (LEVELS[level] as string)

/** What the second half may add: it alone knows whether the act is news to the whole owner. */
const newsOf = (window: Window): number =>
  window.act.value !== 0 && isReach(CONSEQUENCES[window.gravest.value] ?? 'other') ? NEWS_TO_OWNER : 0

/** So long an occasion may go on in later hours. It is learned from the second hour on: what stands out after that is another. */
const CONTINUES_HOURS = 6

/** So long what begins with the same grave act is no other occasion: a daily duty is told on its first day and learned on its second. */
const SAME_ACT_HOURS = 7 * 24

const lastTold = ({ state }: Context): { readonly hour: number; readonly level: number } => ({
  hour: Math.floor(state.told.value / LEVELS.length),
  level: state.told.value % LEVELS.length,
})

/** A byte for an act, never 0: one act in 255 passes for another. */
const markOf = (print: number): number => 1 + (print % 255)

/** The level told of this identity in the hours before this occasion, or in the days before for the same act. */
function toldBefore(context: Context, window: Window): number {
  const { hour, level } = lastTold(context)
  const age = context.windowStart / HOUR_MS - hour
  const isSame = window.again.value === window.gravest.value + 1
  return age !== 0 && age < (isSame ? SAME_ACT_HOURS : CONTINUES_HOURS) ? level : 0
}

/** What a candidate tells its second half in one number: the level told shortly before, that of the occasion, and whether it may be news. */
const toldOf = (known: number, window: Window): number =>
  known + LEVELS.length * (window.level.value + (newsOf(window) === 0 ? 0 : LEVELS.length))
const readTold = (value: number) => ({
  known: value % LEVELS.length,
  ofOccasion: Math.floor(value / LEVELS.length) % LEVELS.length,
  mayBeNews: value >= LEVELS.length ** 2,
})

/** Whether there is anything to say beyond the known level; what is said is remembered. */
function isToTell(
  { state, windowStart }: Context,
  window: Window,
  { level, most, score, known }: { level: number; most: number; score: number; known: number },
): boolean {
  // What may be news to its owner is asked whatever was told of the identity before.
  const isToAsk = newsOf(window) > 0 && most > Math.max(window.level.value, window.asked.value)
  const isRaised = level > known || isToAsk
  if (!isRaised && !(most === LOW && stepOf(score) > window.toldStep.value)) return false
  window.toldStep.value = stepOf(score)
  if (most > window.asked.value) window.asked.value = most
  if (level > known) {
    window.level.value = level
    if (level >= MEDIUM) {
      state.told.value = (windowStart / HOUR_MS) * LEVELS.length + level
    }
  }
  return true
}

/** Keeps the event from being learned, and remembers the first of the gravest first acts that were. */
function holdBack(context: Context, window: Window): void {
  const { event, habits, state } = context
  context.doubt()
  if (window.heldBack.value === 0) state.toldAct.value = 0
  const gravity = habits.actions.isNew ? CONSEQUENCES.indexOf(consequenceOf(event)) + 1 : 0
  if (gravity <= window.heldBack.value) return
  window.heldBack.value = gravity
  state.toldAct.value = markOf(habits.actions.print)
}

function suspect(context: Context, window: Window, reasons: readonly Reason[], score: number): Suspicion | undefined {
  const { event, settings } = context
  const level = levelAt(score, settings)
  const most = levelAt(score + newsOf(window), settings)
  const before = toldBefore(context, window)
  const known = Math.max(before, window.level.value)
  const told = toldOf(known, window)
  // A continuing occasion was reported shortly before: what it does is learned from the next hour on.
  if (level >= MEDIUM && level > before) holdBack(context, window)
  if (!isToTell(context, window, { level, most, score, known })) return undefined
  const shown = evidenceOf(event)
  const ordered = reasons.filter(({ weight }) => weight >= 0.1).toSorted((a, b) => b.weight - a.weight)
  const ofActs = reasons.reduce((sum, { weight, ofActs: mine }) => sum + (mine === true ? weight : 0), 0)
  return {
    why: `${event.identity} acted out of character: ${ordered.map(({ words }) => words).join('; ')}.`,
    observed: {
      score,
      score_of_first_acts: ofActs,
      ...(window.act.value === 0
        ? {}
        : { gravest_first_act_at: new Date(context.windowStart + window.actAt.value).toISOString() }),
      reasons: ordered.map(({ words }) => words),
      weights: ordered.map(({ weight }) => Math.round(weight * 100) / 100).join(' '),
    },
    expected: { score_below: settings.score_medium },
    severity: LEVELS[level] === '' ? 'low' : (LEVELS[level] as Severity),
    level: levelName(level, score),
    rooted: false,
    learnedSince: context.since,
    evidence: [...window.evidence.list().filter((e) => e.event_id !== shown.event_id), shown],
    ...(window.act.value === 0 ? {} : { ask: { ...askAbout(event, window.act.value), value: told } }),
  }
}

/** Of a common act only the first are held: it is news to nobody. */
const OWNERS_HELD = 24
const second = { owners: earliest({ size: OWNERS_HELD }) }

/** What an occasion weighs when it is known who did its gravest first act before, and whether that is still to be told. */
function decideOf({ candidate, state, settings }: Decide<Context['settings'], typeof second>): Decision {
  const { fingerprint, suspicion } = candidate
  const { known, ofOccasion, mayBeNews } = readTold(candidate.value)
  // Asked later than the act came, perhaps: who asks has done it by then.
  const at = Date.parse(String(suspicion.observed['gravest_first_act_at']))
  const before = (time: number, among: (print: number) => boolean) => state.owners.countBefore(time, 0, 0, among)
  const owner = fingerprint & OWNER_BITS
  const role = fingerprint >>> 16
  const peers = before(at - HOUR_MS, (print) => print >>> 16 === role && (print & OWNER_BITS) !== owner)
  const ofOwner = before(at, (print) => (print & OWNER_BITS) === owner)
  const isChange = peers >= settings.peer_owners_min
  const isCommon = before(at, () => true) >= OWNERS_HELD
  const isNews = !isChange && !isCommon && ofOwner === 0 && mayBeNews
  const score =
    Number(suspicion.observed['score']) +
    (isNews ? NEWS_TO_OWNER : 0) -
    (isChange ? Number(suspicion.observed['score_of_first_acts']) : 0)
  const level = levelAt(score, settings)
  // The same level was told before: the question was whether this is a higher one.
  if (level === 0 || (level >= MEDIUM && level <= (isNews ? ofOccasion : known))) return { fire: false }
  return {
    fire: true,
    severity: LEVELS[level] as Severity,
    level: levelName(level, score),
    observed: { score, other_owners_did_it_before: peers },
    ...(isNews ? { why: `${suspicion.why.slice(0, -1)}; nobody of its owner ever did the gravest of it.` } : {}),
  }
}

export const outOfCharacter = defineDetector({
  id: 'identity/out-of-character',
  version: 7,

  title: 'An identity acts out of character',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 3 * 86_400_000 },
  techniques: ['T1078.004', 'T1098', 'T1526', 'AML.T0091.000', 'AML.T0051.001', 'ASI01', 'ASI03', 'ASI10'],
  falsePositives: [
    'A new duty of an existing identity: fires once, and is learned from the next hour on',
    'Incident response: people do unusual things at unusual hours',
  ],

  settings: Settings,
  key: 'identity',
  uses,
  state: rest,
  window: { lengthMs: PACE_WINDOW_MS, state: open },

  matches: (event) => event.action !== 'user.message' && event.kind !== 'control' && !isAnonymous(event),
  step(context) {
    const { event, habits, settings, time, since, windowStart } = context
    if (habits.actions.isNew) context.send({ ...askAbout(event, habits.actions.print), once: true })
    if (time - since < settings.warm_up_ms || habits.pace.hours() < settings.warm_up_hours) return undefined
    const window = context.openWindow()
    if (count(context, window, consequenceOf(event))) window.evidence.add(evidenceOf(event))
    if (!isWorthJudging(context) || scoreBound(context, window) + newsOf(window) < settings.score_low) {
      if (window.level.value >= MEDIUM && lastTold(context).hour === windowStart / HOUR_MS) holdBack(context, window)
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
    state: second,
    absorb({ signal, state, time, tie }) {
      state.owners.add(signal.fingerprint, time, tie)
      return undefined
    },
    decide: decideOf,
  },
})
