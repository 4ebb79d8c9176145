/** The HTTP ports of a process: one, and a second one for OTLP senders where a collector is in it. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { createHttp } from '../lib/http.ts'
import { UsageError } from '../lib/errors.ts'

export interface PortsPlan {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Of the second port, where something is answered on it. */
  readonly secondPort: number
}

/** What a port serves. */
export type Plugin = FastifyPluginCallback | FastifyPluginAsync

export interface Answering {
  readonly plugins: readonly Plugin[]
  /** Default: what a person sees who came to the wrong place. */
  readonly notFound?: (request: FastifyRequest, reply: FastifyReply) => unknown
}

export interface Ports {
  readonly url: string
  /** Of the second port, if there is one. */
  readonly secondUrl: string | undefined
  /** Stops listening and waits for the requests in progress. */
  close(): Promise<void>
}

/** What a person sees who came to the wrong place. */
const notFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.code(404).send({
    error: {
      code: 'not_found',
      message: `there is no ${request.method} ${request.url.split('?', 1)[0]}: see docs/api.md`,
    },
  })

/** Listens and gives the address. Throws UsageError where the port cannot be had; `option` names what to change. */
async function openPort(app: FastifyInstance, host: string, port: number, option: string): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE')
      throw new UsageError(`${host}:${port} is in use: stop what listens there, or choose another with ${option}`)
    // Whatever the system says of an address: not this machine's, not allowed, a name that nobody knows.
    if (code !== undefined && !code.startsWith('FST_'))
      throw new UsageError(`${host}:${port} cannot be opened (${code}): choose another with --host and ${option}`)
    throw error
  }
  const { port: bound } = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
}

async function createPort({ plugins, notFound: answer = notFound }: Answering): Promise<FastifyInstance> {
  const app = createHttp()
  app.setNotFoundHandler(answer)
  for (const plugin of plugins) await app.register(plugin)
  return app
}

/** Opens the port and, if anything is served on it, the second one, which has its own probe. */
export async function openPorts(plan: PortsPlan, main: Answering, second?: Answering): Promise<Ports> {
  const opened: FastifyInstance[] = []
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((app) => app.close()))
  }
  try {
    const first = await createPort(main)
    opened.push(first)
    const url = await openPort(first, plan.host, plan.port, '--port')
    if (second === undefined) return { url, secondUrl: undefined, close }
    const other = await createPort(second)
    opened.push(other)
    other.get('/healthz', async () => ({ status: 'ok' }))
    return { url, secondUrl: await openPort(other, plan.host, plan.secondPort, '--otlp-port'), close }
  } catch (error) {
    await close()
    throw error
  }
}
