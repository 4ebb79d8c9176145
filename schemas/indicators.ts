/**
 * Indicators: what an event keeps of texts that are not kept. Only the collector sees the text of a task, of a call's
 * arguments and of its result. It takes hashed words, hashed values and the sentences that read like orders, and drops
 * the rest. The detector joins them later, so that a better rule can be replayed over old logs.
 *
 * Words are stems as keyed hashes of 32 bits. Values are keyed hashes of 64 bits: the upper 32 bits are here, the full
 * form in the event's `value_hashes`. Keys are per tenant: two tenants share no hash. All lists are bounded, because an
 * attacker writes the text.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { lookup } from './lookup.ts'

/** Raised with every change of what the extractor takes from a text. */
export const EXTRACTOR_VERSION = 4

/**
 * What a hashed value was, as `value_kinds` names it by index: a whole leaf of arguments or results, or something found
 * inside a text. New kinds go to the end.
 */
export const VALUE_KINDS = ['leaf', 'url', 'host', 'address', 'account', 'path', 'token', 'quoted'] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

/**
 * What a call does or a sentence asks for, bit by bit. New classes go to the end.
 *
 * `pay` money moves; `send` content leaves; `delete`; `grant` somebody gets access; `credential` keys, passwords,
 * codes; `buy`; `fetch` a page, file or record is read; `schedule`; `run` code or software; `change` a setting or
 * record; `create`; `vote` public approval (stars, likes, reviews).
 */
export const CONTENT_CLASSES = [
  'pay',
  'send',
  'delete',
  'grant',
  'credential',
  'buy',
  'fetch',
  'schedule',
  'run',
  'change',
  'create',
  'vote',
] as const
export type ContentClass = (typeof CONTENT_CLASSES)[number]
/** The bit of a class. */
export const CLASS_BIT = lookup(
  Object.fromEntries(CONTENT_CLASSES.map((word, index) => [word, 2 ** index])) as Record<ContentClass, number>,
)

/** Where in a result a value stood. New origins go to the end. */
export const VALUE_ORIGINS = ['field', 'link', 'order', 'beside', 'prose', 'status'] as const
export type ValueOrigin = (typeof VALUE_ORIGINS)[number]
/** The number of an origin, as `origins` lists it. */
export const ORIGIN = Object.fromEntries(VALUE_ORIGINS.map((word, index) => [word, index])) as Readonly<
  Record<ValueOrigin, number>
>

/** How a result reads: as content, or as the tool's short answer about what it did. */
export const VOICE = { content: 0, status: 1 } as const

/** Strength of a sentence with values that no known language explains: what it asks for is not known either. */
export const UNREAD_STRENGTH = 60

/** How many of each a record may hold. */
export const INDICATOR_LIMITS = {
  task_stems: 32,
  task_names: 8,
  task_values: 32,
  orders: 16,
  order_stems: 16,
  order_context_stems: 16,
  order_values: 8,
  order_author: 4,
  result_values: 96,
  arguments: 16,
  argument_stems: 16,
  argument_values: 8,
  argument_parts: 6,
  sites: 2,
  verbs: 3,
  nouns: 4,
} as const

const u32 = Type.Integer({ minimum: 0, maximum: 0xffff_ffff })
const u16 = Type.Integer({ minimum: 0, maximum: 0xffff })
const u8 = Type.Integer({ minimum: 0, maximum: 0xff })
const hashes = (items: number, description: string) => Type.Array(u32, { maxItems: items, description })

/** What the user asked for. */
export const TaskIndicators = Type.Object({
  stems: hashes(
    INDICATOR_LIMITS.task_stems,
    'Words that tell what it is about: no stop words, values, acts or everyday objects',
  ),
  common: hashes(INDICATOR_LIMITS.task_stems, 'Its acting words and everyday objects'),
  names: hashes(INDICATOR_LIMITS.task_names, 'Proper nouns'),
  values: hashes(INDICATOR_LIMITS.task_values, 'Values'),
  delegates: Type.Integer({
    minimum: 0,
    maximum: 2,
    description:
      "2: an open phrase hands the work over to somebody's text; 1: the task points at a text to act on; 0: neither",
  }),
  classes: u32,
})
export type TaskIndicators = Static<typeof TaskIndicators>

/** One argument of a call. */
export const ArgumentIndicators = Type.Object({
  name: u32,
  short: Type.Integer({ minimum: 0, maximum: 1, description: '1: a name, an id or a phrase, not a text' }),
  stems: hashes(INDICATOR_LIMITS.argument_stems, 'Content words'),
  values: hashes(INDICATOR_LIMITS.argument_values, 'Values, the whole leaf first'),
  parts: Type.Optional(hashes(INDICATOR_LIMITS.argument_parts, 'Words of file names and link ends among the values')),
  sites: Type.Optional(hashes(INDICATOR_LIMITS.sites, 'Own domains of hosts and addresses among the values')),
})
export type ArgumentIndicators = Static<typeof ArgumentIndicators>

/** What a call asks its tool to do. */
export const CallIndicators = Type.Object({
  verbs: hashes(INDICATOR_LIMITS.verbs, "Acting words of the tool's name"),
  nouns: hashes(INDICATOR_LIMITS.nouns, "Other words of the tool's name"),
  classes: u32,
  reads: Type.Integer({
    minimum: 0,
    maximum: 2,
    description: '1: the call only reads; 2: it builds, tests or installs what lies there; 0: it acts',
  }),
  arguments: Type.Array(ArgumentIndicators, { maxItems: INDICATOR_LIMITS.arguments }),
})
export type CallIndicators = Static<typeof CallIndicators>

/** One sentence of a result that reads like an order, or could be taken for one. */
export const OrderIndicators = Type.Object({
  strength: Type.Integer({ minimum: 0, maximum: 255, description: 'How much it reads like an order' }),
  classes: u32,
  stems: hashes(INDICATOR_LIMITS.order_stems, 'Content words'),
  context_stems: hashes(INDICATOR_LIMITS.order_context_stems, 'Content words of its neighbours in the same paragraph'),
  values: hashes(INDICATOR_LIMITS.order_values, 'Values, those of a neighbour included where the order points at it'),
  author: hashes(INDICATOR_LIMITS.order_author, 'Words of the sender, owner or author of the item it stands in'),
  sites: Type.Optional(hashes(INDICATOR_LIMITS.sites, "Own domain of the author's address")),
  item: u16,
  cohesion: Type.Integer({ minimum: 0, maximum: 255, description: 'Content words shared with the rest of its item' }),
})
export type OrderIndicators = Static<typeof OrderIndicators>

/** What a tool answered. */
export const ResultIndicators = Type.Object({
  voice: u8,
  prose_sentences: u16,
  prose_not_understood: u16,
  orders: Type.Array(OrderIndicators, { maxItems: INDICATOR_LIMITS.orders }),
  values: hashes(INDICATOR_LIMITS.result_values, 'Values, each once: where it stood first in order of `origins`'),
  origins: Type.Array(u8, { maxItems: INDICATOR_LIMITS.result_values }),
  items: Type.Array(u16, { maxItems: INDICATOR_LIMITS.result_values }),
})
export type ResultIndicators = Static<typeof ResultIndicators>

export const Indicators = Type.Object({
  task: Type.Optional(TaskIndicators),
  call: Type.Optional(CallIndicators),
  result: Type.Optional(ResultIndicators),
})
export type Indicators = Static<typeof Indicators>
export const indicatorsValidator = validator(Indicators)

/** The form of the event's column `indicators`: '' if there are none. */
export const encodeIndicators = (indicators: Indicators): string => {
  const some = indicators.task !== undefined || indicators.call !== undefined || indicators.result !== undefined
  return some ? JSON.stringify(indicators) : ''
}

/** Reads the column back; undefined if it is empty, or not of this form, which only another producer can cause. */
export const decodeIndicators = (column: string): Indicators | undefined => {
  if (column === '') return undefined
  try {
    const indicators: unknown = JSON.parse(column)
    return indicatorsValidator.check(indicators) ? indicators : undefined
  } catch {
    return undefined
  }
}
