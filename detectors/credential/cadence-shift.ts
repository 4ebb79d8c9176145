/**
 * Fires when an agent or service that acts by the clock begins to act between its beats, again and again, or when a person
 * begins to act by the clock. Low; medium if a machine does so at an hour of the day at which it was never at work.
 *
 * Why: whoever works by hand with the credential of a job breaks its beat, from the job's own network and client, with acts
 * that it has. And a person whose every act follows the last one after the same time is a script with that person's
 * credential.
 *
 * How: a gap is even if it is as long as the beat, or as the gap before it, but for a tenth or a minute. Gaps under two
 * minutes belong to one run and do not count, nor do acts that failed: they are tried again. Of the last 15 gaps one bit
 * each is kept; older ones are counted, even and uneven. The newest 8 of a machine must be uneven, the newest 15 of a person
 * even, all but one, and that must be surprising after what came before (Beta-binomial).
 *
 * Misses: jobs that start more often than every five minutes or at random; identities of which many copies run; whoever
 * keeps to the beat, or does it all within two minutes.
 */
import Type from 'typebox'
import { defineDetector, type Step } from '../detector.ts'
import { gaps } from '../habits/gaps.ts'
import { hours } from '../habits/hours.ts'
import { versions } from '../habits/versions.ts'
import { isAnonymous } from '../lib/anonymous.ts'
import { type Handles, learned } from '../lib/columns.ts'
import { short, small } from '../lib/fields.ts'
import { surpriseOf } from '../lib/maths.ts'
import { hasFailed } from '../lib/outcome.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Shorter gaps lie within one run. */
const RUN_GAP = 2
/** A minute is too much of shorter ones to call two of them even, and a beat that is not twice as long cannot be broken. */
const SHORT_GAP = 5
const EVEN = 0.1

/** Gaps whose bits are kept, behind a mark that moves up until it is at the top, and how many of a machine are the newest. */
const KEPT = 15
const FULL = 2 ** KEPT
const NEWEST = 8
/** So many of the newest may be of the other kind. */
const EXCEPTIONS = 1
/** One shift is told once in so many days. */
const TOLD_DAYS = 7
const TOLD_CYCLE = 255
const OLDER_MAX = 255

const Settings = Type.Object({
  surprise_min: Type.Number({
    default: 5,
    minimum: 1,
    description: 'How surprising the newest gaps are after the older ones, as -log10 of their probability',
  }),
  machine_even_min: Type.Number({
    default: 0.9,
    description: 'Share of older gaps that are even from which it is a machine',
  }),
  hour_probability_max: Type.Number({
    default: 0.12,
    description: 'Probability of being at work at this hour up to which a machine is medium',
  }),
})

const rest = {
  /** The last KEPT gaps, 1 for even, behind a mark. 0: nothing yet. */
  recent: learned(short()),
  /** The newest gap that counts, and the newest even one, in minutes. */
  gap: learned(short()),
  beat: learned(short()),
  /** What has left `recent`; both halved where one is full. */
  even: learned(small()),
  uneven: learned(small()),
  /** The day of the last finding, as a number from 1 to TOLD_CYCLE; 0: none. */
  told: small(),
}
const uses = { gaps, hours, versions }
type State = Handles<typeof rest>
type Context = Step<Type.Static<typeof Settings>, typeof rest, Record<never, never>, typeof uses>

const isNear = (gap: number, of: number): boolean => of > 0 && Math.abs(gap - of) <= Math.max(1, EVEN * of)

function countOlder(state: State, isEven: boolean): void {
  const of = isEven ? state.even : state.uneven
  if (of.value === OLDER_MAX) {
    state.even.value >>= 1
    state.uneven.value >>= 1
  }
  of.value++
}

/** Takes a gap in minutes. Answers whether it counts. */
function take(state: State, gap: number): boolean {
  const before = state.gap.value
  if (gap < RUN_GAP || (gap < SHORT_GAP && state.beat.value < 2 * SHORT_GAP)) return false
  state.gap.value = gap
  if (before === 0) return false
  const isAsBefore = gap >= SHORT_GAP && isNear(gap, before)
  const isEven = isAsBefore || isNear(gap, state.beat.value)
  if (isAsBefore) state.beat.value = gap
  const held = state.recent.value || 1
  if (held >= FULL) countOlder(state, ((held >>> (KEPT - 1)) & 1) === 1)
  const moved = held * 2 + (isEven ? 1 : 0)
  // The mark stays at the top once it is there.
  state.recent.value = held >= FULL ? FULL + (moved % FULL) : moved
  return true
}

/** How many gaps are even, of those of `recent` behind the newest `skipped`, and how many there are. */
function countRecent(recent: number, skipped: number): { readonly even: number; readonly all: number } {
  const all = 31 - Math.clz32(recent || 1)
  let even = 0
  for (let k = skipped; k < all; k++) even += (recent >>> k) & 1
  return { even, all: Math.max(0, all - skipped) }
}

/** ln of the probability that the next `count` are all of one kind, after `these` of that kind and `others`. */
function logAllOfOneKind(count: number, these: number, others: number): number {
  let log = 0
  for (let k = 0; k < count; k++) log += Math.log((these + 0.5 + k) / (these + others + 1 + k))
  return log
}

interface Shift {
  readonly words: string
  readonly newest: number
  readonly even: number
  readonly older: number
  readonly surprise: number
}

/** What the cadence has become; undefined if it is what it was. */
function shiftOf({ event, state, settings }: Context): Shift | undefined {
  const isPerson = event.principal_kind === 'person'
  const newest = isPerson ? KEPT : NEWEST
  const { value: recent } = state.recent
  if (recent < 2 ** newest) return undefined
  const evenNow = countRecent(2 ** newest + (recent % 2 ** newest), 0).even
  const exceptions = isPerson ? newest - evenNow : evenNow
  if (exceptions > EXCEPTIONS) return undefined
  const behind = countRecent(recent, newest)
  const even = state.even.value + behind.even
  const older = state.even.value + state.uneven.value + behind.all
  if (older === 0 || even < (isPerson ? 0 : settings.machine_even_min) * older) return undefined
  const [these, others] = isPerson ? [even, older - even] : [older - even, even]
  // Any of them may be the exception.
  const log = logAllOfOneKind(newest - exceptions, these, others) + (exceptions === 0 ? 0 : Math.log(newest))
  const surprise = surpriseOf(log)
  if (surprise < settings.surprise_min) return undefined
  const words = isPerson ? 'a person, acts by the clock' : 'which acted by the clock, acts between its beats'
  return { words, newest, even, older, surprise }
}

export const cadenceShift = defineDetector({
  id: 'credential/cadence-shift',
  version: 1,

  title: 'Timing that has changed its kind',
  severity: 'low',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 10 * DAY_MS },
  techniques: ['T1078', 'ASI03', 'ASI09'],
  falsePositives: ['A job whose schedule is replaced by events; a person whose client begins to poll'],

  settings: Settings,
  key: 'identity',
  uses,
  state: rest,

  matches: (event) => event.action !== 'user.message' && event.kind !== 'control' && !isAnonymous(event),
  step(context) {
    const { event, time, since, habits, state, settings } = context
    if (hasFailed(event)) return undefined
    const gap = Math.round(habits.gaps.gapMs / MINUTE_MS)
    if (!take(state, gap) || habits.versions.isFresh) return undefined
    const shift = shiftOf(context)
    if (shift === undefined) return undefined
    const day = 1 + (Math.floor(time / DAY_MS) % TOLD_CYCLE)
    const isTold = state.told.value !== 0 && (day - state.told.value + TOLD_CYCLE) % TOLD_CYCLE < TOLD_DAYS
    // From here on the cadence is learned anew, if nobody doubts it.
    state.recent.value = 0
    state.beat.value = 0
    state.even.value = 0
    state.uneven.value = 0
    if (isTold) return undefined
    state.told.value = day
    const { words, newest, even, older, surprise } = shift
    const isPerson = event.principal_kind === 'person'
    const isOddHour = !isPerson && habits.hours.logProbability() <= Math.log(settings.hour_probability_max)
    return {
      why: `${event.identity}, ${words}${isOddHour ? ', at an hour at which it was never at work' : ''}: the last ${newest} gaps are ${isPerson ? 'even' : 'uneven'}, ${even} of the ${older} before them were even.`,
      observed: { gaps: newest, even_gaps: isPerson ? newest : 0, gap_minutes: gap },
      expected: { even_share: even / older },
      surprise,
      severity: isOddHour ? 'medium' : 'low',
      window: Math.floor(time / DAY_MS),
      rooted: false,
      learnedSince: since,
    }
  },
})
