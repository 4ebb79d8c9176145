/**
 * The one reader of JSON that others wrote, for bodies and for JSON inside strings. One pass over the bytes finds where
 * each top-level value ends, how deep it nests, how many nodes it has (objects, lists, keys, numbers, strings: all of
 * them) and how many different keys, before anything is allocated. Different keys count by themselves because each costs
 * an engine of JavaScript a hundred times what its text weighs. What goes beyond a limit never reaches the parser.
 */
import { parse as parseSafely } from 'secure-json-parse'
import { LIMITS } from '../../schemas/limits.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d

export interface JsonLimits {
  readonly nodesMax: number
  readonly keysMax: number
}

export const BODY_LIMITS: JsonLimits = { nodesMax: LIMITS.json_nodes_max, keysMax: LIMITS.json_keys_max }
const TEXT_LIMITS: JsonLimits = { nodesMax: LIMITS.json_text_nodes_max, keysMax: LIMITS.json_text_keys_max }

export interface Outline {
  /** Start and end (exclusive) of each top-level value that is an object or a list. */
  readonly ranges: readonly (readonly [number, number])[]
  /** Where nesting first went beyond the limit, -1 if it never did. */
  readonly tooDeepAt: number
  /** Which limit it exceeds; undefined if none. */
  readonly tooMuch: 'values' | 'nodes' | 'keys' | undefined
}

/** Byte behind the string that starts at `start`. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let i = start + 1
  while (i < bytes.length) {
    const byte = bytes[i]
    if (byte === QUOTE) return i + 1
    i += byte === BACKSLASH ? 2 : 1
  }
  return bytes.length
}

/** Of a key longer than this its beginning, its end and its length are compared. */
const KEY_BYTES_COMPARED = 32

/** The same few keys keep recurring. One table for all counts, emptied for each: an outline is made in one go. */
const RECENT_KEYS = new Int32Array(4_096)

/** Counts different keys, by a hash of 32 bits: two that share it count as one. */
class KeyCount {
  readonly #seen = new Set<number>()
  constructor() {
    RECENT_KEYS.fill(0)
  }
  get size(): number {
    return this.#seen.size
  }
  add(bytes: Uint8Array, start: number, end: number): void {
    let hash = (0x811c9dc5 ^ (end - start)) | 0
    const cut = Math.min(end, start + KEY_BYTES_COMPARED)
    for (let i = start; i < cut; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    for (let i = Math.max(cut, end - KEY_BYTES_COMPARED); i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    const place = (hash ^ (hash >>> 15)) & (RECENT_KEYS.length - 1)
    if (RECENT_KEYS[place] === hash) return
    RECENT_KEYS[place] = hash
    this.#seen.add(hash)
  }
}

/** The outline of a body. Never fails: text that is not JSON gives an outline that the parser will refuse. */
export function outlineOf(bytes: Uint8Array, limits: JsonLimits = BODY_LIMITS): Outline {
  const ranges: (readonly [number, number])[] = []
  const keys = new KeyCount()
  let [depth, start, nodes, stringAt, stringEndsAt] = [0, 0, 0, 0, 0]
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) {
      stringAt = i
      stringEndsAt = stringEnd(bytes, i)
      i = stringEndsAt - 1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === 0) start = i
      depth += 1
      nodes += 1
      if (depth > LIMITS.json_depth_max) return { ranges, tooDeepAt: i, tooMuch: undefined }
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && depth > 0) {
      depth -= 1
      if (depth === 0) ranges.push([start, i + 1])
      if (ranges.length > LIMITS.records_per_request_max) return { ranges, tooDeepAt: -1, tooMuch: 'values' }
    } else if (byte === COMMA) {
      nodes += 1
    } else if (byte === COLON) {
      nodes += 1
      keys.add(bytes, stringAt, stringEndsAt)
      if (keys.size > limits.keysMax) return { ranges, tooDeepAt: -1, tooMuch: 'keys' }
    }
    if (nodes > limits.nodesMax) return { ranges, tooDeepAt: -1, tooMuch: 'nodes' }
  }
  return { ranges, tooDeepAt: -1, tooMuch: undefined }
}

/** Parses one text within its limits. Throws if it is not JSON, or has keys that reach into the prototype. */
export const parseJson = (text: string): unknown => parseSafely(text) as unknown

/** A key, its value and what separates them take five characters, a node one: a text this short is within both limits. */
const SHORT_CHARS = Math.min(4 * TEXT_LIMITS.keysMax, TEXT_LIMITS.nodesMax)

/** Whether a text has so few brackets that it cannot nest too deeply, and is so short that it cannot hold too much. */
function isSmall(text: string): boolean {
  if (text.length > SHORT_CHARS) return false
  let opened = 0
  for (let i = 0; i < text.length && opened <= LIMITS.json_depth_max; i++) {
    const code = text.charCodeAt(i)
    if (code === OPEN_BRACE || code === OPEN_BRACKET) opened += 1
  }
  return opened <= LIMITS.json_depth_max
}

function isWithinLimits(text: string): boolean {
  const outline = outlineOf(Buffer.from(text), TEXT_LIMITS)
  return outline.tooDeepAt < 0 && outline.tooMuch === undefined
}

/** The value of a text inside a record; undefined if it is not a JSON object or list, or exceeds the limits of a text. */
export function jsonInText(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  if (!isSmall(text) && !isWithinLimits(text)) return undefined
  try {
    // A key like __proto__ becomes an ordinary property here; readers of the value only look up own properties.
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}
