/**
 * Fires when a source that always reports was silent: an agent or service whose longest silence in days of observation
 * was minutes or a few hours reports nothing for hours, many times longer than ever, and then reports again. The
 * finding names the period about which nothing is known.
 *
 * Why: an attacker who wants to stay unseen switches off monitoring, and a collector outage leaves the same gap. No log
 * shows what happened in the gap, so somebody has to look elsewhere.
 *
 * Misses: a source that never reports again (coverage shows when each was last seen); sources that are silent every
 * night or at weekends, until one lasts many times as long; a second gap that is not much longer than the first.
 */
import { counted } from '../../schemas/counted.ts'
import Type from 'typebox'
import { defineDetector } from '../detector.ts'
import { gaps } from '../habits/gaps.ts'
import { isAnonymous } from '../lib/anonymous.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const Settings = Type.Object({
  silent_ms: Type.Integer({ default: 3 * HOUR_MS, description: 'Silence below which nothing fires' }),
  factor: Type.Number({ default: 6, minimum: 1, description: 'Times the longest silence before that it must exceed' }),
  longest_ms_max: Type.Integer({
    default: 6 * HOUR_MS,
    description: 'A source with a longer silence than this does not always report',
  }),
  gaps_min: Type.Integer({ default: 200, minimum: 2, maximum: 255, description: 'Events before anything is judged' }),
  history_ms: Type.Integer({ default: 5 * DAY_MS, description: 'Age before anything is judged' }),
})

const text = (ms: number): string =>
  ms >= 2 * HOUR_MS ? `${Math.round(ms / HOUR_MS)} hours` : counted(Math.max(1, Math.round(ms / MINUTE_MS)), 'minute')

export const silentCollector = defineDetector({
  id: 'intent/silent-collector',
  version: 1,

  title: 'A source that always reports went silent',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [], learns_ms: 5 * 86_400_000 },
  techniques: ['T1562.008', 'ASI10'],
  falsePositives: ['Maintenance of the source or of its log shipper: the gap is real, its reason known'],

  settings: Settings,
  key: 'identity',
  uses: { gaps },
  state: {},

  matches: (event) => event.principal_kind !== 'person' && !isAnonymous(event),
  step({ event, time, since, settings, habits }) {
    const { gapMs, longestMs, seen } = habits.gaps
    if (gapMs < settings.silent_ms || seen < settings.gaps_min) return undefined
    if (time - gapMs - since < settings.history_ms || longestMs > settings.longest_ms_max) return undefined
    // Gaps are in whole minutes: a denser source has gaps of at most one.
    if (gapMs < settings.factor * Math.max(longestMs, MINUTE_MS)) return undefined
    return {
      why: `${event.identity} always reports but sent nothing for ${text(gapMs)} until ${new Date(time).toISOString().slice(0, 16)}Z; its longest silence before was ${text(longestMs)}. Nothing is known about that time.`,
      observed: { silent_hours: gapMs / HOUR_MS },
      expected: { silent_hours_max: longestMs / HOUR_MS },
      learnedSince: since,
      window: Math.floor(time / MINUTE_MS),
      rooted: false,
    }
  },
})
