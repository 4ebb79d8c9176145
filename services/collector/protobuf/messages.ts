/**
 * The messages of OTLP logs as they stand in protobuf: which number a field has, how its value is written, and how the
 * JSON form of OTLP spells it. The numbers are those of opentelemetry-proto (collector/logs/v1, logs/v1, resource/v1,
 * common/v1), where a published number never changes. Fields that are not here are skipped.
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

export interface Field {
  /** The key in JSON. */
  readonly key: string
  readonly type: Scalar | { readonly message: MessageName; readonly list: boolean }
}

export interface Message {
  readonly name: MessageName
  /** By number. */
  readonly fields: ReadonlyMap<number, Field>
  /** Only one of the fields is set at a time: the last one counts, and counts even where it is zero. */
  readonly oneOf: boolean
  /** It leads to log records: what is unknown in it may be records that were not understood. */
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
