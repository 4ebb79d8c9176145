/** Bodies of shippers: JSON values that hold the records, or texts with JSON in them, each opened as far as is usual. */
import { readBody } from '../../body.ts'
import { at, isObject, textOf } from '../../formats/lib/json.ts'
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

/** Where shippers keep the line that they read. */
const LINES: readonly (readonly string[])[] = [
  ['event', 'original'],
  ['message'],
  ['log'],
  ['line'],
  ['MESSAGE'],
  ['msg'],
  ['_raw'],
]

/** A record, or what a shipper made of the line that holds one: the line itself counts where it is a record. */
export function shippedEnvelope(value: unknown, formats: Formats): Envelope {
  if (typeof value === 'string') return textEnvelope(value)
  if (!isObject(value) || formats.recognise(value) !== undefined) return { format: 'auto', value }
  for (const path of LINES) {
    const text = textOf(at(value, ...path)).trimStart()
    if (!text.startsWith('{') && !text.startsWith('[')) continue
    const read = parsed(text)
    if ('value' in read && formats.recognise(read.value) !== undefined) return { format: 'auto', value: read.value }
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
    return typeof opened === 'string' ? [malformed(one.value, opened)] : opened
  })
  return { ok: true, envelopes }
}
