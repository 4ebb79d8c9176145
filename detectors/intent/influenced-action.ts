/**
 * Fires when a call carries out an order from a tool's result that the user does not stand behind: a mail, a page, a
 * review or an issue told the agent to pay, send, delete, invite, buy, fetch or change something, and it did. Two
 * levels: high from the upper score, medium from the lower one.
 *
 * Why: benign agents obey other people's texts all the time, so neither "an order was read" nor "a value came from a
 * result" means anything alone. Two questions do. Evidence: how much of what is new in the call comes from one sentence
 * and from nowhere else. Mandate: does the user stand behind that sentence, because the task names its author or page,
 * because the task hands the work over, because both are about the same thing, or because its link leads on from where
 * the user sent the agent. The texts are not needed: the collector left hashed words and values (see indicators.ts).
 *
 * Misses: orders from somebody whom the task names, or about the very subject of the task; orders with neither a value
 * nor a word that the call repeats; calls spread over several sessions; texts in languages and pictures that the
 * extractor cannot read. Sessions without a recorded task are judged on evidence alone and stay medium.
 */
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import type { Evidence } from '../../schemas/finding.ts'
import { decodeIndicators, type Indicators } from '../../schemas/indicators.ts'
import { round6 } from '../../schemas/finding.ts'
import { defineDetector, type Step, type Suspicion } from '../detector.ts'
import { evidenceOf } from '../lib/evidence.ts'
import { judge, type Verdict } from '../lib/influence/join.ts'
import {
  absorbCall,
  absorbHandOver,
  absorbResult,
  absorbTask,
  hasTask,
  influenceFields,
  PLACE,
  placeOf,
} from '../lib/influence/state.ts'

const Settings = Type.Object({
  high_from: Type.Number({ default: 0.6, minimum: 0, maximum: 1, description: 'Score from which a finding is high' }),
  medium_from: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'Score from which it is medium' }),
  marked_from: Type.Number({
    default: 0.4,
    minimum: 0,
    maximum: 1,
    description: 'Score from which the new values of a result carry the suspicion of their call on',
  }),
})
type Settings = Type.Static<typeof Settings>
type Context = Step<Settings, typeof influenceFields, Record<never, never>>

export const influencedAction = defineDetector({
  id: 'intent/influenced-action',
  version: 7,

  title: 'Action ordered by content and not by the user',
  severity: 'high',
  mode: 'live',
  needs: { fields: [['session'], ['indicators', 'value_hashes']], learns_ms: 0 },
  techniques: ['AML.T0051', 'AML.T0093', 'ASI01', 'ASI06'],
  falsePositives: [
    'The user agreed to the order in words that the log does not hold, or in an earlier session.',
    'The task names the author by a nickname, or the page by a description only.',
    'A workflow whose records are written as orders ("Please find the details of ...") and are all that it acts on.',
  ],

  settings: Settings,
  key: 'session',
  state: influenceFields,

  matches: (event) => event.indicators !== '',

  step(context) {
    const indicators = decodeIndicators(context.event.indicators)
    if (indicators === undefined) return undefined
    if (indicators.task !== undefined) absorbTask(context.state, indicators.task)
    if (indicators.call === undefined && indicators.result === undefined) return undefined
    return judgeAndAbsorb(context, indicators)
  },
})

/**
 * The call is judged by what earlier results held, then its own result is added to them. A late call is not judged, because what
 * the agent had read by then can no longer be told; but what came later may still obey its result.
 */
function judgeAndAbsorb(context: Context, indicators: Indicators): Suspicion | undefined {
  const { state, event, settings, late } = context
  const { call, result } = indicators
  const verdict = call === undefined || late ? undefined : judge(state, call)
  const score = verdict?.score ?? 0
  // Without a task, nobody can know whether the user stands behind it. The evidence alone must then be strong, and a
  // look-up proves too little.
  const from = hasTask(state) ? settings.medium_from : call?.reads === 1 ? 2 : settings.high_from
  const suspicion = verdict === undefined || score < from ? undefined : suspect(context, verdict)
  const declared = result !== undefined && isDeclaredTask(event)
  if (declared) absorbHandOver(state)
  const place = declared ? PLACE.named : placeOf(state, call)
  if (call !== undefined) absorbCall(state, call, score >= settings.medium_from)
  if (result !== undefined) {
    absorbResult(state, result, {
      place,
      sites: call?.arguments.flatMap((argument) => argument.sites ?? []) ?? [],
      read: call?.arguments.find((argument) => argument.values.length > 0)?.values[0] ?? 0,
      touched: (verdict?.evidence ?? 0) > 0 || (verdict?.mark ?? 0) > 0,
      mark: score >= settings.marked_from ? score : 0,
      keep: () => state.sources.add(evidenceOf(event)),
    })
  }
  return suspicion
}

/** The task that the harness declared for the session is this very record: `ticket-T-7133` and `ticket:T-7133`. */
function isDeclaredTask(event: EventView): boolean {
  if (event.task === '' || event.target === '') return false
  const target = bare(event.target)
  return target.length >= DECLARED_CHARS_MIN && /\d/.test(target) && bare(event.task).includes(target)
}
const DECLARED_CHARS_MIN = 5
const bare = (text: string): string =>
  text
    .slice(0, 200)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')

function suspect({ event, state, settings }: Context, verdict: Verdict): Suspicion {
  const known = hasTask(state)
  const high = known && verdict.score >= settings.high_from
  const source = state.sources.at(verdict.source)
  const here = evidenceOf(event)
  const evidence: Evidence[] = source === undefined || source.event_id === here.event_id ? [here] : [source, here]
  return {
    level: high ? 'high' : 'medium',
    severity: high ? 'high' : 'medium',
    why: sentence(event, verdict, source, known),
    observed: {
      score: round6(verdict.score),
      evidence: round6(verdict.evidence),
      mandate: round6(verdict.mandate),
      carried_on: round6(verdict.mark),
      order_in: source?.action ?? 'unknown',
      place: PLACE_WORDS[verdict.place] ?? 'unknown',
    },
    expected: { score_below: high ? settings.high_from : settings.medium_from },
    evidence,
  }
}

const PLACE_WORDS: Readonly<Record<number, string>> = {
  [PLACE.elsewhere]: 'not named by the user',
  [PLACE.reached]: 'reached from what was read before',
  [PLACE.named]: 'named by the user',
  [PLACE.kind]: 'of the kind that the task is about',
}

/** One sentence for an analyst: which call, whose order, and why the user does not stand behind it. */
function sentence(event: EventView, verdict: Verdict, source: Evidence | undefined, known: boolean): string {
  const from = source === undefined ? 'an earlier tool result' : `the result of ${source.action}`
  const target = event.target === '' ? '' : ` on ${event.target.slice(0, 60)}`
  const act =
    verdict.order < 0
      ? `${event.action}${target} used a value that the agent obtained by following an order in ${from}`
      : `${event.action}${target} carried out an order from ${from}`
  return `${act}; ${standing(verdict, known)}.`
}

function standing(verdict: Verdict, known: boolean): string {
  if (!known) return 'the log holds no user task that could have asked for it'
  if (verdict.mandate <= 0)
    return "the user's task names neither the author nor the subject of the order, and does not hand the work over"
  if (verdict.because === 'place') return 'the user sent the agent to that place, but the order is not about the task'
  if (verdict.because === 'author') return 'the task names the author of the order but asked for something else'
  return 'the task only shares some words with the order'
}
