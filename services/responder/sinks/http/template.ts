/**
 * Templates of the type `http`. A text may name values in double braces: `{{title}}`, `{{data.detector}}`. A text that is
 * one name and nothing else becomes the value itself, whatever its type; among other words a value is inserted as text.
 * There are no conditions, loops or functions, and inserted text is never parsed again. The size of a template is
 * bounded.
 */
import { oneLine } from '../lib/text.ts'
import { writeJson } from '../lib/json.ts'

export type Values = ReadonlyMap<string, unknown>

/** What a template may name; `data` is a tree, and parts of it are named with dots. */
export const WORDS: ReadonlySet<string> = new Set([
  'type',
  'time',
  'severity',
  'tenant',
  'identity',
  'subject',
  'title',
  'text',
  'data',
])

const NAME = /\{\{\s*([A-Za-z0-9_.]{1,128})\s*\}\}/g
const WHOLE = /^\{\{\s*([A-Za-z0-9_.]{1,128})\s*\}\}$/
const HEADER_CHARS_MAX = 1_024
const TEMPLATE_DEPTH_MAX = 8
const TEMPLATE_CHARS_MAX = 16_384
/** Each brings at most what a notice holds. */
const TEMPLATE_NAMES_MAX = 64

function valueOf(name: string, values: Values): unknown {
  const [first = '', ...rest] = name.split('.')
  let value = values.get(first)
  for (const key of rest) {
    if (typeof value !== 'object' || value === null) return null
    value = new Map<string, unknown>(Object.entries(value)).get(key)
  }
  return value ?? null
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : writeJson(value)
}

const fillText = (text: string, values: Values): string =>
  text.replaceAll(NAME, (_whole, name: string) => asText(valueOf(name, values)))

/** The template with values in the place of their names. */
export function fill(template: unknown, values: Values): unknown {
  if (typeof template === 'string') {
    const whole = WHOLE.exec(template)
    return whole === null ? fillText(template, values) : valueOf(whole[1]!, values)
  }
  if (Array.isArray(template)) return template.map((one) => fill(one, values))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([key, one]) => [key, fill(one, values)]))
}

/** The same for a header: one line of printable ASCII, whatever was put in. */
export const fillHeader = (template: string, values: Values): string =>
  oneLine(fillText(template, values), HEADER_CHARS_MAX + HEADER_CHARS_MAX * 4)
    .replaceAll(/[^ -~]/g, '?')
    .trim()

/** The names in a text. */
export const namesOf = (text: string): string[] => [...text.matchAll(NAME)].map((match) => match[1]!)

function* textsOf(template: unknown, depth: number): Generator<string> {
  if (depth > TEMPLATE_DEPTH_MAX) throw new RangeError()
  if (typeof template === 'string') yield template
  else if (typeof template === 'object' && template !== null) {
    for (const one of Object.values(template)) yield* textsOf(one, depth + 1)
  }
}

/** What is wrong with a template, for people; undefined if nothing is. */
export function templateProblem(template: unknown, words: ReadonlySet<string>): string | undefined {
  let texts: string[]
  try {
    texts = [...textsOf(template, 0)]
  } catch {
    return `is nested deeper than ${TEMPLATE_DEPTH_MAX}`
  }
  if (JSON.stringify(template ?? null).length > TEMPLATE_CHARS_MAX)
    return `is longer than ${TEMPLATE_CHARS_MAX} characters`
  const names = texts.flatMap(namesOf)
  if (names.length > TEMPLATE_NAMES_MAX) return `names more than ${TEMPLATE_NAMES_MAX} values`
  const unknown = names.find(
    (name) => !words.has(name.split('.')[0]!) || (!name.startsWith('data.') && name.includes('.')),
  )
  if (unknown !== undefined) return `names {{${unknown}}}, which there is not (known: ${[...words].join(', ')})`
  const rest = texts.find((text) => text.replaceAll(NAME, '').includes('{{'))
  return rest === undefined ? undefined : 'holds {{ that begins no name'
}
