/**
 * Answers to requests, before an input puts them into the words of its clients. Never a 500: senders drop what met one, and
 * whatever goes wrong here may go right on the next attempt.
 */
import { LIMITS } from '../../schemas/limits.ts'

/** A request that is not taken. */
export interface Refusal {
  readonly ok: false
  readonly status: 400 | 401 | 403 | 404 | 413 | 415 | 429 | 503
  readonly code: string
  /** A sentence for a person: what was wrong, where, what to do. */
  readonly message: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly type: 'application/json' | 'application/x-protobuf' | 'text/plain'
  readonly body: string | Buffer
}

export const refusal = (status: Refusal['status'], code: string, message: string): Refusal => ({
  ok: false,
  status,
  code,
  message,
})

export const tooLarge = (bytesMax: number, what: string): Refusal =>
  refusal(413, 'too_large', `the body has more than ${bytesMax} bytes${what}: send it in smaller parts`)
export const BUSY = refusal(503, 'busy', 'too many bytes are being processed: send it again in a moment')

export const inJson = (value: unknown): Pick<Answer, 'type' | 'body'> => ({
  type: 'application/json',
  body: JSON.stringify(value),
})

export const inProtobuf = (body: Buffer): Pick<Answer, 'type' | 'body'> => ({ type: 'application/x-protobuf', body })

/** When to come back, how to say who one is, what can be inflated. */
export function refusalHeaders(status: Refusal['status']): Record<string, string> {
  const headers: Record<string, string> = {}
  if (status === 429 || status === 503) headers['retry-after'] = String(LIMITS.retry_after_s)
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 415) headers['accept-encoding'] = 'gzip, deflate, br, zstd'
  return headers
}
