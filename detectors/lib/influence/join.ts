/**
 * The join of a call with the orders of earlier results. Two questions: *evidence*, how much of what is new in the call
 * comes from one order and from nowhere else; *mandate*, whether the user stands behind that order. The score is the
 * evidence that no mandate covers.
 */
import type { CallIndicators } from '../../../schemas/indicators.ts'
import { explanationBy } from './evidence.ts'
import { type Because, mandateOf } from './mandate.ts'
import { findValue, type InfluenceState, NO_EVENT, PLACE, taskWord } from './state.ts'
import { INFLUENCE } from './weights.ts'

export interface Verdict {
  /** 0..1: how much it looks like somebody else's order that the user does not stand behind. */
  readonly score: number
  readonly evidence: number
  readonly mandate: number
  /** Index of the order, -1 where the score comes from a mark alone. */
  readonly order: number
  /** 0..1: what a value of the call carries on from the suspected call that brought it. */
  readonly mark: number
  /** Index of the kept event that held the order or brought the marked value; -1 if it was not kept. */
  readonly source: number
  /** How the agent came to the place of the order, a number of PLACE. */
  readonly place: number
  /** Which part of the mandate was strongest. */
  readonly because: Because
}

const NOTHING: Verdict = {
  score: 0,
  evidence: 0,
  mandate: 0,
  order: -1,
  mark: 0,
  source: -1,
  place: PLACE.elsewhere,
  because: 'none',
}
/** How one order explains a call. */
interface Explanation {
  readonly order: number
  /** Without the strength of its wording: somebody whom the user named need not give orders. */
  readonly plain: number
  readonly evidence: number
  readonly mandate: number
  readonly because: Because
}

/**
 * Judges a call against the orders of the session so far. Among orders that explain it nearly equally, it takes the one
 * that the user stands behind most.
 */
export function judge(state: InfluenceState, call: CallIndicators): Verdict {
  const ownShare = 1 - INFLUENCE.task_share * taskShare(state, call)
  const best = bestExplanation(state, call)
  const marked = markOf(state, call)
  const score = best === undefined ? 0 : best.evidence * (1 - best.mandate) * ownShare
  const carried = marked.mark * ownShare
  if (carried > score) {
    const { evidence, mandate, because } = best ?? NOTHING
    return { ...NOTHING, score: carried, evidence, mandate, because, mark: marked.mark, source: marked.by }
  }
  if (best === undefined) return NOTHING
  const event = state.orders.get('event', best.order)
  return {
    score,
    evidence: best.evidence,
    mandate: best.mandate,
    order: best.order,
    mark: marked.mark,
    source: event === NO_EVENT ? -1 : event,
    place: state.orders.get('place', best.order),
    because: best.because,
  }
}

function bestExplanation(state: InfluenceState, call: CallIndicators): Explanation | undefined {
  const found: Explanation[] = []
  for (let order = 0; order < state.orders.length; order++) {
    const plain = explanationBy(state, call, order)
    if (plain <= 0) continue
    const evidence = plain * Math.min(1, state.orders.get('strength', order) / INFLUENCE.strength_full)
    const { value, because } = mandateOf(state, order, call)
    found.push({ order, plain, evidence, mandate: value, because })
  }
  const most = found.reduce((max, one) => Math.max(max, one.evidence), 0)
  let best: Explanation | undefined
  for (const one of found) {
    if (one.plain < INFLUENCE.near_equal * most) continue
    const stands = best === undefined ? 1 : one.mandate - best.mandate
    if (stands > 0 || (stands === 0 && one.evidence > (best?.evidence ?? 0))) best = one
  }
  return best
}

function markOf(state: InfluenceState, call: CallIndicators): { readonly mark: number; readonly by: number } {
  let mark = 0
  let by = -1
  for (const argument of call.arguments) {
    for (const hash of argument.values) {
      const at = findValue(state, hash)
      if (at < 0) continue
      const held = state.values.get('mark', at) / 255
      if (held > mark) {
        mark = held
        by = state.values.get('by', at)
      }
    }
  }
  return { mark: INFLUENCE.mark * mark, by: by === NO_EVENT ? -1 : by }
}

/** Share of the argument words that the task has, too. */
function taskShare(state: InfluenceState, call: CallIndicators): number {
  let all = 0
  let shared = 0
  for (const argument of call.arguments) {
    for (const hash of argument.stems) {
      all++
      if (taskWord(state, hash) > 0) shared++
    }
  }
  return all === 0 ? 0 : shared / all
}
