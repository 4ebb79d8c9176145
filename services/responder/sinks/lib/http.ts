/**
 * Sends one request to one sink, once, and says what came of it. Only 2xx is success: a redirect is a failure, because
 * what it leads to was never configured. The sink's answer is read to a limit; of a refusal, its words are told.
 */
import { type Dispatcher, Pool } from 'undici'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { Channel, Sending, SendOutcome } from '../sink-type.ts'
import { createConnector, type Resolve } from './connector.ts'
import { answerWords, failureOf } from './failure.ts'

export type HttpMethod = 'POST' | 'PUT' | 'PATCH'

/** Why an answer that looked good was none. */
export interface Refusal {
  readonly detail: string
  /** No other attempt will fare better. */
  readonly isFinal?: boolean
}

/** One request, but for its address. */
export interface HttpRequest {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** Absent: POST. */
  readonly method?: HttpMethod
  /** Takes the place of the URL's path and query. */
  readonly path?: string
}

export interface HttpChannelOptions<Rendered> {
  readonly url: string
  readonly allowPrivate: boolean
  /** Certificates, in PEM, that the receiver is trusted by; absent: the public authorities. */
  readonly caFile?: string
  readonly resolve: Resolve
  readonly timeoutMs: number
  /** Which status says that the receiver wants nothing more; absent: none. */
  isGone?(status: number): boolean
  /** Which status says that no other attempt of the same message will fare better; absent: none. */
  isFinal?(status: number): boolean
  /** The refusal in the body of an answer with a good status; undefined if there is none. Absent: not looked at. */
  refusal?(text: string): Refusal | undefined
  request(rendered: Rendered, sending: Sending): HttpRequest
}

/** Retry-After: seconds, or an HTTP date, which ends in GMT. undefined if it is neither. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const dated = header.endsWith('GMT') ? Date.parse(header) - nowMs : Number.NaN
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : dated
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LIMITS.retry_after_ms_max) : undefined
}

function outcomeOf(
  status: number,
  words: string,
  retryAfter: string | undefined,
  nowMs: number,
  { isGone, isFinal }: { readonly isGone: boolean | undefined; readonly isFinal: boolean | undefined },
): SendOutcome {
  const detail = words === '' ? `answered ${status}` : `answered ${status}: ${words}`
  if (status >= 200 && status < 300) return { kind: 'delivered', detail }
  if (isGone === true) return { kind: 'gone', detail }
  if (isFinal === true) return { kind: 'refused', detail }
  const wait = status === 429 || status === 503 ? retryAfterMs(retryAfter, nowMs) : undefined
  if (wait !== undefined) return { kind: 'failed', detail: `${detail}, retry after ${wait} ms`, retryAfterMs: wait }
  return { kind: 'failed', detail: status >= 300 && status < 400 ? `${detail}: redirects are not followed` : detail }
}

/** The answer, read to its limit. */
async function textOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = ''
  for await (const chunk of body) {
    text += String(chunk)
    if (text.length > LIMITS.delivery_answer_bytes_max) break
  }
  return text
}

/** A channel holds its connections; make one per sink and configuration, and close it. */
export function createHttpChannel<Rendered>(options: HttpChannelOptions<Rendered>): Channel<Rendered> {
  const { allowPrivate, caFile, resolve, timeoutMs, refusal } = options
  const url = new URL(options.url)
  const pool = new Pool(url.origin, {
    connections: LIMITS.delivery_concurrency_per_sink,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: createConnector({ allowPrivate, resolve, timeoutMs, ...(caFile === undefined ? {} : { caFile }) }),
  })
  return {
    async send(rendered, sending) {
      if (url.protocol !== 'https:' && !allowPrivate) {
        return { kind: 'failed', detail: 'http is allowed with allow_private: true only' }
      }
      const { body, headers, method = 'POST', path } = options.request(rendered, sending)
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        const answer = await pool.request({
          method,
          path: path ?? `${url.pathname}${url.search}`,
          headers: { 'user-agent': 'moltwatch', ...headers },
          body,
          signal,
        })
        const { statusCode } = answer
        const { 'retry-after': header } = answer.headers
        const retryAfter = Array.isArray(header) ? header[0] : header
        const judged = { isGone: options.isGone?.(statusCode), isFinal: options.isFinal?.(statusCode) }
        const isRefused = statusCode < 200 || statusCode >= 300
        const text = isRefused || refusal !== undefined ? await textOf(answer.body) : ''
        const sent = [options.url, body, ...Object.values(headers)].join('\n')
        const words = isRefused ? answerWords(text, sent) : ''
        const outcome = outcomeOf(statusCode, words, retryAfter, sending.nowMs, judged)
        if (refusal !== undefined && outcome.kind === 'delivered') {
          const refused = refusal(text)
          if (refused === undefined) return outcome
          const kind = refused.isFinal === true ? 'refused' : 'failed'
          return { kind, detail: `${outcome.detail}, but ${refused.detail}` }
        }
        // The status has been said; what becomes of the rest of the answer changes nothing.
        await answer.body.dump({ limit: LIMITS.delivery_answer_bytes_max, signal }).catch(() => undefined)
        return outcome
      } catch (error) {
        return { kind: 'failed', detail: failureOf(error, timeoutMs) }
      }
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(),
  }
}
