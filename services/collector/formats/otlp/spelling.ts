/**
 * JSON lets a producer write one record in several ways: zero or empty values may be present or not, and a 64-bit integer is
 * a text or a number. If a record's id is the hash of the record, all of these must give the same id. The spelling chosen is
 * the one that OTLP recommends and that protobuf is read into: no zero values, 64-bit integers as text. Only the name of the
 * event is always present, empty if there is none, because earlier ids were made that way.
 */
import { isObject, type Json, listOf } from '../lib/json.ts'

/** Fields of a LogRecord that are the same as absent when they are zero or empty. */
const ZERO_IS_ABSENT: ReadonlySet<string> = new Set([
  'timeUnixNano',
  'observedTimeUnixNano',
  'severityNumber',
  'severityText',
  'droppedAttributesCount',
  'flags',
  'traceId',
  'spanId',
])
const BITS_64: ReadonlySet<string> = new Set(['timeUnixNano', 'observedTimeUnixNano'])

const isAbsent = (value: unknown): boolean => value === undefined || value === null

const isZero = (key: string, value: unknown): boolean =>
  value === 0 || value === '' || (value === '0' && BITS_64.has(key))

const int64 = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value)

/** The values of an ArrayValue or KeyValueList; without one if it is empty. */
const valuesOf = (holder: Json, spell: (item: Json) => Json): Json => {
  const { values, ...rest } = holder
  const spelled = listOf(values).map((item) => (isObject(item) ? spell(item) : item))
  return spelled.length === 0 ? rest : { ...rest, values: spelled }
}

const pair = ({ key, value, ...rest }: Json): Json => ({
  ...rest,
  ...(isAbsent(key) || key === '' ? {} : { key }),
  ...(isObject(value) ? { value: anyValue(value) } : isAbsent(value) ? {} : { value }),
})

/** An AnyValue. Its zeros say something, because they say which type the value has. */
function anyValue(any: Json): Json {
  const spelled = new Map<string, unknown>()
  for (const [key, value] of Object.entries(any)) {
    if (isAbsent(value)) continue
    if (key === 'intValue') spelled.set(key, int64(value))
    else if (key === 'arrayValue' && isObject(value)) spelled.set(key, valuesOf(value, anyValue))
    else if (key === 'kvlistValue' && isObject(value)) spelled.set(key, valuesOf(value, pair))
    else spelled.set(key, value)
  }
  return Object.fromEntries(spelled)
}

/** A LogRecord in the one spelling; its attributes are left as they are. */
export function oneSpelling(record: Json): Json {
  const spelled = new Map<string, unknown>([['eventName', '']])
  for (const [key, value] of Object.entries(record)) {
    if (isAbsent(value) || (ZERO_IS_ABSENT.has(key) && isZero(key, value))) continue
    if (BITS_64.has(key)) spelled.set(key, int64(value))
    else if (key === 'body' && isObject(value)) spelled.set(key, anyValue(value))
    else spelled.set(key, value)
  }
  return Object.fromEntries(spelled)
}
