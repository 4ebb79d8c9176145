/**
 * Fires when an identity makes far more calls in an hour than in any hour before, and a second quantity agrees: a
 * larger share of the calls is refused or fails, deletes something, or acts on permissions, credentials or logging.
 *
 * Why: a thief uses a stolen credential at the speed of a script, for as long as it works. More calls alone are a batch
 * job. More calls of which a larger share is refused, or deletes something, are not what the credential is for.
 *
 * Misses: attackers who stay within the victim's largest hour; a rate that rises slowly and becomes the habit; more
 * calls alone. Hours of the week are not distinguished: an hour is compared with all active hours and with the largest.
 */
import Type from 'typebox'
import { defineDetector, type Step } from '../detector.ts'
import { PACE_WINDOW_MS, type PaceOf, pace } from '../habits/pace.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { isApproved } from '../lib/approval.ts'
import { countLogTail, surpriseOf } from '../lib/maths.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  surprise_min: Type.Number({
    default: 6,
    minimum: 2,
    description: 'How surprising the calls must be, as -log10 of the probability of such an hour',
  }),
  agrees_min: Type.Number({
    default: 3,
    minimum: 1,
    description: 'How surprising the second quantity must be beyond its share of the calls, likewise',
  }),
  calls_min: Type.Integer({ default: 60, minimum: 1, description: 'Calls of the hour below which it says nothing' }),
  peak_times: Type.Number({ default: 3, minimum: 1, description: 'Times the largest hour before' }),
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of an identity before its hours are known' }),
  history_hours: Type.Number({ default: 12, minimum: 1, description: 'Active hours (decayed) before they are known' }),
})

const uses = { pace, versions }
type Context = Step<Type.Static<typeof Settings>, Record<never, never>, Record<never, never>, typeof uses>

/** What may agree with the calls. Changes may not: a job whose every call changes something has as many as it has calls. */
const AGREEING = ['failures', 'deletions', 'reaches'] as const satisfies readonly PaceOf[]
type Agreeing = (typeof AGREEING)[number]
const WORDS: Readonly<Record<Agreeing, string>> = {
  failures: 'was denied or failed',
  deletions: 'deleted something',
  reaches: 'acted on permissions, credentials or logging',
}
/** How much a share of calls varies from hour to hour: the variance beyond Poisson, in squares of the mean. */
const SHARE_SPREAD = 0.25

/** -log10 of the probability of an hour with as many calls; 0 if an earlier hour was nearly as large. */
function surpriseOfCalls({ habits, settings }: Context): number {
  const now = habits.pace.now('events')
  if (now <= habits.pace.peak('events') * settings.peak_times) return 0
  const { mean, variance } = habits.pace.usual('events')
  return surpriseOf(countLogTail(now, mean, variance))
}

/** The same of another quantity, where as many calls with its usual share would be expected. */
function surpriseOfShare({ habits: { pace: hour } }: Context, of: Agreeing): number {
  const mean = (hour.usual(of).mean / hour.usual('events').mean) * hour.now('events')
  return surpriseOf(countLogTail(hour.now(of), mean, mean + SHARE_SPREAD * mean * mean))
}

/** The most surprising quantity other than the calls. */
const second = (context: Context): { readonly of: Agreeing; readonly surprise: number } =>
  AGREEING.map((of) => ({ of, surprise: surpriseOfShare(context, of) })).reduce((most, one) =>
    one.surprise > most.surprise ? one : most,
  )

export const callRate = defineDetector({
  id: 'credential/call-rate',
  version: 1,

  title: 'Calls far above the usual rate',
  severity: 'low',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 3 * DAY_MS },
  techniques: ['T1078', 'AML.T0034.002', 'ASI02'],
  falsePositives: ['A quarterly batch job that fails: an approval in the log prevents the finding'],

  settings: Settings,
  key: 'identity',
  uses,
  state: {},

  matches: (event) => event.action !== 'user.message' && event.kind !== 'control' && !isAnonymous(event),
  step(context) {
    const { event, time, since, habits, settings } = context
    const calls = habits.pace.now('events')
    if (calls < settings.calls_min || time - since < settings.history_ms) return undefined
    if (habits.pace.hours() < settings.history_hours || habits.versions.isFresh || isApproved(event)) return undefined
    const surprise = surpriseOfCalls(context)
    if (surprise < settings.surprise_min) return undefined
    const agrees = second(context)
    if (agrees.surprise < settings.agrees_min) return undefined
    const [usual, usualOf] = [habits.pace.usual('events').mean, habits.pace.usual(agrees.of).mean]
    const count = habits.pace.now(agrees.of)
    return {
      why: `${event.identity} made ${calls} calls within an hour; its usual hour has about ${Math.round(usual)}. A larger share than usual ${WORDS[agrees.of]} (${count}).`,
      observed: { calls, [agrees.of]: count },
      expected: { calls: usual, calls_largest_hour: habits.pace.peak('events'), [agrees.of]: usualOf },
      surprise: surprise + agrees.surprise,
      window: Math.floor(time / PACE_WINDOW_MS),
      rooted: false,
      learnedSince: since,
    }
  },
})
