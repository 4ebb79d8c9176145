/**
 * An HTTP proxy on loopback that a fault can put its hand into: each request is read whole and given to `handle`, which
 * forwards it, forwards a part of it, answers by itself, or lets the connection end without an answer.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as send,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface ProxiedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface ProxiedRequest {
  readonly path: string
  readonly body: Buffer
  /** Sends it on and gives the answer; throws where the server ends the connection. */
  forward(): Promise<ProxiedAnswer>
  /** Sends on the headers and the first half of the body, and leaves it at that. */
  forwardHalf(): Promise<void>
}

export interface HttpProxy {
  readonly url: string
  /** What becomes of a request; `cut` ends the connection of whoever sent it. Forwards by default. */
  handle: (request: ProxiedRequest) => Promise<ProxiedAnswer | 'cut'>
  close(): Promise<void>
}

/** What ClickHouse takes: parameters of a question stand in the address. */
const URI_BYTES_MAX = 1024 * 1024

/** What a proxy does by default. */
export const pass = (request: ProxiedRequest): Promise<ProxiedAnswer> => request.forward()

/** `target` is asked for each request: a server that was started again may listen elsewhere. */
export async function startHttpProxy(target: (path: string) => string): Promise<HttpProxy> {
  const proxied = (incoming: IncomingMessage, body: Buffer): ProxiedRequest => {
    const path = incoming.url ?? '/'
    const open = () => {
      const { connection: _, ...headers } = incoming.headers
      return send(new URL(path, target(path)), { method: incoming.method ?? 'GET', headers, agent: false })
    }
    return {
      path,
      body,
      async forward() {
        const outgoing = open()
        const answering = new Promise<IncomingMessage>((resolve, reject) => {
          outgoing.once('response', resolve).once('error', reject)
        })
        outgoing.end(body)
        const answer = await answering
        return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) }
      },
      async forwardHalf() {
        const outgoing = open()
        outgoing.on('error', () => undefined)
        outgoing.flushHeaders()
        await new Promise<void>((resolve) => {
          outgoing.write(body.subarray(0, body.length / 2), () => resolve())
        })
      },
    }
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await proxy.handle(proxied(incoming, await buffer(incoming)))
      if (answer === 'cut') incoming.socket.destroy()
      else {
        const { 'transfer-encoding': _, connection: _kept, ...headers } = answer.headers
        response.writeHead(answer.status, headers).end(answer.body)
      }
    } catch {
      // The server is away, or went away: so is its proxy.
      incoming.socket.destroy()
    }
  }

  const server = createServer({ maxHeaderSize: URI_BYTES_MAX }, (incoming, response) => void serve(incoming, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const proxy: HttpProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handle: pass,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return proxy
}
