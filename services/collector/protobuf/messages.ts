/**
 * The messages of OTLP logs and traces in protobuf: the number of each field, the encoding of its value, and its spelling
 * in the JSON form of OTLP. The numbers are those of opentelemetry-proto (collector/logs/v1, collector/trace/v1, logs/v1,
 * trace/v1, resource/v1, common/v1), where a published number never changes. Fields that are not listed are skipped.
 */

/** How a scalar is written: `hex` and `base64` are bytes, spelled that way in JSON. */
export type Scalar =
  | 'string'
  | 'hex'
  | 'base64'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'double'
  | 'fixed32'
  | 'fixed64'

export type MessageName =
  | 'ExportLogsServiceRequest'
  | 'ResourceLogs'
  | 'Resource'
  | 'ScopeLogs'
  | 'InstrumentationScope'
  | 'LogRecord'
  | 'KeyValue'
  | 'AnyValue'
  | 'ArrayValue'
  | 'KeyValueList'
  | 'ExportTraceServiceRequest'
  | 'ResourceSpans'
  | 'ScopeSpans'
  | 'Span'
  | 'SpanEvent'
  | 'SpanStatus'

export interface Field {
  /** The key in JSON. */
  readonly key: string
  readonly type: Scalar | { readonly message: MessageName; readonly list: boolean }
}

export interface Message {
  readonly name: MessageName
  /** By number. */
  readonly fields: ReadonlyMap<number, Field>
  /** Only one of the fields is set at a time: the last one counts, even if it is zero. */
  readonly oneOf: boolean
  /** It leads to log records: an unknown field may hold records that were not understood. */
  readonly holdsRecords: boolean
}

const scalar = (key: string, type: Scalar): Field => ({ key, type })
const one = (key: string, message: MessageName): Field => ({ key, type: { message, list: false } })
const many = (key: string, message: MessageName): Field => ({ key, type: { message, list: true } })

const message = (name: MessageName, fields: Readonly<Record<number, Field>>, more: Partial<Message> = {}): Message => ({
  name,
  fields: new Map(Object.entries(fields).map(([number, field]) => [Number(number), field])),
  oneOf: false,
  holdsRecords: false,
  ...more,
})

const HOLDS_RECORDS = { holdsRecords: true }

export const MESSAGES: Readonly<Record<MessageName, Message>> = {
  ExportLogsServiceRequest: message(
    'ExportLogsServiceRequest',
    { 1: many('resourceLogs', 'ResourceLogs') },
    HOLDS_RECORDS,
  ),
  ResourceLogs: message(
    'ResourceLogs',
    { 1: one('resource', 'Resource'), 2: many('scopeLogs', 'ScopeLogs'), 3: scalar('schemaUrl', 'string') },
    HOLDS_RECORDS,
  ),
  Resource: message('Resource', { 1: many('attributes', 'KeyValue'), 2: scalar('droppedAttributesCount', 'uint32') }),
  ScopeLogs: message(
    'ScopeLogs',
    { 1: one('scope', 'InstrumentationScope'), 2: many('logRecords', 'LogRecord'), 3: scalar('schemaUrl', 'string') },
    HOLDS_RECORDS,
  ),
  InstrumentationScope: message('InstrumentationScope', {
    1: scalar('name', 'string'),
    2: scalar('version', 'string'),
    3: many('attributes', 'KeyValue'),
    4: scalar('droppedAttributesCount', 'uint32'),
  }),
  LogRecord: message('LogRecord', {
    1: scalar('timeUnixNano', 'fixed64'),
    2: scalar('severityNumber', 'int32'),
    3: scalar('severityText', 'string'),
    5: one('body', 'AnyValue'),
    6: many('attributes', 'KeyValue'),
    7: scalar('droppedAttributesCount', 'uint32'),
    8: scalar('flags', 'fixed32'),
    9: scalar('traceId', 'hex'),
    10: scalar('spanId', 'hex'),
    11: scalar('observedTimeUnixNano', 'fixed64'),
    12: scalar('eventName', 'string'),
  }),
  ExportTraceServiceRequest: message(
    'ExportTraceServiceRequest',
    { 1: many('resourceSpans', 'ResourceSpans') },
    HOLDS_RECORDS,
  ),
  ResourceSpans: message(
    'ResourceSpans',
    { 1: one('resource', 'Resource'), 2: many('scopeSpans', 'ScopeSpans'), 3: scalar('schemaUrl', 'string') },
    HOLDS_RECORDS,
  ),
  ScopeSpans: message(
    'ScopeSpans',
    { 1: one('scope', 'InstrumentationScope'), 2: many('spans', 'Span'), 3: scalar('schemaUrl', 'string') },
    HOLDS_RECORDS,
  ),
  Span: message('Span', {
    1: scalar('traceId', 'hex'),
    2: scalar('spanId', 'hex'),
    3: scalar('traceState', 'string'),
    4: scalar('parentSpanId', 'hex'),
    5: scalar('name', 'string'),
    6: scalar('kind', 'int32'),
    7: scalar('startTimeUnixNano', 'fixed64'),
    8: scalar('endTimeUnixNano', 'fixed64'),
    9: many('attributes', 'KeyValue'),
    10: scalar('droppedAttributesCount', 'uint32'),
    11: many('events', 'SpanEvent'),
    15: one('status', 'SpanStatus'),
    16: scalar('flags', 'fixed32'),
  }),
  SpanEvent: message('SpanEvent', {
    1: scalar('timeUnixNano', 'fixed64'),
    2: scalar('name', 'string'),
    3: many('attributes', 'KeyValue'),
  }),
  SpanStatus: message('SpanStatus', { 2: scalar('message', 'string'), 3: scalar('code', 'int32') }),
  KeyValue: message('KeyValue', { 1: scalar('key', 'string'), 2: one('value', 'AnyValue') }),
  AnyValue: message(
    'AnyValue',
    {
      1: scalar('stringValue', 'string'),
      2: scalar('boolValue', 'bool'),
      3: scalar('intValue', 'int64'),
      4: scalar('doubleValue', 'double'),
      5: one('arrayValue', 'ArrayValue'),
      6: one('kvlistValue', 'KeyValueList'),
      7: scalar('bytesValue', 'base64'),
    },
    { oneOf: true },
  ),
  ArrayValue: message('ArrayValue', { 1: many('values', 'AnyValue') }),
  KeyValueList: message('KeyValueList', { 1: many('values', 'KeyValue') }),
}
