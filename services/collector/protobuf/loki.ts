/** `logproto.PushRequest` of Loki: streams of lines, each with its labels as one text. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { LIMITS } from '../../../schemas/limits.ts'

export interface LokiStream {
  /** As Loki writes them: `{app="x", env="y"}`. */
  readonly labels: string
  /** Nanoseconds since 1970, as decimal, and the line. */
  readonly entries: readonly { readonly nanos: string; readonly line: string }[]
}

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
export function decodeLokiPush(bytes: Buffer): LokiStream[] {
  const reader = new BinaryReader(bytes)
  const streams: LokiStream[] = []
  let lines = 0
  const readEntry = (wire: WireType): LokiStream['entries'][number] => {
    let [nanos, line] = ['', '']
    fields(reader, within(reader, wire), (field, kind) => {
      if (field === 1) nanos = nanosOf(reader, kind)
      else if (field === 2) line = text(reader, kind)
      else reader.skip(kind, field)
    })
    lines += 1
    if (lines > LIMITS.records_per_request_max) {
      throw new Error(`more than ${LIMITS.records_per_request_max} lines: send it in several requests`)
    }
    return { nanos, line }
  }
  fields(reader, bytes.length, (outer, wire) => {
    if (outer !== 1) {
      reader.skip(wire, outer)
      return
    }
    let labels = ''
    const entries: LokiStream['entries'][number][] = []
    fields(reader, within(reader, wire), (field, kind) => {
      if (field === 1) labels = text(reader, kind)
      else if (field === 2) entries.push(readEntry(kind))
      else reader.skip(kind, field)
    })
    streams.push({ labels, entries })
  })
  return streams
}
