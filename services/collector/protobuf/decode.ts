/**
 * OTLP requests in protobuf: from bytes to the plain object that parsing the same request in JSON gives, so that one
 * normaliser serves both and an event has the same id whichever way it came.
 *
 * On the wire a message is a row of fields: a tag (number and wire type), then a varint, 4 or 8 bytes, or a length and so
 * many bytes. Unknown fields are skipped, as the protocol demands; a known one of the wrong type is an error, because
 * traces and metrics begin like logs and differ there. Objects and lists are counted before they are made.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { LIMITS } from '../../../schemas/limits.ts'
import { type Field, type Message, MESSAGES, type Scalar } from './messages.ts'

export type ProtobufBody =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly status: 400 | 413; readonly detail: string; readonly position: number }

type Plain = Record<string, unknown>

interface Reading {
  readonly reader: BinaryReader
  readonly bytes: Buffer
  /** Where the current field begins. */
  at: number
  /** Objects and lists made so far. */
  nodes: number
  records: number
  /** Fields that nobody knows, where log records may be expected. */
  unknown: number
}

/** What ends the reading of a body. It does not leave this file. */
class Broken extends Error {
  readonly status: 400 | 413
  constructor(detail: string, status: 400 | 413 = 400) {
    super(detail)
    this.status = status
  }
}

const WIRE_TYPES: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  hex: WireType.LengthDelimited,
  base64: WireType.LengthDelimited,
  bool: WireType.Varint,
  int32: WireType.Varint,
  uint32: WireType.Varint,
  int64: WireType.Varint,
  double: WireType.Bit64,
  fixed32: WireType.Bit32,
  fixed64: WireType.Bit64,
}

/** The value of an unset field: an encoder may write it, and JSON omits it. */
const ZEROS: Readonly<Record<Scalar, unknown>> = {
  string: '',
  hex: '',
  base64: '',
  bool: false,
  int32: 0,
  uint32: 0,
  int64: '0',
  double: 0,
  fixed32: 0,
  fixed64: '0',
}

const OTHER_SIGNALS =
  ': logs go to /v1/logs, traces to /v1/traces; metrics are not taken, set OTEL_METRICS_EXPORTER=none'

/** Counts an object or a list that is about to be made at this depth. */
function count(reading: Reading, depth: number): void {
  reading.nodes += 1
  if (depth > LIMITS.json_depth_max) throw new Broken(`nested deeper than ${LIMITS.json_depth_max} levels`)
  if (reading.nodes <= LIMITS.json_nodes_max) return
  throw new Broken(`more than ${LIMITS.json_nodes_max} objects and lists: send it in several requests`, 413)
}

function countRecord(reading: Reading): void {
  reading.records += 1
  if (reading.records <= LIMITS.records_per_request_max) return
  const max = LIMITS.records_per_request_max
  throw new Broken(`more than ${max} records in one request: send it in smaller parts`, 413)
}

/** The end of a length-delimited field; it must be within the enclosing message. */
function readEnd({ reader }: Reading, end: number): number {
  const start = reader.pos
  let length = reader.uint32()
  // The reader drops bits beyond 32: a huge length must not pass for a small one.
  if (reader.pos - start > 4) {
    reader.pos = start
    length = Number(reader.uint64())
  }
  if (length > end - reader.pos) throw new Broken('broken protobuf: a length goes beyond the end of what holds it')
  return reader.pos + length
}

/** Texts as in JSON, where invalid UTF-8 becomes U+FFFD, too. */
function readBytes(reading: Reading, end: number, encoding: 'utf8' | 'hex' | 'base64'): string {
  const stop = readEnd(reading, end)
  const text = reading.bytes.toString(encoding, reading.reader.pos, stop)
  reading.reader.pos = stop
  return text
}

/** JSON has no number for NaN and the infinities: it spells them as words. */
const doubleValue = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

function readScalar(reading: Reading, type: Scalar, end: number): unknown {
  const { reader } = reading
  switch (type) {
    case 'string':
      return readBytes(reading, end, 'utf8')
    case 'hex':
    case 'base64':
      return readBytes(reading, end, type)
    case 'bool':
      return reader.bool()
    case 'int32':
      return reader.int32()
    case 'uint32':
      return reader.uint32()
    case 'int64':
      return String(reader.int64())
    case 'double':
      return doubleValue(reader.double())
    case 'fixed32':
      return reader.fixed32()
    case 'fixed64':
      return String(reader.fixed64())
  }
}

function skip(reading: Reading, number: number, wireType: WireType, end: number): void {
  const { reader } = reading
  if (wireType === WireType.LengthDelimited) reader.pos = readEnd(reading, end)
  else reader.skip(wireType, number)
}

/** Sets a field of an object. A repeated single message merges into the first, as everywhere in protobuf. */
function readField(reading: Reading, field: Field, into: Plain, message: Message, end: number, depth: number): void {
  const { key, type } = field
  if (message.oneOf) for (const other of Object.keys(into)) if (other !== key) delete into[other]
  if (typeof type === 'string') {
    const value = readScalar(reading, type, end)
    if (message.oneOf || value !== ZEROS[type]) into[key] = value
    else delete into[key]
    return
  }
  const stop = readEnd(reading, end)
  const nested = MESSAGES[type.message]
  if (nested.name === 'LogRecord' || nested.name === 'Span') countRecord(reading)
  if (!type.list) {
    into[key] = readMessage(reading, nested, stop, depth + 1, into[key] as Plain | undefined)
    return
  }
  let list = into[key] as unknown[] | undefined
  if (list === undefined) {
    count(reading, depth + 1)
    list = []
    into[key] = list
  }
  list.push(readMessage(reading, nested, stop, depth + 2))
}

/** Reads fields up to `end`, into an object that is there already or a new one. */
function readMessage(reading: Reading, message: Message, end: number, depth: number, before?: Plain): Plain {
  const { reader } = reading
  if (before === undefined) count(reading, depth)
  const into = before ?? {}
  while (reader.pos < end) {
    reading.at = reader.pos
    const [number, wireType] = reader.tag()
    const field = message.fields.get(number)
    if (field === undefined) {
      if (message.holdsRecords) reading.unknown += 1
      skip(reading, number, wireType, end)
    } else {
      const wanted = typeof field.type === 'string' ? WIRE_TYPES[field.type] : WireType.LengthDelimited
      if (wireType !== wanted) {
        const what = `not OTLP: ${field.key} of ${message.name} (field ${number}) has the wire type ${wireType}, not ${wanted}`
        throw new Broken(message.name === 'LogRecord' || message.name === 'Span' ? what + OTHER_SIGNALS : what)
      }
      readField(reading, field, into, message, end, depth)
    }
    if (reader.pos > end) throw new Broken('broken protobuf: a field goes beyond the end of what holds it')
  }
  return into
}

/** On bad bytes the reader throws plain errors and range errors, and nothing else: any other one is a bug. */
const isBadBytes = (error: unknown): error is Error =>
  error instanceof RangeError || (error instanceof Error && error.name === 'Error')

/** The signals of OTLP that are read, and the request of each. */
const REQUESTS = { logs: MESSAGES.ExportLogsServiceRequest, traces: MESSAGES.ExportTraceServiceRequest } as const
export type Signal = keyof typeof REQUESTS

/** Reads a request of OTLP. An empty body is a request without records, as protobuf wants it. */
export function readProtobuf(bytes: Buffer, signal: Signal = 'logs'): ProtobufBody {
  const reading: Reading = { reader: new BinaryReader(bytes), bytes, at: 0, nodes: 0, records: 0, unknown: 0 }
  try {
    const value = readMessage(reading, REQUESTS[signal], bytes.length, 1)
    if (reading.records > 0 || reading.unknown === 0) return { ok: true, value }
    const detail = `no record is in it, but fields that OTLP ${signal} do not have: this is no ${REQUESTS[signal].name}`
    return { ok: false, status: 400, detail, position: 0 }
  } catch (error) {
    if (!isBadBytes(error)) throw error
    const { message } = error
    if (error instanceof Broken) return { ok: false, status: error.status, detail: message, position: reading.at }
    return { ok: false, status: 400, detail: `broken protobuf: ${message}`, position: reading.at }
  }
}
