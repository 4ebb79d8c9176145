/**
 * What machines ask: is it alive, is it ready, how is it doing. Liveness and readiness need no token, because the program
 * that starts the service checks them before it has one. Metrics hold no tenant's data. Without a token they are for
 * loopback only, because they still reveal how much traffic there is. Behind a proxy on the same machine every client comes
 * from loopback, so the proxy must not pass /metrics on.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LIMITS } from '../../../schemas/limits.ts'
import { type Authenticate, permit } from '../../lib/auth.ts'
import type { Metrics } from '../../lib/metrics.ts'
import { answerError } from '../errors.ts'

/** Whether requests can be served as promised, and if not why, for people. */
export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

export interface ProbeTools {
  readonly authenticate: Authenticate
  readonly metrics: Metrics
  readiness(): Readiness | Promise<Readiness>
  /** Why the process should be restarted; undefined while it should not. */
  failure?(): Error | undefined
}

const isLoopback = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address)

export function probeRoutes(routes: FastifyInstance, tools: ProbeTools): void {
  const { authenticate, metrics, readiness } = tools
  routes.get('/healthz', async (_request, reply) => {
    const failure = tools.failure?.()
    return failure === undefined
      ? { status: 'ok' }
      : reply.code(503).send({ status: 'failed', reason: failure.message })
  })

  routes.get('/readyz', async (_request, reply) => {
    const { ready, reasons } = await readiness()
    if (ready) return { ready: true }
    return reply.code(503).header('retry-after', LIMITS.retry_after_s).send({ ready: false, reasons })
  })

  const refusal = (request: FastifyRequest) => {
    if (isLoopback(request.socket.remoteAddress ?? '')) return undefined
    const outcome = authenticate(request.headers.authorization)
    const allowed = outcome.ok ? permit(outcome.grant, 'read') : outcome
    return allowed.ok ? undefined : allowed
  }
  routes.get('/metrics', async (request, reply) => {
    const refused = refusal(request)
    if (refused !== undefined) return answerError(reply, refused)
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}
