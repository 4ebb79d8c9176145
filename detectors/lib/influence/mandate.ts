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
  if (delegated === 2 && state.orders.get('place', order) !== PLACE.elsewhere)
    raise(INFLUENCE.place_delegated + (related(state, order) ? INFLUENCE.place_related : 0), 'place')
  const shared = objectsShared(state, order, call)
  if (shared > 0 && state.orders.get('place', order) === PLACE.named && sharesAct(state, order))
    raise(INFLUENCE.place_agreed, 'place')
  raise(shared, 'objects')
  if (answersAuthor(state, order, call)) raise(INFLUENCE.own_site, 'link')
  if (state.orders.get('place', order) === PLACE.kind && sharesAct(state, order)) raise(INFLUENCE.kind_agreed, 'place')
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

/** Content goes back to whoever wrote the page or mail, and nothing else is done. */
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
