/** Evidence: how much of what is new in a call comes from one order and from nowhere else. */
import { type CallIndicators, INDICATOR_LIMITS as MAX, UNREAD_STRENGTH } from '../../../schemas/indicators.ts'
import { holdsHash, type InfluenceState, PLACE, SOURCE, sourceOf, taskWord } from './state.ts'
import { INFLUENCE, SERIOUS } from './weights.ts'

/** Weight of a call by its effect (acts, only reads, builds what is there): told and asked. */
const EFFECT_WEIGHT: readonly (readonly [told: number, asked: number])[] = [
  [1, 1],
  [INFLUENCE.reads_told, INFLUENCE.reads],
  [INFLUENCE.routine, INFLUENCE.routine],
]

interface Tally {
  weight: number
  /** The order holds a value of the call that is a name of something, and no words about it. */
  named: boolean
  /** Arguments that hold a value which nobody gave. */
  own: number
  explained: number
  /** Something of the call is in the order and new. */
  touched: number
}

/** 0..1: how much of what is new in a call comes from this order, however weakly it is worded. */
export function explanationBy(state: InfluenceState, call: CallIndicators, order: number): number {
  const asks = state.orders.get('strength', order) >= INFLUENCE.asks_from
  const tally: Tally = { weight: 0, named: false, own: 0, explained: 0, touched: 0 }
  for (const argument of call.arguments) weighArgument(state, argument, order, asks, tally)
  const act = weighAct(state, call, order)
  const status = state.orders.get('status', order) === 1 ? INFLUENCE.status : 1
  if (tally.touched === 0) {
    const serious = (call.classes & state.orders.get('classes', order) & SERIOUS) !== 0
    return serious && asks && call.reads === 0 && act.fresh && act.share >= INFLUENCE.verb_share
      ? INFLUENCE.floor_acts * act.share * status
      : 0
  }
  const topical = call.reads === 1 && tally.touched < 1 && state.orders.get('place', order) === PLACE.named
  const reads = EFFECT_WEIGHT[call.reads]?.[asks ? 1 : 0] ?? 1
  // Words alone: the call is about something that the order does not know.
  const other = tally.named || tally.own === 0 ? 0 : INFLUENCE.other_weight
  const explained = (tally.explained + act.weight * act.share) / (tally.weight + other + act.weight)
  return explained * status * reads * (topical ? INFLUENCE.topical : 1)
}

/** One argument: its values if it has any, its words otherwise; what the task gave counts for nothing. */
function weighArgument(
  state: InfluenceState,
  argument: CallIndicators['arguments'][number],
  order: number,
  asks: boolean,
  tally: Tally,
): void {
  let best = 0
  let known = false
  for (const hash of argument.values) {
    const source = sourceOf(state, hash)
    if (source === SOURCE.task) return
    if (source !== SOURCE.unknown && source !== SOURCE.agent) known = true
    // Passing a text on repeats what it says; only a sentence that asks makes that an answer.
    if (!asks && argument.short === 0) continue
    if (holdsHash(state, 'values', order, hash, MAX.order_values)) best = Math.max(best, weightOf(source))
  }
  if (best > 0) {
    tally.weight += 1
    tally.explained += best
    tally.touched += best
    if (argument.stems.length < INFLUENCE.words_least) tally.named = true
    return
  }
  if (known) {
    tally.weight += INFLUENCE.known_weight
    return
  }
  const words =
    asks || (argument.short === 1 && argument.stems.length < INFLUENCE.sentence_from)
      ? newWords(state, argument, order)
      : { fresh: argument.stems.length, held: 0 }
  if (words.held > 0) {
    const full =
      argument.short === 1
        ? Math.min(Math.max(words.fresh, INFLUENCE.words_least), INFLUENCE.words_full)
        : Math.max(words.fresh / 2, INFLUENCE.words_full)
    const share = Math.min(1, words.held / full) * (asks ? 1 : INFLUENCE.words_told)
    tally.weight += share
    tally.explained += share * share
    tally.touched += 0.5 * share
    tally.weight += (1 - share) * INFLUENCE.own_weight
    return
  }
  if (argument.values.length > 0 || words.fresh > 0) tally.weight += INFLUENCE.own_weight
  if (argument.values.length > 0) tally.own++
}

const WEIGHTS = Object.entries(SOURCE).reduce<number[]>((weights, [name, number]) => {
  weights[number] = INFLUENCE.value_weight[name as keyof typeof SOURCE]
  return weights
}, [])
const weightOf = (source: number): number => WEIGHTS[source] ?? 0

function newWords(
  state: InfluenceState,
  argument: CallIndicators['arguments'][number],
  order: number,
): { readonly fresh: number; readonly held: number } {
  let fresh = 0
  let held = 0
  for (const hash of argument.stems) {
    if (taskWord(state, hash) > 0) continue
    fresh++
    if (holdsHash(state, 'stems', order, hash, MAX.order_stems)) held++
  }
  return { fresh, held }
}

/** The tool itself: is its verb, its class, its object what the order asks for? */
function weighAct(
  state: InfluenceState,
  call: CallIndicators,
  order: number,
): { readonly weight: number; readonly share: number; readonly fresh: boolean } {
  let verb = false
  let inTask = call.verbs.length > 0
  for (const hash of call.verbs) {
    if (holdsHash(state, 'stems', order, hash, MAX.order_stems)) verb = true
    if (taskWord(state, hash) === 0) inTask = false
  }
  const classes = (call.classes & state.orders.get('classes', order)) !== 0
  let noun = false
  for (const hash of call.nouns) {
    if (holdsHash(state, 'stems', order, hash, MAX.order_stems)) noun = true
  }
  // A tool whose name has no verb is known by its object: `git_issue`, `calendar_event`.
  const nameless = call.verbs.length === 0 && noun
  // What an unread sentence asks for is not known: the tool speaks neither for it nor against it.
  const unread = state.orders.get('strength', order) === UNREAD_STRENGTH
  const share = nameless
    ? INFLUENCE.verb_share + INFLUENCE.noun_share / 2
    : (verb ? INFLUENCE.verb_share : classes ? INFLUENCE.class_share : 0) + (noun ? INFLUENCE.noun_share : 0)
  return {
    weight: unread ? 0 : inTask || call.reads === 1 ? INFLUENCE.act_weight_in_task : INFLUENCE.act_weight,
    share,
    fresh: !inTask,
  }
}
