/**
 * OTLP's JSON values and attributes as plain data. An AnyValue is an object with one key that names its type. Attributes are
 * lists of key and value on the resource, the scope and the record; the nearest one counts.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Json, isObject, listOf, textOf } from '../lib/json.ts'

const DEPTH_MAX = 32

/** The plain value of an AnyValue; null if it is empty or not one. */
export function plainValue(any: unknown, depth = 0): unknown {
  if (!isObject(any) || depth > DEPTH_MAX) return null
  if (typeof any.stringValue === 'string') return any.stringValue
  if (any.intValue !== undefined) return wholeOf(any.intValue)
  if (any.doubleValue !== undefined) return numberOf(any.doubleValue)
  if (any.boolValue !== undefined) return any.boolValue === true || any.boolValue === 'true'
  if (isObject(any.arrayValue)) return listOf(any.arrayValue.values).map((item) => plainValue(item, depth + 1))
  if (isObject(any.kvlistValue)) return Object.fromEntries(pairsOf(any.kvlistValue.values, depth + 1))
  if (typeof any.bytesValue === 'string') return any.bytesValue
  return null
}

/** NaN for anything but a number or a text: converting an object can throw. */
const numberOf = (value: unknown): number =>
  typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN

/** int64 comes as text or number; beyond 2^53 the text is kept, because the number would be another one. */
function wholeOf(value: unknown): unknown {
  const number = numberOf(value)
  return Number.isSafeInteger(number) ? number : textOf(value)
}

function pairsOf(list: unknown, depth: number): [string, unknown][] {
  const pairs: [string, unknown][] = []
  for (const pair of listOf(list)) {
    // Producers that omit empty values also omit an empty key.
    const key = isObject(pair) ? (pair.key ?? '') : undefined
    if (isObject(pair) && typeof key === 'string') pairs.push([key, plainValue(pair.value, depth)])
  }
  return pairs
}

export type Attributes = ReadonlyMap<string, unknown>

export const attributesOf = (holder: unknown): Attributes =>
  new Map(isObject(holder) ? pairsOf(listOf(holder.attributes).slice(0, LIMITS.attributes_max), 0) : [])

const isShort = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Array.isArray(value) && value.length <= LIMITS.list_items_max && value.every(isShort)
    : typeof value !== 'string' || value.length <= LIMITS.shared_attribute_chars_max

/**
 * The attributes of a resource or a scope. They apply to each of its records, so a long text would be read once per record:
 * anything longer than a name or an address is left out.
 */
export const sharedAttributesOf = (holder: unknown): Attributes =>
  new Map([...attributesOf(holder)].filter(([, value]) => isShort(value)))

/** One log record with everything that surrounds it. */
export interface LogView {
  readonly record: Json
  /** Record, scope, resource: the nearest comes first. */
  readonly layers: readonly Attributes[]
  readonly scopeName: string
  readonly eventName: string
  /** The plain body. */
  readonly body: unknown
  /** Ms since 1970: the event's time, else when it was observed. */
  readonly time: number | undefined
  /** Nanoseconds of that time below its millisecond. */
  readonly timeNs: number
  /** Parts of a span's id; a log record has none. */
  readonly spanId?: readonly string[]
  /** The conversation, where the producer named none: what the messages or the trace say. */
  readonly derived?: string
}

/** The first of these attributes that is there, in the order of the names, nearest layer first; undefined without. */
export function attribute(view: LogView, ...names: readonly string[]): unknown {
  for (const name of names) {
    for (const layer of view.layers) {
      const value = layer.get(name)
      if (value !== undefined && value !== null && value !== '') return value
    }
  }
  return undefined
}

/** The same as text: a list gives its first item, a structure ''. */
export function attributeText(view: LogView, ...names: readonly string[]): string {
  const value = attribute(view, ...names)
  return textOf(Array.isArray(value) ? value[0] : value)
}

/** Whether any attribute of the record or what surrounds it starts with this. */
export function hasPrefix(view: LogView, prefix: string): boolean {
  return view.layers.some((layer) => holdsPrefix(layer, prefix))
}

function holdsPrefix(layer: Attributes, prefix: string): boolean {
  for (const key of layer.keys()) if (key.startsWith(prefix)) return true
  return false
}
