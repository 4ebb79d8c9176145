/** A webhook receiver on loopback, so that the demo can show what arrives: it checks each signature and counts by type. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { sign, signingKeys } from '../../responder/sinks/webhook/signature.ts'

/** The secret of `infra/demo.yaml`: it guards nothing but the demo. */
export const DEMO_SECRET = 'whsec_bW9sdHdhdGNoLWRlbW8tc2VjcmV0LW9mLTMyLWJ5dGVz'

export interface Receiver {
  /** Verified deliveries by type. */
  readonly received: ReadonlyMap<string, number>
  readonly refused: number
  close(): Promise<void>
}

function isSigned(request: IncomingMessage, body: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers
  if (typeof id !== 'string' || typeof signature !== 'string') return false
  const wanted = sign(signingKeys(DEMO_SECRET, undefined), id, Number(timestamp), body)['webhook-signature']
  return signature.split(' ').includes(wanted)
}

/** Answers undefined where the port is taken: the demo then shows deliveries by what the service says of them. */
export async function startReceiver(port: number): Promise<Receiver | undefined> {
  const seen = new Set<string>()
  const received = new Map<string, number>()
  let refused = 0
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const id = String(request.headers['webhook-id'])
    const signed = isSigned(request, body)
    if (!signed) refused++
    else if (!seen.has(id)) {
      seen.add(id)
      const { type } = JSON.parse(body) as { type: string }
      received.set(type, (received.get(type) ?? 0) + 1)
    }
    response.writeHead(signed ? 204 : 401).end()
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  const opened = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ])
  if (!opened) return undefined
  return {
    received,
    get refused() {
      return refused
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
