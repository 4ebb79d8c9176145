/**
 * OTLP over HTTP, as OpenTelemetry's exporters speak it: `POST /v1/logs` and `/v1/traces` in JSON or
 * protobuf. It is answered in the encoding
 * in which it was asked: an empty success, a partial success that names what was rejected, or a google.rpc.Status.
 */
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Answer, inJson, inProtobuf, type Refusal, refusal, refusalHeaders } from '../../answers.ts'
import { encodePartialSuccess, encodeStatus, encodeSuccess } from '../../protobuf/encode.ts'
import { unpackBody } from '../../unpack.ts'
import type { Head, Input, Place, Question, Taken } from '../input.ts'
import { formOf, mediaType } from '../lib/types.ts'

const PROTOBUF = 'application/x-protobuf'
const LOGS: Place = { path: '/v1/logs', types: { 'application/json': 'json', [PROTOBUF]: 'protobuf' } }
const TRACES: Place = { path: '/v1/traces', types: { 'application/json': 'json', [PROTOBUF]: 'protobuf-traces' } }

/** Codes of google.rpc.Code. */
const RPC_CODES: Readonly<Record<Refusal['status'], number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  413: 3,
  415: 3,
  429: 8,
  503: 14,
}

/** What cannot be read at all is answered in JSON. */
const isProtobuf = ({ headers }: Pick<Head, 'headers'>): boolean => mediaType(headers['content-type']) === PROTOBUF

/** A refusal in the words of OTLP. */
export function otlpRefusal({ status, message }: Refusal, head: Pick<Head, 'headers'>): Answer {
  const code = RPC_CODES[status]
  const body = isProtobuf(head) ? inProtobuf(encodeStatus(code, message)) : inJson({ code, message })
  return { status, headers: refusalHeaders(status), ...body }
}

const said = ({ index, detail }: Taken['rejected'][number]): string => `record ${index}: ${detail}`

/** Nothing, or how many records were rejected and why; the client must not send them again. */
function success({ rejected }: Taken, head: Head): Answer {
  const protobuf = isProtobuf(head)
  const answered = { status: 200, headers: {} }
  if (rejected.length === 0) return { ...answered, ...(protobuf ? inProtobuf(encodeSuccess()) : inJson({})) }
  const errorMessage = rejected.slice(0, LIMITS.rejections_named_max).map(said).join('; ')
  if (protobuf) return { ...answered, ...inProtobuf(encodePartialSuccess(rejected.length, errorMessage)) }
  const count = String(rejected.length)
  const counted = head.path === TRACES.path ? { rejectedSpans: count } : { rejectedLogRecords: count }
  return { ...answered, ...inJson({ partialSuccess: { ...counted, errorMessage } }) }
}

/** What an exporter sends to the same port unless it is told not to. */
const METRICS: Question = {
  method: 'POST',
  path: '/v1/metrics',
  answer: (head) => {
    const message = 'metrics are not taken, only logs and traces are: set OTEL_METRICS_EXPORTER=none'
    return otlpRefusal(refusal(415, 'unsupported_signal', message), head)
  },
}

export const otlp: Input = {
  id: 'otlp',
  takes: [LOGS, TRACES],
  questions: [METRICS],
  identify: ({ headers }, authenticate) => authenticate(headers.authorization),
  unpack(body, { path, headers }) {
    const form = formOf(path === TRACES.path ? TRACES : LOGS, headers['content-type'])
    return unpackBody('otlp', body, typeof form === 'string' ? form : 'json')
  },
  answer: (outcome, head) => (outcome.ok ? success(outcome.account, head) : otlpRefusal(outcome, head)),
}
