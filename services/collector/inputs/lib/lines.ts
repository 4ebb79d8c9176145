/**
 * Lines of logs: the content of each as a value that a format or a mapping can read. JSON, also after `@cee:` or the prefix
 * that container runtimes write; CEF; pairs as `key=value key="a b"`; anything else as `{message}`. One pass over the text.
 */
import { isObject } from '../../formats/lib/json.ts'
import type { Formats } from '../../formats/formats.ts'
import type { Envelope } from '../../formats/read-envelopes.ts'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import { lineContent, shippedEnvelope, textEnvelope } from './json-body.ts'

type Pairs = [string, string][]

const NAME = /[A-Za-z0-9_.@/-]/
const isBlank = (sign: string): boolean => sign === ' ' || sign === '\t'

/** The quoted text that begins at `start`, and where it ends. */
function quoted(text: string, start: number): readonly [string, number] {
  let value = ''
  for (let i = start + 1; i < text.length; i++) {
    const sign = text.charAt(i)
    if (sign === '"') return [value, i + 1]
    if (sign === '\\' && i + 1 < text.length) {
      i += 1
      const next = text.charAt(i)
      value += next === 'n' ? '\n' : next === 't' ? '\t' : next
    } else value += sign
  }
  return [value, text.length]
}

/** Pairs of a line, and the words between them; undefined if it has fewer than two pairs. */
export function logfmt(text: string): Readonly<Record<string, string>> | undefined {
  const pairs: Pairs = []
  const words: string[] = []
  for (let i = 0; i < text.length && pairs.length < COLLECTOR_LIMITS.line_pairs_max; ) {
    if (isBlank(text.charAt(i))) {
      i += 1
      continue
    }
    let end = i
    while (end < text.length && NAME.test(text.charAt(end))) end += 1
    if (end > i && text.charAt(end) === '=') {
      const key = text.slice(i, end)
      const isQuoted = text.charAt(end + 1) === '"'
      let stop = end + 1
      while (!isQuoted && stop < text.length && !isBlank(text.charAt(stop))) stop += 1
      const [value, after] = isQuoted ? quoted(text, end + 1) : [text.slice(end + 1, stop), stop]
      pairs.push([key, value])
      i = after
    } else {
      let stop = Math.max(end, i + 1)
      while (stop < text.length && !isBlank(text.charAt(stop))) stop += 1
      words.push(text.slice(i, stop))
      i = stop
    }
  }
  if (pairs.length < 2) return undefined
  const message: Pairs = words.length === 0 ? [] : [['message', words.join(' ')]]
  return Object.fromEntries([...message, ...pairs.filter(([key]) => key !== '__proto__')])
}

const CEF_FIELDS = ['version', 'device_vendor', 'device_product', 'device_version', 'id', 'name', 'severity'] as const

/** `CEF:0|vendor|product|version|id|name|severity|key=value key=a value with blanks`; undefined for anything else. */
export function cef(text: string): Readonly<Record<string, unknown>> | undefined {
  const start = text.indexOf('CEF:')
  if (start === -1 || start > COLLECTOR_LIMITS.cef_prefix_chars_max) return undefined
  const head: string[] = []
  let part = ''
  let i = start + 'CEF:'.length
  for (; i < text.length && head.length < CEF_FIELDS.length; i++) {
    const sign = text.charAt(i)
    if (sign === '\\' && /[\\|]/.test(text.charAt(i + 1))) part += text.charAt(++i)
    else if (sign === '|') {
      head.push(part)
      part = ''
    } else part += sign
  }
  if (head.length < CEF_FIELDS.length) return undefined
  const pairs: Pairs = []
  // A value ends at the last blank before the next `key=`.
  for (const piece of text.slice(i).split(/ (?=[A-Za-z0-9_.[\]-]{1,64}=)/)) {
    const equals = piece.indexOf('=')
    if (equals <= 0 || pairs.length >= COLLECTOR_LIMITS.line_pairs_max) continue
    const value = piece
      .slice(equals + 1)
      .replace(/\\([=\\nr])/g, (_, sign: string) => (/[nr]/.test(sign) ? '\n' : sign))
    pairs.push([piece.slice(0, equals).trim(), value.trim()])
  }
  const header = Object.fromEntries(CEF_FIELDS.map((name, index) => [name, head[index]]))
  return { ...Object.fromEntries(pairs.filter(([key]) => key !== '__proto__')), cef: header }
}

/** What is known of a line besides its text. */
export interface Around {
  /** Its name next to what the line says: `{syslog: {...}}`. */
  readonly name: string
  readonly fields: object
  /** ISO 8601 or a number since 1970, for a line without its own time. */
  readonly time?: string
  /** What makes the line unique where its record has no id. */
  readonly place?: string
}

const TIMES = ['time', 'timestamp', '@timestamp', 'date', 'event_time', 'ts']

/** Whether a line holds nothing but prose. */
export type LineEnvelope = Envelope & { readonly plain?: true }

/** The value of a line. JSON of a known record stays what it is, so that its id is that of every other way. */
export function lineEnvelope(line: string, around: Around, formats: Formats): LineEnvelope {
  const text = lineContent(line)
  const place = around.place === undefined ? {} : { place: around.place }
  const when = around.time === undefined ? {} : { time: around.time }
  const isJson = text.startsWith('{') || text.startsWith('[')
  const json = isJson ? textEnvelope(text) : undefined
  if (json !== undefined && 'problem' in json) return json
  if (json !== undefined && !isObject(json.value)) return { ...json, ...place, ...when }
  if (json !== undefined) {
    const shipped = shippedEnvelope(json.value, formats)
    if ('problem' in shipped || formats.recognise(shipped.value) !== undefined) return { ...when, ...shipped, ...place }
  }
  const pairs = json === undefined ? (cef(text) ?? logfmt(text)) : (json.value as Readonly<Record<string, unknown>>)
  const found: Readonly<Record<string, unknown>> = pairs ?? { message: text }
  const timed = around.time === undefined || TIMES.some((name) => Object.hasOwn(found, name))
  const value = { [around.name]: around.fields, ...(timed ? {} : { time: around.time }), ...found }
  const plain = pairs === undefined && formats.recognise(value) === undefined
  return { format: 'auto', value, ...place, ...(plain ? { plain: true as const } : {}) }
}
