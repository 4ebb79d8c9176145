/**
 * Reads the values that a mapping names out of a record. A value is compiled once; reading it walks its paths and looks a
 * word up, so that its cost is that of its texts. A text that holds JSON is opened where a path goes through it.
 */
import { MAPPING_LIMITS } from '../../../lib/mappings/limits.ts'
import { type Path, pathOf, templateOf } from '../../../lib/mappings/path.ts'
import type { Case, Condition, RichValue, Scalar, Test, Value } from '../../../lib/mappings/schema.ts'
import { jsonInText } from '../../bounded-json.ts'
import { isObject, textOf } from '../lib/json.ts'

/** A record that is being read. `used` hears of each path that held something. */
export interface Reading {
  readonly record: unknown
  /** What texts hold that a path goes through. */
  readonly opened: Map<string, unknown>
  /** Removes secrets from texts before they are cut or joined; absent if what is read is not kept. */
  readonly clean?: (text: string) => string
  readonly used?: (path: Path) => void
}

type Read<T> = (reading: Reading) => T

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === ''

function openedText(text: string, opened: Map<string, unknown>): unknown {
  if (!opened.has(text)) opened.set(text, jsonInText(text)?.value)
  return opened.get(text)
}

/** The value at a path; undefined if it breaks off or holds nothing. */
export function walk(reading: Reading, path: Path): unknown {
  let found: unknown = reading.record
  for (const step of path) {
    if (typeof found === 'string') found = openedText(found, reading.opened)
    if (typeof step === 'number' && Array.isArray(found)) found = found[step]
    else if (isObject(found) && Object.hasOwn(found, String(step))) found = found[String(step)]
    else return undefined
  }
  if (isNothing(found)) return undefined
  reading.used?.(path)
  return found
}

/** A value in words: a list in those of its items. */
function words(value: unknown): string {
  if (Array.isArray(value)) {
    return value
      .slice(0, MAPPING_LIMITS.list_items_max)
      .map(textOf)
      .filter((text) => text !== '')
      .join(', ')
  }
  return textOf(value)
}

/** A value in words, in the state in which it may be cut. */
const cleanWords = (value: unknown, { clean }: Reading): string => {
  const text = words(value)
  return clean === undefined ? text : clean(text)
}

const cut = (text: string): string => text.slice(0, MAPPING_LIMITS.value_chars_max)

/** A number, from one or from its text; NaN otherwise. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d{1,20}(?:\.\d{1,20})?$/.test(value) ? Number(value) : Number.NaN
}

function testOf(test: Test): Read<boolean> {
  const path = pathOf(test.path)
  const wanted = test.is === undefined ? undefined : new Set([test.is].flat().map((one: Scalar) => String(one)))
  return (reading) => {
    const value = walk(reading, path)
    const text = cut(words(value))
    return (
      (test.exists === undefined || test.exists === (value !== undefined)) &&
      (wanted === undefined || (value !== undefined && wanted.has(text))) &&
      (test.starts_with === undefined || text.startsWith(test.starts_with)) &&
      (test.ends_with === undefined || text.endsWith(test.ends_with)) &&
      (test.contains === undefined || text.includes(test.contains)) &&
      (test.at_least === undefined || numberOf(value) >= test.at_least) &&
      (test.below === undefined || numberOf(value) < test.below)
    )
  }
}

/** Whether a condition holds. */
export function conditionOf({ all = [], any, none = [] }: Condition): Read<boolean> {
  const [allOf, anyOf, noneOf] = [all, any, none].map((tests) => tests?.map(testOf))
  return (reading) =>
    (allOf ?? []).every((holds) => holds(reading)) &&
    (anyOf === undefined || anyOf.some((holds) => holds(reading))) &&
    !(noneOf ?? []).some((holds) => holds(reading))
}

function fromTemplate(text: string): Read<unknown> {
  const parts = templateOf(text)
  return (reading) => {
    let made = ''
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : cleanWords(walk(reading, part.path), reading)
      if (piece === '') return undefined
      made = cut(made + piece)
    }
    return made
  }
}

const constant =
  (value: unknown): Read<unknown> =>
  () =>
    value

/** Cuts a part out of the text that is read, if one is requested. */
function partOf(read: Read<unknown>, { after, before }: Case): Read<unknown> {
  if (after === undefined && before === undefined) return read
  return (reading) => {
    const text = cut(cleanWords(read(reading), reading))
    const start = after === undefined ? 0 : text.indexOf(after)
    if (start === -1) return undefined
    const rest = text.slice(start + (after?.length ?? 0))
    const end = before === undefined ? -1 : rest.indexOf(before)
    return end === -1 ? rest : rest.slice(0, end)
  }
}

/** Where a value comes from, before any changes to it. */
function originOf({ path, value, template }: Case): Read<unknown> {
  if (template !== undefined) return fromTemplate(template)
  if (path === undefined) return constant(value)
  const paths = [path].flat().map(pathOf)
  return (reading) => {
    for (const one of paths) {
      const found = walk(reading, one)
      if (found !== undefined) return found
    }
    return undefined
  }
}

function fromCases(cases: readonly Case[]): Read<unknown> {
  const read = cases.map((one) => ({
    holds: one.if === undefined ? constant(true) : conditionOf(one.if),
    value: partOf(originOf(one), one),
  }))
  return (reading) => read.find(({ holds }) => holds(reading) === true)?.value(reading)
}

/** How the text of a value is changed; without changes the value stays as it is, even a structure. */
function changed(value: RichValue): (found: unknown) => unknown {
  const { lower, table, otherwise } = value
  if (lower === undefined && table === undefined) return (found) => found
  const known = new Map(Object.entries(table ?? {}).map(([word, means]) => [word.toLowerCase(), means]))
  return (found) => {
    const text = cut(words(found))
    if (text === '') return undefined
    const spelt = lower === true ? text.toLowerCase() : text
    return known.get(spelt.toLowerCase()) ?? (table === undefined ? spelt : (otherwise ?? spelt))
  }
}

/** A value of a mapping; undefined where the record holds nothing of it. */
export function valueOf(value: Value): Read<unknown> {
  if (typeof value === 'string') return originOf({ path: value })
  const read = partOf(value.cases === undefined ? originOf(value) : fromCases(value.cases), value)
  const change = changed(value)
  return (reading) => {
    const found = read(reading)
    const made = found === undefined ? undefined : change(found)
    return isNothing(made) ? value.default : made
  }
}

export { numberOf, words }
