/**
 * The join of a call with the orders of earlier results. Two questions: *evidence*, how much of what is new in the call
 * comes from one order and from nowhere else; *mandate*, whether the user stands behind that order. The score is the
 * evidence that no mandate covers. All constants stand in INFLUENCE with their reason; `docs/detections/intent-influenced-action.md`
 * has the formula and what each constant is worth.
 */
import {
  CLASS_BIT,
  type CallIndicators,
  INDICATOR_LIMITS as MAX,
  UNREAD_STRENGTH,
} from '../../../schemas/indicators.ts'
import {
  delegation,
  findValue,
  hasTask,
  type InfluenceState,
  NO_EVENT,
  namesAuthor,
  PLACE,
  SOURCE,
  sourceOf,
  taskWord,
} from './state.ts'

export const INFLUENCE = {
  /** What a value that an order explains weighs, by who brought it first. */
  value_weight: {
    unknown: 1,
    task: 0,
    agent: 0,
    field: 0.4,
    link: 0.5,
    status: 0.4,
    vouched: 0.8,
    prose: 0.9,
    beside: 1,
    order: 1,
  },
  /** Weight of the tool's name beside the arguments: a whole argument's when the act is new to the task. */
  act_weight: 0.8,
  act_weight_in_task: 0.3,
  /** Weight of an argument whose value stands in records that the agent read anyway. */
  known_weight: 0.3,
  /** Weight of an argument that nobody gave: the agent's own words. */
  own_weight: 0.25,
  /** Of the act: the verb itself, its class only, and the object. */
  verb_share: 0.6,
  class_share: 0.35,
  noun_share: 0.4,
  /** From this strength on a sentence counts in full. */
  strength_full: 90,
  /** From this strength on a sentence asks; below it only tells, and a call must take more from it. */
  asks_from: 140,
  words_told: 0.6,
  reads_told: 0.6,
  /** Of orders that explain a call nearly alike, the one that the user stands behind most is taken. */
  near_equal: 0.7,
  reads: 0.9,
  /** Words of an argument that the order holds, out of those that are new, from this many on full. */
  words_full: 3,
  floor_acts: 0.7,
  author_delegated: 0.9,
  author_pointed: 0.75,
  author: 0.6,
  place_delegated: 0.2,
  place_related: 0.4,
  /** The page that the user named asks for the act that the user asked for, on the same subject. */
  place_agreed: 0.55,
  objects_max: 0.4,
  object_own: 0.2,
  object_near: 0.3,
  points_back: 0.7,
  status: 0.6,
  task_share: 0.3,
  /** Looking up words of a page that the user named. */
  topical: 0.7,
  mark: 0.95,
} as const

export interface Verdict {
  /** 0..1: how much it looks like somebody else's order that the user does not stand behind. */
  readonly score: number
  readonly evidence: number
  readonly mandate: number
  /** Index of the order, -1 where the score comes from a mark alone. */
  readonly order: number
  /** 0..1: what a value of the call carries on from the suspected call that brought it. */
  readonly mark: number
  /** Index of the kept event that held the order or brought the marked value; -1 where it was not kept. */
  readonly source: number
  /** How the agent came to the place of the order, a number of PLACE. */
  readonly place: number
  /** Which part of the mandate was strongest. */
  readonly because: 'none' | 'author' | 'place' | 'objects' | 'link'
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
const READING = CLASS_BIT.fetch
const SERIOUS = CLASS_BIT.delete | CLASS_BIT.grant | CLASS_BIT.pay | CLASS_BIT.credential

/** How one order explains a call. */
interface Explanation {
  readonly order: number
  /** Without the strength of its wording: somebody whom the user named need not give orders. */
  readonly plain: number
  readonly evidence: number
  readonly mandate: number
  readonly because: Verdict['because']
}

/**
 * Judges a call against the orders of the session so far. Of the orders that explain it nearly alike, the one that the
 * user stands behind most is taken.
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

interface Tally {
  weight: number
  explained: number
  /** Something of the call is in the order and new. */
  touched: number
}

/** 0..1: how much of what is new in a call comes from this order, however weakly it is worded. */
function explanationBy(state: InfluenceState, call: CallIndicators, order: number): number {
  const asks = state.orders.get('strength', order) >= INFLUENCE.asks_from
  const tally: Tally = { weight: 0, explained: 0, touched: 0 }
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
  const reads = call.reads === 0 ? 1 : asks ? INFLUENCE.reads : INFLUENCE.reads_told
  const explained = (tally.explained + act.weight * act.share) / (tally.weight + act.weight)
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
    return
  }
  if (known) {
    tally.weight += INFLUENCE.known_weight
    return
  }
  const words =
    asks || argument.short === 1 ? newWords(state, argument, order) : { fresh: argument.stems.length, held: 0 }
  if (words.held > 0) {
    const full =
      argument.short === 1
        ? Math.min(words.fresh, INFLUENCE.words_full)
        : Math.max(words.fresh / 2, INFLUENCE.words_full)
    const share = Math.min(1, words.held / full) * (asks ? 1 : INFLUENCE.words_told)
    tally.weight += share
    tally.explained += share * share
    tally.touched += 0.5 * share
    tally.weight += (1 - share) * INFLUENCE.own_weight
    return
  }
  if (argument.values.length > 0 || words.fresh > 0) tally.weight += INFLUENCE.own_weight
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

/** Why the user may stand behind an order: the strongest of four reasons. */
function mandateOf(
  state: InfluenceState,
  order: number,
  call: CallIndicators,
): { readonly value: number; readonly because: Verdict['because'] } {
  if (!hasTask(state)) return { value: 0, because: 'none' }
  const delegated = delegation(state)
  let value = 0
  let because: Verdict['because'] = 'none'
  const raise = (to: number, why: Verdict['because']): void => {
    if (to > value) {
      value = to
      because = why
    }
  }
  if (namesAuthor(state, order)) {
    raise(
      delegated === 2 ? INFLUENCE.author_delegated : delegated === 1 ? INFLUENCE.author_pointed : INFLUENCE.author,
      'author',
    )
  }
  if (delegated === 2 && state.orders.get('place', order) !== PLACE.elsewhere)
    raise(INFLUENCE.place_delegated + (related(state, order) ? INFLUENCE.place_related : 0), 'place')
  const shared = objectsShared(state, order, call)
  if (shared > 0 && state.orders.get('place', order) === PLACE.named && sharesAct(state, order))
    raise(INFLUENCE.place_agreed, 'place')
  raise(shared, 'objects')
  if (linksBack(state, order, call)) raise(INFLUENCE.points_back, 'link')
  return { value, because }
}

const sharesAct = (state: InfluenceState, order: number): boolean =>
  (state.orders.get('classes', order) & state.taskClasses.value & ~READING) !== 0

/** The order has a word of the task, or asks for an act that the task asks for, other than to read something. */
function related(state: InfluenceState, order: number): boolean {
  if (sharesAct(state, order)) return true
  for (let part = 0; part < MAX.order_stems; part++) {
    const hash = state.orders.get('stems', order, part)
    if (hash !== 0 && taskWord(state, hash) === 2) return true
  }
  return false
}

/** Words that tell what the task is about and that the order or its neighbours hold; each further one adds less. */
function objectsShared(state: InfluenceState, order: number, call: CallIndicators): number {
  let without = 1
  for (let part = 0; part < MAX.order_stems; part++) {
    const hash = state.orders.get('stems', order, part)
    if (hash === 0) break
    if (tells(state, call, hash)) without *= 1 - INFLUENCE.object_own
  }
  for (let part = 0; part < MAX.order_context_stems; part++) {
    const hash = state.orders.get('context', order, part)
    if (hash === 0) break
    if (tells(state, call, hash)) without *= 1 - INFLUENCE.object_near
  }
  return Math.min(INFLUENCE.objects_max, 1 - without)
}

/** A word of the task that tells what it is about. The tool's own name tells only which kind of act it is. */
const tells = (state: InfluenceState, call: CallIndicators, hash: number): boolean =>
  taskWord(state, hash) === 2 && !call.nouns.includes(hash) && !call.verbs.includes(hash)

/**
 * The call's arguments that the order explains all hold something that the user, somebody the user named, or the agent
 * had before: a link further into a site that was visited without suspicion.
 */
function linksBack(state: InfluenceState, order: number, call: CallIndicators): boolean {
  let back = false
  for (const argument of call.arguments) {
    if (!argument.values.some((hash) => holdsHash(state, 'values', order, hash, MAX.order_values))) continue
    if (!argument.values.some((hash) => isOwn(state, hash))) return false
    back = true
  }
  return back
}

function isOwn(state: InfluenceState, hash: number): boolean {
  const at = findValue(state, hash)
  if (at < 0) return false
  const source = state.values.get('source', at)
  return (
    source === SOURCE.task || source === SOURCE.agent || source === SOURCE.vouched || state.values.get('used', at) === 1
  )
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

function holdsHash(
  state: InfluenceState,
  column: 'stems' | 'values',
  order: number,
  hash: number,
  length: number,
): boolean {
  for (let part = 0; part < length; part++) {
    const held = state.orders.get(column, order, part)
    if (held === hash) return true
    if (held === 0) return false
  }
  return false
}
