/**
 * HTTP ports: how any of them is opened, and the two of the embedded service (API and collector on one, OTLP senders on the
 * other).
 */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { unknownRoute } from '../../api/index.ts'
import { createHttp } from '../../lib/http.ts'
import { UsageError } from '../lib/errors.ts'

export interface PortsPlan {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly otlpPort: number
}

export interface Ports {
  readonly url: string
  readonly otlpUrl: string
  /** Stops listening and waits for the requests in progress. */
  close(): Promise<void>
}

/** What a person sees who came to the wrong place. */
export const notFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.code(404).send({
    error: {
      code: 'not_found',
      message: `there is no ${request.method} ${request.url.split('?', 1)[0]}: see docs/api.md`,
    },
  })

/** Listens and gives the address. Throws UsageError where the port cannot be had; `option` names what to change. */
export async function openPort(app: FastifyInstance, host: string, port: number, option: string): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE')
      throw new UsageError(`${host}:${port} is in use: stop what listens there, or choose another with ${option}`)
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new UsageError(`${host}:${port} cannot be opened (${code}): choose another with --host and ${option}`)
    throw error
  }
  const { port: bound } = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
}

export async function listen(
  plan: PortsPlan,
  collector: FastifyPluginCallback,
  api: FastifyPluginAsync,
): Promise<Ports> {
  const main = createHttp()
  main.setNotFoundHandler(unknownRoute)
  await main.register(api)
  await main.register(collector)
  const otlp = createHttp()
  otlp.setNotFoundHandler(notFound)
  await otlp.register(collector)
  otlp.get('/healthz', async () => ({ status: 'ok' }))
  try {
    const url = await openPort(main, plan.host, plan.port, '--port')
    const otlpUrl = await openPort(otlp, plan.host, plan.otlpPort, '--otlp-port')
    return {
      url,
      otlpUrl,
      async close() {
        await Promise.all([main.close(), otlp.close()])
      },
    }
  } catch (error) {
    await Promise.all([main.close(), otlp.close()])
    throw error
  }
}
