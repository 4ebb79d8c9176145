/** Bodies of shippers: JSON values that hold the records, or texts with JSON in them, each opened as far as is usual. */
import { readBody } from '../../body.ts'
import { at, isObject, textOf } from '../../formats/lib/json.ts'
import { readTime } from '../../formats/lib/times.ts'
import type { Envelope } from '../../formats/read-envelopes.ts'
import type { Formats } from '../../formats/formats.ts'
import { type Unpacked, unpackBody } from '../../unpack.ts'

export const malformed = (record: unknown, detail: string): Envelope => ({
  problem: { reason: 'malformed', detail },
  record,
})

/** The value in a text, within the bounds of a body. */
function parsed(text: string): { readonly value: unknown } | { readonly detail: string } {
  const read = readBody(Buffer.from(text), false)
  if (!read.ok) return { detail: read.detail }
  return { value: read.values.length === 1 ? read.values[0] : read.values }
}

/** A text that holds one record in JSON. */
export function textEnvelope(text: string): Envelope {
  const read = parsed(text)
  return 'value' in read ? { format: 'auto', value: read.value } : malformed(text, read.detail)
}

/** What container runtimes write before a line (CRI). */
const CRI = /^\d{4}-\d\d-\d\dT[0-9:.]{8,18}(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] /

/** A line without what stands before its content: the prefix of a container runtime, `@cee:`, a byte order mark. */
export const lineContent = (line: string): string => line.replace(CRI, '').replace(/^\uFEFF?\s*(?:@cee:\s*)?/, '')

/**
 * Where shippers keep the line that they read, or what they parsed of it: Filebeat `json`, Fluent Bit `log_processed`; the others
 * any of these, as text or as an object.
 */
const CONTENTS: readonly (readonly string[])[] = [
  ['event', 'original'],
  ['message'],
  ['log'],
  ['line'],
  ['MESSAGE'],
  ['msg'],
  ['_raw'],
  ['json'],
  ['log_processed'],
]
/** When the line was read or written, in the names of shippers. */
const TIMES = ['@timestamp', 'timestamp', 'time', 'date', 'timereported', 'ISODATE']

function contentOf(held: unknown): unknown {
  if (isObject(held)) return held
  const text = lineContent(textOf(held))
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined
  const read = parsed(text)
  return 'value' in read ? read.value : undefined
}

/** A record, or what a shipper made of the line that holds one; the line itself counts if it is a record. */
export function shippedEnvelope(value: unknown, formats: Formats): Envelope {
  if (typeof value === 'string') return textEnvelope(value)
  if (!isObject(value) || formats.recognise(value) !== undefined) return { format: 'auto', value }
  const time = TIMES.map((name) => value[name]).find((one) => readTime(one) !== undefined)
  for (const path of CONTENTS) {
    const content = contentOf(at(value, ...path))
    if (content !== undefined && formats.recognise(content) !== undefined)
      return { format: 'auto', value: content, ...(time === undefined ? {} : { time }) }
  }
  return { format: 'auto', value }
}

/**
 * Opens each value of a body of JSON, one or several. `open` answers with what it holds, or with the reason why it holds
 * nothing; what it throws is a reason, too.
 */
export function readJson(
  body: Buffer,
  open: (value: unknown) => readonly Envelope[] | string,
  lines = false,
): Unpacked {
  const read = unpackBody('auto', body, lines ? 'lines' : 'json')
  if (!read.ok) return read
  const envelopes = read.envelopes.flatMap((one): readonly Envelope[] => {
    if ('problem' in one) return [one]
    const opened = open(one.value)
    const found = typeof opened === 'string' ? [malformed(one.value, opened)] : opened
    const { line } = one
    return line === undefined ? found : found.map((each) => ({ ...each, line }))
  })
  return { ok: true, envelopes }
}
