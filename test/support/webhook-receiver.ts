/**
 * A real HTTP receiver of webhooks on loopback, for tests: records every request, verifies it with the Standard Webhooks
 * library, and answers what the test wants.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { PATIENCE_MS } from './patience.ts'

export interface Received {
  readonly id: string
  readonly headers: IncomingHttpHeaders
  readonly path: string
  readonly body: string
  /** Parsed body: what the sender said. */
  readonly event: { readonly type: string; readonly timestamp: string; readonly data: Record<string, unknown> }
  /** Verified by the library against the receiver's secret. */
  readonly verified: boolean
}

/** A status, or a status with headers; 'hang' never answers; 'cut' drops the connection after reading. */
export type Answer = number | { readonly status: number; readonly headers: Record<string, string> } | 'hang' | 'cut'

export interface WebhookReceiver {
  readonly url: string
  readonly port: number
  readonly secret: string
  readonly received: readonly Received[]
  /** The sender's clock is not the real one: signatures are verified, their age is not. False by default. */
  anyAge: boolean
  /** Decides the answer of each request; 200 by default. */
  answer: (request: Received, count: number) => Answer
  /** Resolves once `enough` holds of what has been received; rejects after `timeoutMs` with what there is. */
  until(enough: (received: readonly Received[]) => boolean, timeoutMs?: number): Promise<void>
  close(): Promise<void>
}

export const TEST_SECRET = 'whsec_bW9sdHdhdGNoLXRlc3Qtc2VjcmV0LW9mLTMyLWJ5dA=='

function verifies(secret: string, body: string, headers: IncomingHttpHeaders, anyAge: boolean): boolean {
  const webhook = new Webhook(secret)
  try {
    if (anyAge) {
      const sentAt = new Date(Number(headers['webhook-timestamp']) * 1000)
      const expected = webhook.sign(String(headers['webhook-id']), sentAt, body)
      return String(headers['webhook-signature']).split(' ').includes(expected)
    }
    webhook.verify(body, headers as Record<string, string>)
    return true
  } catch {
    return false
  }
}

/**
 * Starts a receiver; `secret` is what it verifies with. With `verify: false` signatures are not looked at, for tests whose
 * clock is not the real one: the library refuses old timestamps.
 */
export async function startWebhookReceiver(
  options: { readonly secret?: string; readonly verify?: boolean; readonly port?: number } = {},
): Promise<WebhookReceiver> {
  const secret = options.secret ?? TEST_SECRET
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const item: Received = {
      id: String(request.headers['webhook-id']),
      headers: request.headers,
      path: request.url ?? '',
      body,
      event: JSON.parse(body) as Received['event'],
      verified: options.verify !== false && verifies(secret, body, request.headers, receiver.anyAge),
    }
    received.push(item)
    const answer = receiver.answer(item, received.length)
    if (answer === 'cut') request.socket.destroy()
    else if (answer !== 'hang') {
      const { status, headers } = typeof answer === 'number' ? { status: answer, headers: {} } : answer
      response.writeHead(status, headers).end()
    }
    for (const check of waiting) check()
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.writeHead(400).end())
  })
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    secret,
    received,
    anyAge: false,
    answer: () => 200,
    until: (enough, timeoutMs = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check)
          const seen = received.map((r) => `${r.event.type} ${r.id}`).join('\n')
          reject(new Error(`waited ${timeoutMs} ms in vain; received ${received.length}:\n${seen}`))
        }, timeoutMs)
        const check = (): void => {
          if (!enough(received)) return
          clearTimeout(timer)
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}
