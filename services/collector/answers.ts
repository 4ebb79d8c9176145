/**
 * The answers of the HTTP doors, in the dialect of each: google.rpc.Status for OTLP, `{"error": {code, message}}` for the
 * others. Never a 500: senders drop what met one, and whatever goes wrong here may go right on the next attempt.
 */
import { LIMITS } from '../../schemas/limits.ts'
import type { Normalised } from './normalise.ts'

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
  readonly body: unknown
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

/** The answer to a request that is not taken. */
export function refusalAnswer(refused: Refusal, otlp: boolean): Answer {
  const headers: Record<string, string> = {}
  if (refused.status === 429 || refused.status === 503) headers['retry-after'] = String(LIMITS.retry_after_s)
  if (refused.status === 401) headers['www-authenticate'] = 'Bearer'
  if (refused.status === 415) headers['accept-encoding'] = 'gzip, deflate, br, zstd'
  const { status, code, message } = refused
  return { status, headers, body: otlp ? { code: RPC_CODES[status], message } : { error: { code, message } } }
}

const said = ({ index, detail }: Normalised['rejected'][number]): string => `record ${index}: ${detail}`

/** OTLP: `{}`, or how many records were rejected and why; the client must not send them again. */
function otlpAnswer({ rejected }: Normalised): Answer {
  if (rejected.length === 0) return { status: 200, headers: {}, body: {} }
  const named = rejected.slice(0, LIMITS.rejections_named_max).map(said).join('; ')
  return {
    status: 200,
    headers: {},
    body: { partialSuccess: { rejectedLogRecords: String(rejected.length), errorMessage: named } },
  }
}

/** The answer to a request that is durable in the log. */
export function takenAnswer(normalised: Normalised, otlp: boolean): Answer {
  if (otlp) return otlpAnswer(normalised)
  const { events, rejected, ignored } = normalised
  const errors = rejected
    .slice(0, LIMITS.rejections_named_max)
    .map(({ index, reason, detail }) => ({ index, reason, detail }))
  const ignoredFields = Object.keys(ignored).length === 0 ? {} : { ignored_fields: ignored }
  return {
    status: 200,
    headers: {},
    body: { accepted: events.length, rejected: rejected.length, errors, ...ignoredFields },
  }
}
