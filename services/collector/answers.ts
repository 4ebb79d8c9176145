/**
 * The answers of the HTTP doors, in the dialect of each: google.rpc.Status for OTLP, in JSON or protobuf as it was asked,
 * `{"error": {code, message}}` for the others. Never a 500: senders drop what met one, and whatever goes wrong here may
 * go right on the next attempt.
 */
import { LIMITS } from '../../schemas/limits.ts'
import type { Prepared } from './preparing/index.ts'
import { encodePartialSuccess, encodeStatus, encodeSuccess } from './protobuf/encode.ts'

export type Dialect = 'own' | 'otlp-json' | 'otlp-protobuf'

/** A request that is not taken. */
export interface Refusal {
  readonly ok: false
  readonly status: 400 | 401 | 403 | 413 | 415 | 429 | 503
  readonly code: string
  /** A sentence for a person: what was wrong, where, what to do. */
  readonly message: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly type: 'application/json' | 'application/x-protobuf'
  readonly body: string | Buffer
}

/** Codes of google.rpc.Code. */
const RPC_CODES: Readonly<Record<Refusal['status'], number>> = {
  400: 3,
  401: 16,
  403: 7,
  413: 3,
  415: 3,
  429: 8,
  503: 14,
}

export const refusal = (status: Refusal['status'], code: string, message: string): Refusal => ({
  ok: false,
  status,
  code,
  message,
})

const inJson = (value: unknown): Pick<Answer, 'type' | 'body'> => ({
  type: 'application/json',
  body: JSON.stringify(value),
})

const inProtobuf = (body: Buffer): Pick<Answer, 'type' | 'body'> => ({ type: 'application/x-protobuf', body })

function refusalBody({ status, code, message }: Refusal, dialect: Dialect): Pick<Answer, 'type' | 'body'> {
  switch (dialect) {
    case 'own':
      return inJson({ error: { code, message } })
    case 'otlp-json':
      return inJson({ code: RPC_CODES[status], message })
    case 'otlp-protobuf':
      return inProtobuf(encodeStatus(RPC_CODES[status], message))
  }
}

/** The answer to a request that is not taken. */
export function refusalAnswer(refused: Refusal, dialect: Dialect): Answer {
  const headers: Record<string, string> = {}
  if (refused.status === 429 || refused.status === 503) headers['retry-after'] = String(LIMITS.retry_after_s)
  if (refused.status === 401) headers['www-authenticate'] = 'Bearer'
  if (refused.status === 415) headers['accept-encoding'] = 'gzip, deflate, br, zstd'
  return { status: refused.status, headers, ...refusalBody(refused, dialect) }
}

const said = ({ index, detail }: Prepared['rejected'][number]): string => `record ${index}: ${detail}`

/** OTLP: nothing, or how many records were rejected and why; the client must not send them again. */
function otlpBody({ rejected }: Prepared, protobuf: boolean): Pick<Answer, 'type' | 'body'> {
  if (rejected.length === 0) return protobuf ? inProtobuf(encodeSuccess()) : inJson({})
  const errorMessage = rejected.slice(0, LIMITS.rejections_named_max).map(said).join('; ')
  if (protobuf) return inProtobuf(encodePartialSuccess(rejected.length, errorMessage))
  return inJson({ partialSuccess: { rejectedLogRecords: String(rejected.length), errorMessage } })
}

function ownBody({ events, rejected, ignored }: Prepared): Pick<Answer, 'type' | 'body'> {
  const errors = rejected
    .slice(0, LIMITS.rejections_named_max)
    .map(({ index, reason, detail }) => ({ index, reason, detail }))
  const ignoredFields = Object.keys(ignored).length === 0 ? {} : { ignored_fields: ignored }
  return inJson({ accepted: events, rejected: rejected.length, errors, ...ignoredFields })
}

/** The answer to a request that is durable in the log. */
export const takenAnswer = (prepared: Prepared, dialect: Dialect): Answer => ({
  status: 200,
  headers: {},
  ...(dialect === 'own' ? ownBody(prepared) : otlpBody(prepared, dialect === 'otlp-protobuf')),
})
