/**
 * Fires when an identity looks around: within five minutes it does many different things, or reaches many different
 * targets, or is denied at many different places, mostly by reading and listing. Two of these three must agree, each
 * above an absolute floor and each beyond what this identity's own windows were like. An identity without a history meets
 * higher floors and nothing else.
 *
 * Why: whoever arrives with a stolen credential, and any agent that was told to, first finds out what it can reach.
 * Denials count by distinct place, so that one broken job that repeats one denied call is no burst.
 *
 * Misses: slow looking around, below the floors in every window; looking around by an identity that always does (an
 * inventory bot); what a single call lists at once; attacks that know where to go. A burst that was reported is
 * not reported again while it stays near that size: a daily job is told once.
 */
import Type from 'typebox'
import { hash32 } from '../../schemas/ids.ts'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector, type Step } from '../detector.ts'
import type { Handles } from '../lib/columns.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import { counter, distinct, small } from '../lib/fields.ts'
import { countLogTail, surpriseOf } from '../lib/maths.ts'
import { decayedProfile } from '../lib/profile.ts'

const WINDOW_MS = 5 * 60_000
const DAY_MS = 86_400_000

const Settings = Type.Object({
  actions_min: Type.Integer({ default: 12, minimum: 2, description: 'Distinct actions below which nothing fires' }),
  targets_min: Type.Integer({ default: 20, minimum: 2, description: 'Distinct targets below which nothing fires' }),
  denied_min: Type.Integer({ default: 8, minimum: 2, description: 'Distinct denied places below which nothing fires' }),
  unknown_breadth_factor: Type.Number({
    default: 5,
    description: 'Times the floors of actions and targets, for an identity without a history',
  }),
  unknown_denied_factor: Type.Number({ default: 1.5, description: 'The same for the floor of denied places' }),
  looking_share_min: Type.Number({
    default: 0.6,
    description: 'Share of the events that read, list or are denied',
  }),
  surprise_min: Type.Number({
    default: 2,
    description: '-log10 of the probability that each of two dimensions reaches',
  }),
  surprise_peak: Type.Number({ default: 4, description: '-log10 of the probability that one of them reaches' }),
  peak_factor: Type.Number({
    default: 1.5,
    description:
      'One of them exceeds by this factor the largest (decayed) window of the identity, reported ones included',
  }),
  warm_up_windows: Type.Number({ default: 10, description: 'Active windows (decayed) that make a history' }),
  warm_up_ms: Type.Integer({ default: DAY_MS, description: 'Age that makes a history' }),
})
type Settings = Type.Static<typeof Settings>

const rest = {
  /** Distinct actions, targets and denied places of an active window. */
  habit: decayedProfile({ halfLifeMs: 14 * DAY_MS, dimensions: 3 }),
  /** Start of the newest window, in minutes since 1970, and its counts so far (at most 255 each): learned when it is over. */
  minute: counter(),
  actions: small(),
  targets: small(),
  denied: small(),
  suspected: small(),
}
/** About what the bytes of the list hold. */
const EVIDENCE_EVENTS = 5
const open = {
  actions: distinct({ exact: 32, registers: 128 }),
  targets: distinct({ exact: 32, registers: 128 }),
  denied: distinct({ exact: 32, registers: 128 }),
  events: counter(),
  looking: counter(),
  /** Level already reported, an index of LEVELS. */
  level: small(),
  evidence: evidenceList({ bytes: 768 }),
}
type Context = Step<Settings, typeof rest, typeof open>
type Window = Handles<typeof open>

const NAMES = ['actions', 'targets', 'denied'] as const
const LABELS = ['distinct actions', 'distinct targets', 'distinct denied places'] as const
const DIMENSIONS = [0, 1, 2] as const
const DENIED = 2
const LEVELS = ['', 'medium', 'high'] as const

/** What a window is taken for before anything is known, and how many windows that is worth. */
const PRIOR_MEAN = [4, 6, 0.5] as const
const PRIOR_WINDOWS = 4

const countsOf = (window: Window): readonly [number, number, number] => [
  window.actions.count,
  window.targets.count,
  window.denied.count,
]

/** Mean and variance of one dimension, shrunk toward a geometric prior (mean m, variance m + m^2). */
function baselineOf({ state, time }: Context, d: number): { readonly mean: number; readonly variance: number } {
  const weight = state.habit.weightAt(time)
  const prior = PRIOR_MEAN[d] as number
  const total = weight + PRIOR_WINDOWS
  const mean = (weight * state.habit.mean(d) + PRIOR_WINDOWS * prior) / total
  const within = weight * state.habit.variance(d) + PRIOR_WINDOWS * (prior + prior * prior)
  const between = weight * (state.habit.mean(d) - mean) ** 2 + PRIOR_WINDOWS * (prior - mean) ** 2
  return { mean, variance: ((within + between) / total) * (1 + 1 / total) }
}

const floorOf = (settings: Settings, d: number): number => settings[`${NAMES[d] as (typeof NAMES)[number]}_min`]

/** What of a suspected window is learned: at most the floor, or four deviations above the mean. */
function accepted(context: Context, d: number, count: number): number {
  const { mean, variance } = baselineOf(context, d)
  return Math.min(count, Math.max(floorOf(context.settings, d), mean + 4 * Math.sqrt(variance)))
}

/** Learns the newest window once an event of a later one shows that it is over. */
function turnWindow(context: Context): void {
  const { state, windowStart } = context
  const start = state.minute.value * 60_000
  if (windowStart <= start) return
  if (start > 0) {
    const counts = [state.actions.value, state.targets.value, state.denied.value]
    const learned = state.suspected.value === 0 ? counts : counts.map((count, d) => accepted(context, d, count))
    state.habit.add(learned, start, counts)
  }
  state.minute.value = windowStart / 60_000
  state.actions.value = 0
  state.targets.value = 0
  state.denied.value = 0
  state.suspected.value = 0
}

const isLooking = (event: EventView): boolean =>
  event.activity === 'read' || event.activity === 'list' || event.outcome === 'denied'

/** Takes the event into its window. Answers whether it brought anything that was not there before. */
function count(event: EventView, window: Window): boolean {
  const action = hash32(event.action)
  const place = event.target === '' ? action : hash32(event.target)
  window.events.value++
  if (isLooking(event)) window.looking.value++
  let grew = window.actions.add(action)
  if (event.target !== '') grew = window.targets.add(place) || grew
  if (event.outcome === 'denied') grew = window.denied.add((place ^ Math.imul(action, 0x9e3779b1)) >>> 0) || grew
  return grew
}

interface Verdict {
  readonly level: number
  /** Dimensions that are beyond their bound. */
  readonly beyond: readonly number[]
  readonly surprises: readonly number[]
}
const QUIET: Verdict = { level: 0, beyond: [], surprises: [] }

/** Evidence is kept from here on: an ordinary window never pays for it. */
const isNoteworthy = (settings: Settings, counts: readonly number[]): boolean =>
  (counts[DENIED] as number) > 0 ||
  (counts[0] as number) * 2 >= settings.actions_min ||
  (counts[1] as number) * 2 >= settings.targets_min

/** The floors for these counts: where many places refuse it, so many targets are as telling as a broad burst. */
function floorsOf(settings: Settings, counts: readonly number[], known: boolean): readonly number[] {
  const breadth = known ? 1 : settings.unknown_breadth_factor
  const denied = settings.denied_min * (known ? 1 : settings.unknown_denied_factor)
  const refused = (counts[DENIED] as number) >= denied
  return [settings.actions_min * breadth, refused ? denied : settings.targets_min * breadth, denied]
}

function judge(context: Context, counts: readonly number[]): Verdict {
  const { settings, state, time, since } = context
  const known = time - since >= settings.warm_up_ms && state.habit.weightAt(time) >= settings.warm_up_windows
  const floors = floorsOf(settings, counts, known)
  const isRecord = (d: number): boolean => (counts[d] as number) > settings.peak_factor * state.habit.peak(d)
  const above = DIMENSIONS.filter((d) => (counts[d] as number) >= (floors[d] as number))
  if (above.length < 2 || !above.some(isRecord)) return QUIET
  if (!known) return { level: above.includes(DENIED) ? 2 : 1, beyond: above, surprises: [] }
  const surprises = counts.map((n, d) => {
    const { mean, variance } = baselineOf(context, d)
    return surpriseOf(countLogTail(n, mean, variance))
  })
  const beyond = above.filter((d) => (surprises[d] as number) >= settings.surprise_min)
  const peak = Math.max(...beyond.map((d) => surprises[d] as number))
  if (beyond.length < 2 || peak < settings.surprise_peak) return QUIET
  return { level: beyond.includes(DENIED) ? 2 : 1, beyond, surprises }
}

const measures = (counts: readonly number[]): Record<string, number> =>
  Object.fromEntries(NAMES.map((name, d) => [`${name}_distinct`, counts[d] as number]))

function observedOf(window: Window): Record<string, number> {
  return {
    ...measures(countsOf(window)),
    events: window.events.value,
    looking_share: window.looking.value / Math.max(1, window.events.value),
  }
}

export const reconBurst = defineDetector({
  id: 'lateral/recon-burst',
  version: 1,

  title: 'Burst of looking around',
  severity: 'medium',
  mode: 'live',
  techniques: ['T1526', 'T1580', 'T1087.004', 'T1069.003', 'AML.T0084', 'ASI02'],
  falsePositives: [
    'A new inventory or audit job: quiet once it has shown its habit',
    'A deployment to a new place, and a job whose permissions were taken away',
  ],

  settings: Settings,
  key: 'identity',
  state: rest,
  window: { lengthMs: WINDOW_MS, state: open },

  matches: (event) => event.kind !== 'control' && event.action !== 'user.message',
  step(context) {
    const { event, state, settings, windowStart } = context
    turnWindow(context)
    const window = context.openWindow()
    if (!count(event, window)) return undefined
    const counts = countsOf(window)
    const isNewest = state.minute.value * 60_000 === windowStart
    if (isNewest) {
      state.actions.value = Math.min(255, counts[0])
      state.targets.value = Math.min(255, counts[1])
      state.denied.value = Math.min(255, counts[2])
    }
    if (!isNoteworthy(settings, counts)) return undefined
    if (window.evidence.length < EVIDENCE_EVENTS) window.evidence.add(evidenceOf(event))
    if (window.looking.value < settings.looking_share_min * window.events.value) return undefined
    const verdict = judge(context, counts)
    if (verdict.level <= window.level.value) return undefined
    window.level.value = verdict.level
    const shown = evidenceOf(event)
    if (isNewest) state.suspected.value = 1
    return {
      why: whyOf(event.identity, counts, verdict),
      observed: observedOf(window),
      expected: measures(DIMENSIONS.map((d) => baselineOf(context, d).mean)),
      ...(verdict.surprises.length === 0
        ? {}
        : {
            surprise: Math.max(...verdict.beyond.map((d) => verdict.surprises[d] as number)),
            learnedSince: context.since,
          }),
      severity: LEVELS[verdict.level] as 'medium' | 'high',
      level: LEVELS[verdict.level] as string,
      rooted: false,
      evidence: [...window.evidence.list().filter((e) => e.event_id !== shown.event_id), shown],
    }
  },
  summarise: (window) => ({ observed: observedOf(window) }),
})

function whyOf(identity: string, counts: readonly number[], verdict: Verdict): string {
  const seen = verdict.beyond.map((d) => `${counts[d]} ${LABELS[d]}`).join(' and ')
  const basis =
    verdict.surprises.length === 0 ? 'too many for an identity without a history' : 'far beyond its own habit'
  return `${identity} looked around: ${seen} within five minutes, ${basis}.`
}
