/**
 * OTLP over HTTP, as OpenTelemetry's exporters speak it: `POST /v1/logs` and `/v1/traces` in JSON or protobuf. The answer
 * has the encoding of the request: an empty success, a partial success that names what was rejected, or a
 * google.rpc.Status.
 */
import { counted as countOf } from '../../../../schemas/counted.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { type Answer, inJson, inProtobuf, type Refusal, refusal, refusalHeaders } from '../../answers.ts'
import { encodePartialSuccess, encodeStatus, encodeSuccess } from '../../protobuf/encode.ts'
import { unpackBody } from '../../unpack.ts'
import type { Head, Input, Endpoint, Question, Taken } from '../input.ts'
import { formOf, mediaType } from '../lib/types.ts'

const PROTOBUF = 'application/x-protobuf'
const LOGS: Endpoint = { path: '/v1/logs', types: { 'application/json': 'json', [PROTOBUF]: 'protobuf' } }
const TRACES: Endpoint = { path: '/v1/traces', types: { 'application/json': 'json', [PROTOBUF]: 'protobuf-traces' } }

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

/** What is wrong with a time, in words. */
const UNTIMED: ReadonlyMap<string, string> = new Map([
  ['missing', 'without a time that can be read'],
  ['ancient', 'with a time before 2015'],
  ['future', 'with a time more than ten minutes ahead of its receipt'],
])

/** What a sender should mend, although the records were taken. */
const warningsOf = (untimed: Taken['untimed']): readonly string[] =>
  [...untimed].map(
    ([flag, count]) => `${countOf(count, 'record')} ${UNTIMED.get(flag) ?? flag}: the time of receipt stands for it`,
  )

/**
 * Nothing; or how many records were rejected and why, and which were taken with a time that is not theirs: OTLP has such
 * warnings in a partial success that rejects none. The client must not send them again.
 */
function success({ rejected, untimed }: Taken, head: Head): Answer {
  const protobuf = isProtobuf(head)
  const answered = { status: 200, headers: {} }
  if (rejected.length === 0 && untimed.size === 0)
    return { ...answered, ...(protobuf ? inProtobuf(encodeSuccess()) : inJson({})) }
  const named = rejected.slice(0, LIMITS.rejections_named_max).map(said)
  const errorMessage = [...named, ...warningsOf(untimed)].join('; ')
  if (protobuf) return { ...answered, ...inProtobuf(encodePartialSuccess(rejected.length, errorMessage)) }
  const count = String(rejected.length)
  const counted = head.path === TRACES.path ? { rejectedSpans: count } : { rejectedLogRecords: count }
  return { ...answered, ...inJson({ partialSuccess: { ...counted, errorMessage } }) }
}

/** Exporters send metrics to the same port unless configured otherwise. */
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
