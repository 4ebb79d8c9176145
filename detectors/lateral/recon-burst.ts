/**
 * Fires when an identity looks around: within five minutes it does many different things, or reaches many different
 * targets, or is denied at many different places, mostly by reading and listing. Any number of meaningless acts in
 * between changes nothing. Two of these three must agree, each above an absolute floor and each beyond this identity's
 * own windows. An identity without a history must only meet higher floors.
 *
 * Why: an attacker with a stolen credential, or an agent told to do so, first finds out what it can reach. Denials
 * count by distinct place, so that one broken job that repeats one denied call is no burst.
 *
 * Misses: slow reconnaissance, below the floors in every window; reconnaissance by an identity that always does it (an
 * inventory bot); what a single call lists at once; attacks that know where to go. A reported burst is not reported
 * again while it stays near that size: a daily job is reported once.
 */
import Type from 'typebox'
import { defineDetector, type Step } from '../detector.ts'
import {
  ACTIONS,
  type Breadth,
  breadth,
  BREADTH_WINDOW_MS,
  DENIED,
  type Dimension,
  DIMENSIONS,
  TARGETS,
} from '../habits/breadth.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { evidenceList, evidenceOf } from '../lib/evidence.ts'
import type { Handles } from '../lib/columns.ts'
import { counter, small } from '../lib/fields.ts'
import { countLogTail, surpriseOf } from '../lib/maths.ts'

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
    description:
      'Events that read, list or are denied, as a share of the distinct actions or targets; not required if denials are one of the two',
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

/** About what the bytes of the list hold. */
const EVIDENCE_EVENTS = 5
const uses = { breadth }
const open = {
  /** Level already reported, an index of LEVELS. */
  level: small(),
  /** What the window has shown since it became noteworthy, for the second revision. */
  actions: counter(),
  targets: counter(),
  denied: counter(),
  events: counter(),
  looking: counter(),
  evidence: evidenceList({ bytes: 768 }),
}
type Context = Step<Settings, Record<never, never>, typeof open, typeof uses>

const NAMES = ['actions', 'targets', 'denied'] as const
const LABELS = ['distinct actions', 'distinct targets', 'distinct denied places'] as const
const LEVELS = ['', 'medium', 'high'] as const

/**
 * Whether the acts here mostly look. Compared with distinct things, not with events: an attacker can add any number of
 * repeated acts.
 */
const looksMostly = (settings: Settings, { counts, looking }: Breadth): boolean =>
  looking >= settings.looking_share_min * Math.max(counts[ACTIONS] as number, counts[TARGETS] as number)

interface Verdict {
  readonly level: number
  /** Dimensions that are beyond their bound. */
  readonly beyond: readonly Dimension[]
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
  const { settings, time, since } = context
  const { breadth: habit } = context.habits
  const known = time - since >= settings.warm_up_ms && habit.weightAt(time) >= settings.warm_up_windows
  const floors = floorsOf(settings, counts, known)
  const isRecord = (d: Dimension): boolean => (counts[d] as number) > settings.peak_factor * habit.peak(d)
  const above = DIMENSIONS.filter((d) => (counts[d] as number) >= (floors[d] as number))
  if (above.length < 2 || !above.some(isRecord)) return QUIET
  if (!known) return { level: above.includes(DENIED) ? 2 : 1, beyond: above, surprises: [] }
  const surprises = counts.map((n, d) => {
    const { mean, variance } = habit.usual(d as Dimension, time)
    return surpriseOf(countLogTail(n, mean, variance))
  })
  const beyond = above.filter((d) => (surprises[d] as number) >= settings.surprise_min)
  const peak = Math.max(...beyond.map((d) => surprises[d] as number))
  if (beyond.length < 2 || peak < settings.surprise_peak) return QUIET
  return { level: beyond.includes(DENIED) ? 2 : 1, beyond, surprises }
}

const measures = (counts: readonly number[]): Record<string, number> =>
  Object.fromEntries(NAMES.map((name, d) => [`${name}_distinct`, counts[d] as number]))

function keep(window: Handles<typeof open>, { counts, events, looking }: Breadth): void {
  window.actions.value = counts[ACTIONS] as number
  window.targets.value = counts[TARGETS] as number
  window.denied.value = counts[DENIED] as number
  window.events.value = events
  window.looking.value = looking
}

function observedOf({ counts, events, looking }: Breadth): Record<string, number> {
  return { ...measures(counts), events, looking_share: looking / Math.max(1, events) }
}

export const reconBurst = defineDetector({
  id: 'lateral/recon-burst',
  version: 3,

  title: 'Reconnaissance burst',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action'], ['target']], learns_ms: 1 * 86_400_000 },
  techniques: ['T1526', 'T1580', 'T1087.004', 'T1069.003', 'AML.T0084', 'ASI02'],
  falsePositives: [
    'A new inventory or audit job: quiet once it has a habit',
    'A deployment to a new place; a job that lost its permissions',
  ],

  settings: Settings,
  key: 'identity',
  uses,
  state: {},
  window: { lengthMs: BREADTH_WINDOW_MS, state: open },

  // Anybody may look at what is public, and meets many closed doors.
  matches: (event) => event.kind !== 'control' && event.action !== 'user.message' && !isAnonymous(event),
  step(context) {
    const { event, settings, habits, time } = context
    const { events, grew } = habits.breadth
    const window = context.openWindow()
    if (window.level.value > 0) context.doubt()
    else if (!grew) return undefined
    const { counts } = habits.breadth
    if (!isNoteworthy(settings, counts)) return undefined
    keep(window, habits.breadth)
    if (window.evidence.length < EVIDENCE_EVENTS) window.evidence.add(evidenceOf(event))
    const verdict = judge(context, counts)
    if (!verdict.beyond.includes(DENIED) && !looksMostly(settings, habits.breadth)) return undefined
    if (verdict.level <= window.level.value) return undefined
    window.level.value = verdict.level
    const shown = evidenceOf(event)
    return {
      why: whyOf(event.identity, counts, verdict),
      observed: observedOf(habits.breadth),
      expected: measures(DIMENSIONS.map((d) => habits.breadth.usual(d, time).mean)),
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
      evidenceCount: events,
    }
  },
  summarise: (window) => ({
    observed: {
      ...measures([window.actions.value, window.targets.value, window.denied.value]),
      events: window.events.value,
      looking_share: window.looking.value / Math.max(1, window.events.value),
    },
    evidenceCount: window.events.value,
  }),
})

function whyOf(identity: string, counts: readonly number[], verdict: Verdict): string {
  const seen = verdict.beyond.map((d) => `${counts[d]} ${LABELS[d]}`).join(' and ')
  const basis =
    verdict.surprises.length === 0 ? 'too many for an identity without a history' : 'far above its usual activity'
  return `${identity} performed reconnaissance: ${seen} within five minutes, ${basis}.`
}
