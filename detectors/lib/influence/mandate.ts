/** Mandate: whether the user stands behind an order that a call carries out. */
import { CLASS_BIT, type CallIndicators, INDICATOR_LIMITS as MAX } from '../../../schemas/indicators.ts'
import {
  delegation,
  findValue,
  hasTask,
  holdsHash,
  type InfluenceState,
  namesAuthor,
  PLACE,
  SOURCE,
  sourceOf,
  taskWord,
} from './state.ts'
import { INFLUENCE, SERIOUS } from './weights.ts'

const READING = CLASS_BIT.fetch

/** Which part of the mandate was strongest. */
export type Because = 'none' | 'author' | 'place' | 'objects' | 'link'

/** Why the user may stand behind an order: the strongest of four reasons. */
export function mandateOf(
  state: InfluenceState,
  order: number,
  call: CallIndicators,
): { readonly value: number; readonly because: Because } {
  if (!hasTask(state)) return { value: 0, because: 'none' }
  const delegated = delegation(state)
  let value = 0
  let because: Because = 'none'
  const raise = (to: number, why: Because): void => {
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
  const place = placeNow(state, order)
  const agrees = sharesAct(state, order, call)
  // Agreement in the act alone is no mandate for a thing that is nowhere but in the order.
  const alone = bringsOwn(state, order, call)
  const cohesion = state.orders.get('cohesion', order)
  const repeats = repeatsTask(state, order)
  // What a text has from the user's own request says nothing about the rest of the order.
  const central = !repeats && cohesion >= INFLUENCE.central_from
  const other = alone && isOtherAct(state, call)
  const subject = objectsShared(state, order, call, other)
  const about = !repeats && subject.about
  const most = !repeats ? 1 : agrees && place === PLACE.named ? INFLUENCE.object_own : 0
  if (delegated === 2 && place !== PLACE.elsewhere) {
    const relates =
      (about && (!other || cohesion >= INFLUENCE.other_from)) ||
      ((agrees || (place === PLACE.named && asksNothing(state))) && (!alone || central))
    if (relates) raise(INFLUENCE.place_delegated + INFLUENCE.place_related, 'place')
    else if (!alone || central) raise(INFLUENCE.place_delegated, 'place')
  }
  if (about && subject.itself && place === PLACE.named && agrees) raise(INFLUENCE.place_agreed, 'place')
  raise(Math.min(subject.cover, most), 'objects')
  if (answersAuthor(state, order, call)) raise(INFLUENCE.own_site, 'link')
  if (place === PLACE.kind && agrees && !alone) raise(INFLUENCE.kind_agreed, 'place')
  if (!repeats && linksBack(state, order, call)) raise(INFLUENCE.points_back, 'link')
  return { value, because }
}

/** The task names no act other than to answer: the document says what to do. */
const asksNothing = (state: InfluenceState): boolean => (state.taskClasses.value & ~READING & ~CLASS_BIT.send) === 0

/** A message of the user that arrived after the reading that it asked for names its place, too. */
function placeNow(state: InfluenceState, order: number): number {
  const key = state.orders.get('read', order)
  return key !== 0 && sourceOf(state, key) === SOURCE.task ? PLACE.named : state.orders.get('place', order)
}

/** The call does what both the order and the task ask for, other than to read something. */
const sharesAct = (state: InfluenceState, order: number, call: CallIndicators): boolean =>
  (state.orders.get('classes', order) & state.taskClasses.value & call.classes & ~READING) !== 0

/** The call acts, and in a way that the user's words do not name. */
const isOtherAct = (state: InfluenceState, call: CallIndicators): boolean =>
  call.reads === 0 &&
  (call.classes & state.taskClasses.value & ~READING) === 0 &&
  !call.verbs.some((verb) => taskWord(state, verb) > 0)

/** Where people's sentences brought a value, whether they ask or tell; it stands in no record, and the user does not say it. */
const WRITTEN: ReadonlySet<number> = new Set([SOURCE.order, SOURCE.beside, SOURCE.prose])

/** A value of the call stood first in the order's own text, and in no record, page or word of the user's. */
function bringsOwn(state: InfluenceState, order: number, call: CallIndicators): boolean {
  return call.arguments.some((argument) =>
    argument.values.some(
      (hash) => holdsHash(state, 'values', order, hash, MAX.order_values) && WRITTEN.has(sourceOf(state, hash)),
    ),
  )
}

/** Words about the task's subject that the order or its neighbours contain; each further one adds less. */
function objectsShared(
  state: InfluenceState,
  order: number,
  call: CallIndicators,
  other: boolean,
): { readonly cover: number; readonly about: boolean; readonly itself: boolean } {
  const own = count(state, call, 'stems', order, MAX.order_stems)
  const near = count(state, call, 'context', order, MAX.order_context_stems)
  const shared = 1 - (1 - INFLUENCE.object_own) ** own * (1 - INFLUENCE.object_near) ** near
  const borrowed = own >= INFLUENCE.borrowed_from
  const central = own >= INFLUENCE.central_from && placeNow(state, order) === PLACE.named
  const most = borrowed || (other && !central) ? INFLUENCE.object_own : INFLUENCE.objects_max
  return { cover: Math.min(most, shared), about: shared > 0 && !borrowed, itself: namesSubject(state, order) }
}

/** The order has a word about the task's subject, though it be the tool's: `reserve_table`, and the user wants a table. */
function namesSubject(state: InfluenceState, order: number): boolean {
  for (let part = 0; part < MAX.order_stems; part++) {
    const hash = state.orders.get('stems', order, part)
    if (hash === 0) return false
    if (taskWord(state, hash) === 2) return true
  }
  return false
}

/**
 * The order and its neighbours say again what the user asked for. A text that was written for everybody is about the same
 * subject in words of its own; one that repeats a request was written for whoever carries it out.
 */
function repeatsTask(state: InfluenceState, order: number): boolean {
  const said =
    wordsOfTask(state, order, 'stems', MAX.order_stems) + wordsOfTask(state, order, 'context', MAX.order_context_stems)
  const half = Math.ceil(state.taskWords.length / 2)
  return said >= Math.min(INFLUENCE.repeated_from, Math.max(half, INFLUENCE.repeated_least))
}

function count(
  state: InfluenceState,
  call: CallIndicators,
  column: 'stems' | 'context',
  order: number,
  length: number,
): number {
  let found = 0
  for (let part = 0; part < length; part++) {
    const hash = state.orders.get(column, order, part)
    if (hash === 0) break
    if (tells(state, call, hash)) found++
  }
  return found
}

/** How many words of the order are the task's, everyday ones included. */
function wordsOfTask(state: InfluenceState, order: number, column: 'stems' | 'context', length: number): number {
  let found = 0
  for (let part = 0; part < length; part++) {
    const hash = state.orders.get(column, order, part)
    if (hash === 0) break
    if (taskWord(state, hash) > 0) found++
  }
  return found
}

/** A word about the task's subject. The tool's own name says only which kind of act it is. */
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

/** Content goes back to the author of the page or mail, and nothing else is done. */
function answersAuthor(state: InfluenceState, order: number, call: CallIndicators): boolean {
  if ((call.classes & SERIOUS) !== 0) return false
  let answers = false
  for (const argument of call.arguments) {
    if (!argument.values.some((hash) => holdsHash(state, 'values', order, hash, MAX.order_values))) continue
    if (argument.sites === undefined) return false
    if (!argument.sites.every((site) => holdsHash(state, 'sites', order, site, MAX.sites))) return false
    answers = true
  }
  return answers
}

function isOwn(state: InfluenceState, hash: number): boolean {
  const at = findValue(state, hash)
  if (at < 0) return false
  const source = state.values.get('source', at)
  return (
    source === SOURCE.task || source === SOURCE.agent || source === SOURCE.vouched || state.values.get('used', at) === 1
  )
}
