/**
 * Small readers of parsed JSON. Producers are not trusted to keep their formats, so every read says what it wants and
 * answers with nothing where the value is of another type.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import { jsonInText } from '../../bounded-json.ts'
import { parseRepresentation } from '../../indicators/representation.ts'
import type { Node } from '../../indicators/node.ts'
import { redactValue } from '../../redaction/redact.ts'

export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const objectOf = (value: unknown): Json => (isObject(value) ? value : {})
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A string, or a number or boolean in words; '' for everything else. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return ''
}

/** A finite number that is not negative, from a number or its decimal text; 0 otherwise. */
export function amountOf(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : 0
}

/** The value at a path of keys; undefined if it breaks off. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found: unknown = value
  for (const key of path) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined
    found = found[key]
  }
  return found
}

/** Truncated JSON is read as far as it goes. */
const CUT_CHARS_MAX = 65_536

function valueOf(node: Node): unknown {
  if (typeof node === 'string') return node
  if (Array.isArray(node)) return node.map(valueOf)
  const { entries } = node as Exclude<Node, string | readonly Node[]>
  return Object.fromEntries(entries.filter(([key]) => key !== '').map(([key, one]) => [key, valueOf(one)]))
}

/**
 * The keys and values of JSON that was cut, the last one as it was cut, or of what Python prints for a dictionary, which agents
 * log as arguments; undefined for what is neither.
 */
function cutJson(text: string): unknown {
  if (!/^\s*(?:\{\s*["']|\[\s*[{["'])/.test(text)) return undefined
  const found = parseRepresentation(text.slice(0, CUT_CHARS_MAX).trim())
  return found === undefined ? undefined : valueOf(found.node)
}

/** A text that may hold JSON, whole or truncated, or what Python prints: the value if it does, otherwise the text. */
export function parsedText(value: unknown): unknown {
  const parsed = typeof value === 'string' ? jsonInText(value) : undefined
  if (parsed !== undefined) return parsed.value
  return (typeof value === 'string' ? cutJson(value) : undefined) ?? value
}

/** JSON with sorted keys: the same text for the same data, whatever order a producer wrote it in. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (isObject(value)) {
    const keys = Object.keys(value).sort()
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

/** A record as a dead letter holds it: redacted first, then cut, so that no half of a secret stays. */
export function recordText(record: unknown): string {
  const text = JSON.stringify(redactValue(record)) ?? ''
  return text.slice(0, LIMITS.dead_letter_record_chars_max).toWellFormed()
}
