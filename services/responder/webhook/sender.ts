/**
 * Sends one webhook to one sink, once, and says what came of it. Only 2xx is success: a redirect is a failure, because
 * what it leads to was never configured. The sink's answer is read to a limit and thrown away.
 */
import { Pool } from 'undici'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Sink } from '../../lib/config.ts'
import { AddressRefused, createConnector, type Resolve } from './connector.ts'
import { sign, signingKeys } from './signature.ts'

export type SendOutcome =
  | { readonly kind: 'delivered'; readonly detail: string }
  /** 410: the receiver wants nothing more. */
  | { readonly kind: 'gone'; readonly detail: string }
  | {
      readonly kind: 'failed'
      readonly detail: string
      /** What the receiver asked for with Retry-After on 429 or 503, in ms from now. */
      readonly retryAfterMs?: number
    }

export interface WebhookSender {
  send(id: string, body: string, nowMs: number): Promise<SendOutcome>
  /** Lets what is under way end. */
  close(): Promise<void>
  /** Cuts what is under way. */
  destroy(): Promise<void>
}

export interface SenderOptions {
  readonly resolve: Resolve
  readonly timeoutMs: number
}

/** Retry-After: seconds, or a date of HTTP, which ends in GMT. undefined where it is neither. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const dated = header.endsWith('GMT') ? Date.parse(header) - nowMs : Number.NaN
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : dated
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LIMITS.retry_after_ms_max) : undefined
}

function outcomeOf(status: number, retryAfter: string | undefined, nowMs: number): SendOutcome {
  const detail = `answered ${status}`
  if (status >= 200 && status < 300) return { kind: 'delivered', detail }
  if (status === 410) return { kind: 'gone', detail }
  const wait = status === 429 || status === 503 ? retryAfterMs(retryAfter, nowMs) : undefined
  if (wait !== undefined) return { kind: 'failed', detail: `${detail}, retry after ${wait} ms`, retryAfterMs: wait }
  return { kind: 'failed', detail: status >= 300 && status < 400 ? `${detail}: redirects are not followed` : detail }
}

/** What went wrong, without the URL: it may hold a secret. */
function failureOf(error: unknown): string {
  if (error instanceof AddressRefused) return error.message
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return 'timed out'
  const causes = error instanceof AggregateError ? error.errors : [error]
  const codes = causes.map((cause) => (cause as NodeJS.ErrnoException).code ?? (cause as Error).name)
  return `failed: ${[...new Set(codes)].join(', ')}`
}

/** A sender holds its connections; make one per sink and configuration, and close it. */
export function createWebhookSender(sink: Sink, options: SenderOptions): WebhookSender {
  const url = new URL(sink.url)
  const keys = signingKeys(sink.secret, sink.previous_secret)
  const { timeoutMs } = options
  const pool = new Pool(url.origin, {
    connections: LIMITS.delivery_concurrency_per_sink,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: createConnector({ allowPrivate: sink.allow_private, resolve: options.resolve, timeoutMs }),
  })
  return {
    async send(id, body, nowMs) {
      if (url.protocol !== 'https:' && !sink.allow_private) {
        return { kind: 'failed', detail: 'http is allowed with allow_private: true only' }
      }
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        const answer = await pool.request({
          method: 'POST',
          path: `${url.pathname}${url.search}`,
          headers: {
            'content-type': 'application/json',
            'user-agent': 'moltwatch',
            ...sign(keys, id, Math.floor(nowMs / 1_000), body),
          },
          body,
          signal,
        })
        const { 'retry-after': retryAfter } = answer.headers
        const outcome = outcomeOf(answer.statusCode, Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, nowMs)
        // The status has been said; what becomes of the rest of the answer changes nothing.
        await answer.body.dump({ limit: LIMITS.delivery_answer_bytes_max, signal }).catch(() => undefined)
        return outcome
      } catch (error) {
        return { kind: 'failed', detail: failureOf(error) }
      }
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(),
  }
}
