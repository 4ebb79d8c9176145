/**
 * OTLP requests in protobuf for tests: a writer that takes the JSON form, and a reader of answers. It has field numbers of
 * its own, so that a wrong one in the collector shows; that both are right, the test with OpenTelemetry's own exporter shows.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number | string
  readonly arrayValue?: { readonly values?: readonly AnyValue[] }
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] }
  readonly bytesValue?: string
}

export interface KeyValue {
  readonly key?: string
  readonly value?: AnyValue
}

export interface LogRecord {
  readonly timeUnixNano?: string | number
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: AnyValue
  readonly attributes?: readonly KeyValue[]
  readonly droppedAttributesCount?: number
  readonly flags?: number
  readonly traceId?: string
  readonly spanId?: string
  readonly observedTimeUnixNano?: string | number
  readonly eventName?: string
}

export interface Holder {
  readonly name?: string
  readonly version?: string
  readonly attributes?: readonly KeyValue[]
  readonly droppedAttributesCount?: number
}

export interface ScopeLogs {
  readonly scope?: Holder
  readonly logRecords?: readonly LogRecord[]
  readonly schemaUrl?: string
}

export interface OtlpRequest {
  readonly resourceLogs?: readonly {
    readonly resource?: Holder
    readonly scopeLogs?: readonly ScopeLogs[]
    readonly schemaUrl?: string
  }[]
}

type Write<T> = (writer: BinaryWriter, value: T) => void

function nested<T>(writer: BinaryWriter, number: number, value: T | undefined, write: Write<T>): void {
  if (value === undefined) return
  writer.tag(number, WireType.LengthDelimited).fork()
  write(writer, value)
  writer.join()
}

function each<T>(writer: BinaryWriter, number: number, values: readonly T[] | undefined, write: Write<T>): void {
  for (const value of values ?? []) nested(writer, number, value, write)
}

const text = (writer: BinaryWriter, number: number, value = ''): void => {
  if (value !== '') writer.tag(number, WireType.LengthDelimited).string(value)
}

const bytes = (writer: BinaryWriter, number: number, hex = ''): void => {
  if (hex !== '') writer.tag(number, WireType.LengthDelimited).bytes(Buffer.from(hex, 'hex'))
}

const uint32 = (writer: BinaryWriter, number: number, value = 0): void => {
  if (value !== 0) writer.tag(number, WireType.Varint).uint32(value)
}

const fixed64 = (writer: BinaryWriter, number: number, value: string | number = 0): void => {
  if (BigInt(value) !== 0n) writer.tag(number, WireType.Bit64).fixed64(String(value))
}

const writeAny: Write<AnyValue> = (writer, any) => {
  if (any.stringValue !== undefined) writer.tag(1, WireType.LengthDelimited).string(any.stringValue)
  if (any.boolValue !== undefined) writer.tag(2, WireType.Varint).bool(any.boolValue)
  if (any.intValue !== undefined) writer.tag(3, WireType.Varint).int64(String(any.intValue))
  if (any.doubleValue !== undefined) writer.tag(4, WireType.Bit64).double(Number(any.doubleValue))
  nested(writer, 5, any.arrayValue, (inner, { values }) => each(inner, 1, values, writeAny))
  nested(writer, 6, any.kvlistValue, (inner, { values }) => each(inner, 1, values, writePair))
  if (any.bytesValue !== undefined) {
    writer.tag(7, WireType.LengthDelimited).bytes(Buffer.from(any.bytesValue, 'base64'))
  }
}

const writePair: Write<KeyValue> = (writer, { key, value }) => {
  text(writer, 1, key)
  nested(writer, 2, value, writeAny)
}

const writeRecord: Write<LogRecord> = (writer, record) => {
  fixed64(writer, 1, record.timeUnixNano)
  uint32(writer, 2, record.severityNumber)
  text(writer, 3, record.severityText)
  nested(writer, 5, record.body, writeAny)
  each(writer, 6, record.attributes, writePair)
  uint32(writer, 7, record.droppedAttributesCount)
  if ((record.flags ?? 0) !== 0) writer.tag(8, WireType.Bit32).fixed32(record.flags ?? 0)
  bytes(writer, 9, record.traceId)
  bytes(writer, 10, record.spanId)
  fixed64(writer, 11, record.observedTimeUnixNano)
  text(writer, 12, record.eventName)
}

const writeScopeLogs: Write<ScopeLogs> = (writer, { scope, logRecords, schemaUrl }) => {
  nested(writer, 1, scope, (inner, { name, version, attributes, droppedAttributesCount }) => {
    text(inner, 1, name)
    text(inner, 2, version)
    each(inner, 3, attributes, writePair)
    uint32(inner, 4, droppedAttributesCount)
  })
  each(writer, 2, logRecords, writeRecord)
  text(writer, 3, schemaUrl)
}

/** The same request in protobuf. */
export function encodeOtlp(request: OtlpRequest): Buffer {
  const writer = new BinaryWriter()
  each(writer, 1, request.resourceLogs, (outer, { resource, scopeLogs, schemaUrl }) => {
    nested(outer, 1, resource, (inner, { attributes, droppedAttributesCount }) => {
      each(inner, 1, attributes, writePair)
      uint32(inner, 2, droppedAttributesCount)
    })
    each(outer, 2, scopeLogs, writeScopeLogs)
    text(outer, 3, schemaUrl)
  })
  return Buffer.from(writer.finish())
}

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind?: number
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes?: readonly KeyValue[]
  readonly events?: readonly { readonly name: string; readonly attributes: readonly KeyValue[] }[]
  readonly status?: { readonly code: number; readonly message?: string }
}

export interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource?: Holder
    readonly scopeSpans: readonly { readonly scope?: Holder; readonly spans: readonly Span[] }[]
  }[]
}

const writeSpan: Write<Span> = (writer, span) => {
  bytes(writer, 1, span.traceId)
  bytes(writer, 2, span.spanId)
  bytes(writer, 4, span.parentSpanId)
  text(writer, 5, span.name)
  uint32(writer, 6, span.kind)
  fixed64(writer, 7, span.startTimeUnixNano)
  fixed64(writer, 8, span.endTimeUnixNano)
  each(writer, 9, span.attributes, writePair)
  each(writer, 11, span.events, (inner, { name, attributes }) => {
    text(inner, 2, name)
    each(inner, 3, attributes, writePair)
  })
  nested(writer, 15, span.status, (inner, { code, message }) => {
    text(inner, 2, message)
    uint32(inner, 3, code)
  })
}

/** A request of traces in protobuf. */
export function encodeTraces(request: TraceRequest): Buffer {
  const writer = new BinaryWriter()
  each(writer, 1, request.resourceSpans, (outer, { resource, scopeSpans }) => {
    nested(outer, 1, resource, (inner, { attributes }) => each(inner, 1, attributes, writePair))
    each(outer, 2, scopeSpans, (inner, { scope, spans }) => {
      nested(inner, 1, scope, (own, { name }) => text(own, 1, name))
      each(inner, 2, spans, writeSpan)
    })
  })
  return Buffer.from(writer.finish())
}

/** google.rpc.Status. */
export function readStatus(body: Uint8Array): { code: number; message: string } {
  const reader = new BinaryReader(body)
  const status = { code: 0, message: '' }
  while (reader.pos < reader.len) {
    const [number] = reader.tag()
    if (number === 1) status.code = reader.int32()
    else if (number === 2) status.message = reader.string()
    else throw new Error(`a Status has no field ${number}`)
  }
  return status
}

/** ExportLogsServiceResponse; undefined where everything was taken. */
export function readPartialSuccess(body: Uint8Array): { rejected: number; message: string } | undefined {
  if (body.length === 0) return undefined
  const outer = new BinaryReader(body)
  if (outer.tag()[0] !== 1) throw new Error('the response has one field, 1')
  const reader = new BinaryReader(outer.bytes())
  const partial = { rejected: 0, message: '' }
  while (reader.pos < reader.len) {
    const [number] = reader.tag()
    if (number === 1) partial.rejected = Number(reader.int64())
    else if (number === 2) partial.message = reader.string()
    else throw new Error(`a partial success has no field ${number}`)
  }
  return partial
}
