/**
 * From the bytes of a body to the values in it: JSON (one value, lists, or several values one after the other), JSON in
 * lines, or OTLP in protobuf. The same for every input, for the topic `raw` and for files.
 */
import { readBody } from './body.ts'
import type { FormatChoice } from './formats/format.ts'
import type { Envelope, Refused } from './formats/read-envelopes.ts'
import { type ProtobufBody, readProtobuf } from './protobuf/decode.ts'

/** `protobuf-any`: logs or traces, whichever it is. */
export type Form = 'json' | 'lines' | 'protobuf' | 'protobuf-traces' | 'protobuf-any'

/** `dropped`: lines of prose that were left out. */
export type Unpacked =
  | { readonly ok: true; readonly envelopes: readonly Envelope[]; readonly dropped?: number }
  | Refused

const NEWLINE = 0x0a

/** Counts lines as positions go up. */
function createLines(body: Buffer): (position: number) => number {
  const newlineFrom = (at: number): number => {
    const found = body.indexOf(NEWLINE, at)
    return found === -1 ? body.length : found
  }
  let line = 1
  let end = newlineFrom(0)
  return (position) => {
    for (; end < position; end = newlineFrom(end + 1)) line++
    return line
  }
}

/** Parts that are not JSON keep their place among their neighbours, with the line and the byte at which they break. */
function jsonEnvelopes(format: FormatChoice, body: Buffer, lines: boolean): Unpacked {
  const read = readBody(body, lines)
  if (!read.ok) return read
  const lineOf = createLines(body)
  const envelopes: Envelope[] = []
  const count = read.values.length + read.bad.length
  let next = 0
  const take = (until: number): void => {
    for (; envelopes.length < until && next < read.values.length; next++) {
      // Several values are identified by their lines; a single value needs none.
      const place = count === 1 ? {} : { line: lineOf(read.positions[next] ?? 0) }
      envelopes.push({ format, value: read.values[next], ...place })
    }
  }
  for (const { index, position, detail, text } of read.bad) {
    take(index)
    const problem = { reason: 'malformed' as const, detail: `line ${lineOf(position)}: ${detail} at byte ${position}` }
    envelopes.push({ problem, record: text })
  }
  take(count)
  return { ok: true, envelopes }
}

/** The values of a body. `auto`: each is of the format that it looks like; protobuf is always OTLP. */
export function unpackBody(format: FormatChoice, body: Buffer, form: Form): Unpacked {
  if (form === 'json' || form === 'lines') return jsonEnvelopes(format, body, form === 'lines')
  const logs = form === 'protobuf-traces' ? undefined : readProtobuf(body, 'logs')
  const traces = form === 'protobuf' || logs?.ok === true ? undefined : readProtobuf(body, 'traces')
  // If it is neither, the problem is reported as one of logs.
  const read = traces?.ok === true || logs === undefined ? (traces as ProtobufBody) : logs
  return read.ok ? { ok: true, envelopes: [{ format: 'otlp', value: read.value }] } : read
}
