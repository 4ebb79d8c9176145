/**
 * What a session remembers for the question "whose order is this call?": the task, where each value first came from, and
 * the orders that results held. Fixed sizes in typed columns, no text: hashes only. About 11 kB with its evidence.
 */
import type { CallIndicators, OrderIndicators, ResultIndicators, TaskIndicators } from '../../../schemas/indicators.ts'
import { CLASS_BIT, INDICATOR_LIMITS as MAX, ORIGIN, VOICE } from '../../../schemas/indicators.ts'
import type { Handles } from '../columns.ts'
import { evidenceList } from '../evidence.ts'
import { counter, small } from '../fields.ts'
import { list } from '../list.ts'

/** Who brought a value into the session first. The numbers are stored in snapshots. */
export const SOURCE = {
  unknown: 0,
  task: 1,
  agent: 2,
  field: 3,
  link: 4,
  status: 5,
  prose: 6,
  beside: 7,
  order: 8,
  /** Found in an order whose author the task names. */
  vouched: 9,
} as const

const SOURCE_OF_ORIGIN: Readonly<Record<number, number>> = {
  [ORIGIN.field]: SOURCE.field,
  [ORIGIN.link]: SOURCE.link,
  [ORIGIN.order]: SOURCE.order,
  [ORIGIN.beside]: SOURCE.beside,
  [ORIGIN.prose]: SOURCE.prose,
  [ORIGIN.status]: SOURCE.status,
}

/** How the agent came to the place where an order stood. */
export const PLACE = { elsewhere: 0, reached: 1, named: 2, kind: 3 } as const

const TASK_WORDS = 48
const TASK_NAMES = 16
const VALUES = 256
const ORDERS = 32
const EVIDENCE_BYTES = 3_400
/** Index that means "this event was not kept". */
export const NO_EVENT = 255

export const influenceFields = {
  /** Words of the task; `telling` is 1 for a word about its subject. */
  taskWords: list({ cap: TASK_WORDS, columns: { hash: 'u32', telling: 'u8' } }),
  taskNames: list({ cap: TASK_NAMES, columns: { hash: 'u32' } }),
  taskClasses: counter(),
  /** 0: no task was seen; otherwise 1 + the strongest delegation of its messages. */
  taskSeen: small(),
  /** Where each value first came from; `mark` (0..255) is what the call that brought it was suspected of. */
  values: list({ cap: VALUES, columns: { hash: 'u32', source: 'u8', mark: 'u8', by: 'u8', used: 'u8' } }),
  /** Next place to overwrite when `values` is full. */
  nextValue: small(),
  orders: list({
    cap: ORDERS,
    columns: {
      strength: 'u8',
      classes: 'u32',
      stems: { type: 'u32', length: MAX.order_stems },
      context: { type: 'u32', length: MAX.order_context_stems },
      values: { type: 'u32', length: MAX.order_values },
      author: { type: 'u32', length: MAX.order_author },
      /** Where the page and its author are at home. */
      sites: { type: 'u32', length: MAX.sites },
      place: 'u8',
      /** First value of the call that read it. */
      read: 'u32',
      cohesion: 'u8',
      status: 'u8',
      event: 'u8',
      age: 'u16',
    },
  }),
  /** Orders seen so far: identifies the oldest. */
  ordersSeen: counter(),
  sources: evidenceList({ bytes: EVIDENCE_BYTES }),
} as const
export type InfluenceState = Handles<typeof influenceFields>

export const hasTask = (state: InfluenceState): boolean => state.taskSeen.value > 0
export const delegation = (state: InfluenceState): number => Math.max(0, state.taskSeen.value - 1)

/** Adds a message of the user: a later one adds to the task, and what it names is the user's from then on. */
export function absorbTask(state: InfluenceState, task: TaskIndicators): void {
  for (const hash of task.stems) pushHash(state.taskWords, hash, 1)
  for (const hash of task.common) pushHash(state.taskWords, hash, 0)
  for (const hash of task.names) pushHash(state.taskNames, hash)
  for (const hash of task.values) {
    const at = findValue(state, hash)
    if (at < 0) addValue(state, hash, SOURCE.task, 0, NO_EVENT)
    else {
      state.values.set('source', at, SOURCE.task)
      state.values.set('mark', at, 0)
    }
  }
  state.taskClasses.value = (state.taskClasses.value | task.classes) >>> 0
  state.taskSeen.value = Math.max(state.taskSeen.value, 1 + task.delegates)
}

/** The session's declared task is a record that was read, so that record says what to do. */
export function absorbHandOver(state: InfluenceState): void {
  state.taskSeen.value = Math.max(state.taskSeen.value, 3)
}

function pushHash(
  into: InfluenceState['taskWords'] | InfluenceState['taskNames'],
  hash: number,
  telling?: number,
): void {
  const words = into as InfluenceState['taskWords']
  if (words.indexOf('hash', hash) >= 0) return
  const at = words.push()
  if (at < 0) return
  words.set('hash', at, hash)
  if (telling !== undefined) words.set('telling', at, telling)
}

/** 0: not a word of the task; 1: one of its common words; 2: a word about its subject. */
export function taskWord(state: InfluenceState, hash: number): 0 | 1 | 2 {
  const words = state.taskWords
  const at = words.indexOf('hash', hash)
  if (at < 0) return 0
  return words.get('telling', at) === 1 ? 2 : 1
}

export function namesAuthor(state: InfluenceState, order: number): boolean {
  for (let part = 0; part < MAX.order_author; part++) {
    const author = state.orders.get('author', order, part)
    if (author === 0) return false
    if (isTaskName(state, author)) return true
  }
  return false
}

const isTaskName = (state: InfluenceState, hash: number): boolean => state.taskNames.indexOf('hash', hash) >= 0

export function holdsHash(
  state: InfluenceState,
  column: 'stems' | 'values' | 'sites',
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

export function findValue(state: InfluenceState, hash: number): number {
  return state.values.indexOf('hash', hash)
}
export const sourceOf = (state: InfluenceState, hash: number): number => {
  const at = findValue(state, hash)
  return at < 0 ? SOURCE.unknown : state.values.get('source', at)
}

/** A full table overwrites its oldest place that the task did not fill. */
export function addValue(state: InfluenceState, hash: number, source: number, mark: number, by: number): void {
  const { values } = state
  let at = values.push()
  for (let tries = 0; at < 0 && tries < VALUES; tries++) {
    const next = state.nextValue.value
    state.nextValue.value = (next + 1) % VALUES
    if (values.get('source', next) !== SOURCE.task) at = next
  }
  if (at < 0) return
  values.set('hash', at, hash)
  values.set('source', at, source)
  values.set('mark', at, Math.round(255 * mark))
  values.set('by', at, by)
  values.set('used', at, 0)
}

/**
 * What the agent wrote itself counts as its own where nobody had it before; what a call used without suspicion counts as
 * used, so that a link back to it is no surprise.
 */
export function absorbCall(state: InfluenceState, call: CallIndicators, suspected: boolean): void {
  for (const argument of call.arguments) {
    for (const hash of argument.values) {
      const at = findValue(state, hash)
      if (at < 0) addValue(state, hash, SOURCE.agent, 0, NO_EVENT)
      else if (!suspected) state.values.set('used', at, 1)
    }
  }
}

/** Takes the place where a call's result came from: named by the user, reached from there, of a kind, or somewhere else. */
export function placeOf(state: InfluenceState, call: CallIndicators | undefined): number {
  let place: number = PLACE.elsewhere
  if (call === undefined) return place
  for (const argument of call.arguments) {
    if (argument.parts?.some((part) => taskWord(state, part) === 2 || isTaskName(state, part))) return PLACE.named
    for (const hash of argument.values) {
      const at = findValue(state, hash)
      if (at < 0) continue
      const source = state.values.get('source', at)
      if (source === SOURCE.task) return PLACE.named
      if (source === SOURCE.link || source === SOURCE.field || source === SOURCE.status) place = PLACE.reached
    }
  }
  if (call.nouns.some((noun) => taskWord(state, noun) === 2)) return PLACE.kind
  return (call.classes & state.taskClasses.value & ~READING) !== 0 ? PLACE.kind : place
}
const READING = CLASS_BIT.fetch

export interface Absorbed {
  readonly place: number
  /** Own domains of the place. */
  readonly sites: readonly number[]
  /** First value of the call that brought the result, 0 without. */
  readonly read: number
  /** Suspicion (0..1) of the call that brought the result: its new values carry it on. */
  readonly mark: number
  /** The call used something from an order, so its result is no independent witness. */
  readonly touched: boolean
  /** Keeps the event as evidence; called once at most, and only where the result held an order. */
  keep(): number
}

/** Adds what a result showed: orders first, then the values that nobody had before. */
export function absorbResult(state: InfluenceState, result: ResultIndicators, from: Absorbed): void {
  let event = -2
  const keep = (): number => {
    if (event === -2) event = from.keep()
    return event < 0 ? NO_EVENT : event
  }
  for (const order of result.orders) {
    if (order.strength > 0 && !knowsOrder(state, order)) addOrder(state, order, result.voice, from, keep)
    if (authorNamed(state, order.author)) vouch(state, order)
  }
  result.values.forEach((hash, index) => {
    const source = SOURCE_OF_ORIGIN[result.origins[index] ?? 0] ?? SOURCE.field
    const known = findValue(state, hash)
    if (known >= 0) {
      if (!from.touched && source === SOURCE.field) foundApart(state, known)
      return
    }
    const kept = from.mark > 0 || event >= 0 ? keep() : NO_EVENT
    addValue(state, hash, source, from.mark, kept)
  })
}

/** A record that the agent read for its own reasons holds the value, too: the order is not its only source any more. */
function foundApart(state: InfluenceState, at: number): void {
  const source = state.values.get('source', at)
  if (source === SOURCE.order || source === SOURCE.beside || source === SOURCE.prose)
    state.values.set('source', at, SOURCE.field)
}

/** The values of an order of somebody whom the task names are as good as the user's, unless a planted thing brought them. */
function vouch(state: InfluenceState, order: OrderIndicators): void {
  for (const hash of order.values) {
    const at = findValue(state, hash)
    if (at < 0) addValue(state, hash, SOURCE.vouched, 0, NO_EVENT)
    else if (state.values.get('source', at) !== SOURCE.task && state.values.get('mark', at) === 0)
      state.values.set('source', at, SOURCE.vouched)
  }
}

function authorNamed(state: InfluenceState, author: readonly number[]): boolean {
  for (let at = 0; at < state.taskNames.length; at++) if (author.includes(state.taskNames.get('hash', at))) return true
  return false
}

/** The same sentence again, in the next reading of the same mailbox. */
function knowsOrder(state: InfluenceState, order: OrderIndicators): boolean {
  const { orders } = state
  for (let at = 0; at < orders.length; at++) {
    if (orders.get('strength', at) !== order.strength || orders.get('classes', at) !== order.classes) continue
    if (
      holds(orders, 'stems', at, order.stems) &&
      holds(orders, 'values', at, order.values) &&
      holds(orders, 'author', at, order.author)
    ) {
      return true
    }
  }
  return false
}
const holds = (
  orders: InfluenceState['orders'],
  column: 'stems' | 'values' | 'author',
  at: number,
  hashes: readonly number[],
): boolean => hashes.every((hash, part) => orders.get(column, at, part) === hash)

function addOrder(
  state: InfluenceState,
  order: OrderIndicators,
  voice: number,
  from: Absorbed,
  keep: () => number,
): void {
  const { orders } = state
  let at = orders.push()
  if (at < 0) {
    at = weakest(state)
    if (orders.get('strength', at) > order.strength) return
  }
  state.ordersSeen.value += 1
  orders.set('strength', at, order.strength)
  orders.set('classes', at, order.classes)
  fill(orders, 'stems', at, order.stems, MAX.order_stems)
  fill(orders, 'context', at, order.context_stems, MAX.order_context_stems)
  fill(orders, 'values', at, order.values, MAX.order_values)
  fill(orders, 'author', at, order.author, MAX.order_author)
  fill(orders, 'sites', at, [...(order.sites ?? []).slice(0, 1), ...from.sites], MAX.sites)
  orders.set('place', at, from.place)
  orders.set('read', at, from.read)
  orders.set('cohesion', at, order.cohesion)
  orders.set('status', at, voice === VOICE.status ? 1 : 0)
  orders.set('event', at, keep())
  orders.set('age', at, state.ordersSeen.value % 65_536)
}

function fill(
  orders: InfluenceState['orders'],
  column: 'stems' | 'context' | 'values' | 'author' | 'sites',
  at: number,
  hashes: readonly number[],
  length: number,
): void {
  for (let part = 0; part < length; part++) orders.set(column, at, hashes[part] ?? 0, part)
}

/** The place to give up when all are taken: the weakest order, of equals the oldest. */
function weakest(state: InfluenceState): number {
  const { orders } = state
  let found = 0
  for (let at = 1; at < orders.length; at++) {
    const less = orders.get('strength', at) - orders.get('strength', found)
    if (less < 0 || (less === 0 && orders.get('age', at) < orders.get('age', found))) found = at
  }
  return found
}
