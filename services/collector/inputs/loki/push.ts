/** The lines of a push to Loki, from JSON or from its protobuf (`logproto.PushRequest`). */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { LIMITS } from '../../../../schemas/limits.ts'
import { isObject, listOf, textOf } from '../../formats/lib/json.ts'
import { COLLECTOR_LIMITS } from '../../limits.ts'
import { logfmt } from '../lib/lines.ts'

export interface Entry {
  readonly labels: Readonly<Record<string, string>>
  /** Nanoseconds since 1970, as decimal. */
  readonly nanos: string
  readonly line: string
}

/** What of it is an entry; a stream or value of another shape is named. */
export function* jsonEntries(body: unknown): Generator<Entry | { readonly bad: unknown; readonly detail: string }> {
  for (const stream of listOf((body as { streams?: unknown }).streams)) {
    const { stream: given, values } = isObject(stream) ? stream : {}
    if (!Array.isArray(values)) {
      yield { bad: stream, detail: 'a stream without its list values' }
      continue
    }
    const labels = Object.fromEntries(
      Object.entries(isObject(given) ? given : {})
        .slice(0, COLLECTOR_LIMITS.line_pairs_max)
        .map(([key, value]) => [key, textOf(value)]),
    )
    for (const value of values) {
      const [nanos, line] = listOf(value)
      if (typeof line === 'string') yield { labels, nanos: textOf(nanos), line }
      else yield { bad: value, detail: 'a value is [nanoseconds as text, line]' }
    }
  }
}

/** Labels as Loki writes them: `{app="x", env="y"}`. */
const labelsOf = (text: string): Readonly<Record<string, string>> =>
  logfmt(` _="" ${text.replace(/^\s*\{|\}\s*$/g, '').replace(/",\s*/g, '" ')}`) ?? {}

const text = (reader: BinaryReader, wire: WireType): string => {
  if (wire !== WireType.LengthDelimited) throw new Error('a field has another type')
  return reader.string()
}

/** Calls `take` for each field of the message that is next. */
function fields(reader: BinaryReader, end: number, take: (field: number, wire: WireType) => void): void {
  while (reader.pos < end) {
    const [field, wire] = reader.tag()
    take(field, wire)
  }
}

const within = (reader: BinaryReader, wire: WireType): number => {
  if (wire !== WireType.LengthDelimited) throw new Error('a field has another type')
  const length = reader.uint32()
  if (length > reader.len - reader.pos) throw new Error('a field ends behind the body')
  return reader.pos + length
}

/** Seconds and nanoseconds of a `Timestamp` in one number. */
function nanosOf(reader: BinaryReader, wire: WireType): string {
  let [seconds, nanos] = [0n, 0n]
  fields(reader, within(reader, wire), (field, kind) => {
    if (field === 1 && kind === WireType.Varint) seconds = BigInt(reader.int64())
    else if (field === 2 && kind === WireType.Varint) nanos = BigInt(reader.int32())
    else reader.skip(kind, field)
  })
  return String(seconds * 1_000_000_000n + nanos)
}

/** Throws Error where the bytes are no push request. */
export function protobufEntries(bytes: Buffer): Entry[] {
  const reader = new BinaryReader(bytes)
  const entries: Entry[] = []
  const readEntry = (wire: WireType, labels: () => Entry['labels']): void => {
    let [nanos, line] = ['', '']
    fields(reader, within(reader, wire), (field, kind) => {
      if (field === 1) nanos = nanosOf(reader, kind)
      else if (field === 2) line = text(reader, kind)
      else reader.skip(kind, field)
    })
    if (entries.push({ labels: labels(), nanos, line }) > LIMITS.records_per_request_max) {
      throw new Error(`more than ${LIMITS.records_per_request_max} lines: send it in several requests`)
    }
  }
  fields(reader, bytes.length, (outer, wire) => {
    if (outer !== 1) return void reader.skip(wire, outer)
    let labels: Entry['labels'] = {}
    // Labels stand before the entries of their stream.
    fields(reader, within(reader, wire), (field, kind) => {
      if (field === 1) labels = labelsOf(text(reader, kind))
      else if (field === 2) readEntry(kind, () => labels)
      else reader.skip(kind, field)
    })
  })
  return entries
}
