/**
 * Fires when an identity switches off, deletes or redirects monitoring (audit trails, log sinks, alarms, guardrails),
 * if that is not its job and nobody approved it. High for agents and services, medium for people and for guardrails
 * that are rewritten; low for other changes of logging, which are mostly maintenance.
 *
 * Why: an attacker who means to stay blinds the watchers first, and an agent that may rewrite its own guardrails has
 * none. The act itself is the sign, so the rule needs no history to fire. History only keeps it quiet if this is the
 * identity's job.
 *
 * Misses: acts by an identity that changes logging as its job; a sink that is starved instead of deleted; words for it
 * that are not in the table.
 */
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import type { Severity } from '../../schemas/finding.ts'
import { defineDetector } from '../detector.ts'
import { actWords, hasWord, wordSet } from '../lib/act-words.ts'
import { counter, decayedCount } from '../lib/fields.ts'

const DAY_MS = 86_400_000

const Settings = Type.Object({
  usual_days: Type.Number({
    default: 2,
    minimum: 1,
    description: 'Days (decayed) on which the identity did this before, from which it counts as its job',
  }),
  history_ms: Type.Integer({ default: 3 * DAY_MS, description: 'Age of a person before the rule fires on them' }),
})

/** What watches, whatever is done to it. */
const WATCHERS = wordSet(
  'trail audit auditing logging cloudtrail flowlog sink guardrail siem guardduty recorder defender telemetry',
)
/** Watchers only when configured, stopped or grouped: deleting a log file is housekeeping. */
const MAYBE = wordSet('log alarm alert monitor monitoring diagnostic detector policy')
const OFF = wordSet('delete remove stop disable suspend deregister detach mute silence purge destroy unset')
const CHANGE = wordSet('update put set modify edit patch config configure redirect replace')
const GROUPED = wordSet('group stream config configuration setting selector destination logging audit')
const OFF_VALUE = /(?:^|[^a-z])(?:off|disabled?|none|false|suspended)$/i

type Way = 'off' | 'change'

/** What the act does to a watcher; undefined if it touches none. */
function wayOf(event: EventView): Way | undefined {
  const words = actWords(event)
  const off = hasWord(words, OFF)
  if (!off && !hasWord(words, CHANGE)) return undefined
  const watches = hasWord(words, WATCHERS) || (words.has('log') && hasWord(words, GROUPED))
  const perhaps = hasWord(words, MAYBE) && /(?:^|[^a-z])(?:audit|logging|guardrail|siem)/i.test(event.target)
  if (!watches && !perhaps) return undefined
  return off || OFF_VALUE.test(event.target) ? 'off' : 'change'
}

/** What steers an agent is changed by its owner alone; that logging is configured is most often care. */
function severityOf(event: EventView, way: Way): Severity {
  if (way === 'off') return event.principal_kind === 'person' ? 'medium' : 'high'
  return actWords(event).has('guardrail') ? 'medium' : 'low'
}

const succeeded = (event: EventView): boolean => event.outcome === 'success' || event.outcome === 'unknown'

export const loggingTamper = defineDetector({
  id: 'intent/logging-tamper',
  version: 1,

  title: 'Logging or guardrails switched off',
  severity: 'high',
  mode: 'live',
  needs: { fields: [['action']], learns_ms: 0 },
  techniques: ['T1562.008', 'AML.T0081', 'ASI10'],
  falsePositives: ['An administrator who cleans up trails for the first time: record the approval with the act'],

  settings: Settings,
  key: 'identity',
  state: { days: decayedCount({ halfLifeMs: 30 * DAY_MS }), day: counter() },

  matches: (event) => succeeded(event) && wayOf(event) !== undefined,
  step({ event, time, since, state, settings }) {
    const day = Math.floor(time / DAY_MS)
    const usual = state.days.at(time) >= settings.usual_days
    if (day > state.day.value) {
      state.day.value = day
      state.days.add(time)
    }
    const way = wayOf(event)
    if (usual || event.approval !== '' || way === undefined) return undefined
    // A person who changes what is logged, without ending it, is mostly at work; so is one who is not yet known.
    const isPerson = event.principal_kind === 'person'
    if (isPerson && (way === 'change' || time - since < settings.history_ms)) return undefined
    return {
      why: `${event.identity} ${way === 'off' ? 'switched off' : 'changed'} logging or a guardrail (${event.action} on ${event.target || 'no named target'}) without an approval, and this is not its job.`,
      observed: { action: event.action, target: event.target, days_before: Math.floor(state.days.at(time)) },
      expected: { days_before_min: settings.usual_days },
      severity: severityOf(event, way),
      level: way,
      window: day,
      rooted: false,
    }
  },
})
