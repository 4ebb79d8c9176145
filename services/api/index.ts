/**
 * The API that analysts, the console and other programs ask: a fastify plugin, so that it can share a port with the
 * collector. docs/api.md says what each route takes and gives.
 *
 * Every route under /v1 needs a token. The tenant is the token's; see query.ts for how that is kept.
 */
import { randomUUID } from 'node:crypto'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { checkCommand, commandId, type CommandType } from '../../schemas/command.ts'
import { H } from '../../schemas/ids.ts'
import { type Authenticate, type Grant, permit } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { CommandSender } from '../lib/command-sender.ts'
import type { Logger } from '../lib/logger.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'
import type { RouteContext } from './context.ts'
import { answerError, badRequest, errorHandler, notFound } from './errors.ts'
import { tenantDoor } from './query.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { eventRoutes } from './routes/events.ts'
import { findingRoutes } from './routes/findings.ts'
import { identityRoutes } from './routes/identities.ts'
import { type ProbeTools, probeRoutes } from './routes/probes.ts'
import { responseRoutes } from './routes/response.ts'

export type { Readiness } from './routes/probes.ts'

export interface ApiTools extends ProbeTools {
  readonly warehouse: Warehouse
  readonly authenticate: Authenticate
  readonly views: ResponderViews
  readonly commands: CommandSender
  readonly clock: Clock
  readonly logger: Logger
}

/** Bodies here are orders of a few lines. */
const BODY_BYTES_MAX = 64 * 1024

const GRANT = 'moltwatchGrant'

/** Refuses requests without a token that may do this, before their bodies are read. */
const guard =
  (authenticate: Authenticate) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const outcome = authenticate(request.headers.authorization)
    if (!outcome.ok) {
      reply.header('www-authenticate', 'Bearer')
      return answerError(reply, outcome)
    }
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const allowed = permit(outcome.grant, reads ? 'read' : 'order')
    if (!allowed.ok) return answerError(reply, allowed)
    request.setDecorator(GRANT, outcome.grant)
  }

const grantOf = (request: FastifyRequest): Grant => request.getDecorator<Grant>(GRANT)

function contextOf({ warehouse, views, commands, clock }: ApiTools): RouteContext {
  return {
    door: (request) => tenantDoor(warehouse, grantOf(request).tenant),
    tenant: (request) => grantOf(request).tenant,
    views,
    async command(request, wish) {
      const { tenant, name } = grantOf(request)
      const key = request.headers['idempotency-key']
      const nonce = typeof key === 'string' && key !== '' ? H('idempotency-key', key) : randomUUID()
      const id = commandId(tenant, wish.type as CommandType, nonce)
      const time = new Date(clock.now()).toISOString()
      // Tenant and name come last: what a body says of them is overwritten.
      const checked = checkCommand({ ...wish, id, by: name, time, tenant })
      if (!checked.ok) throw badRequest(`body: ${checked.reason}`)
      await commands.send(checked.command)
      return id
    },
  }
}

/** JSON with the place of the fault, which fastify's own parser does not tell. */
function parseJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, JSON.parse(body as string))
    } catch (error) {
      done(badRequest(`the body is not JSON: ${(error as Error).message}`))
    }
  })
}

/** Makes the plugin. Register it on the instance that listens for the API. */
export function createApi(tools: ApiTools): FastifyPluginAsync {
  const { metrics, authenticate, logger } = tools
  return async (app) => {
    app.setErrorHandler(errorHandler(logger))
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none'
      metrics.requests.inc({ service: 'api', route, method: request.method, status: String(reply.statusCode) })
      metrics.requestSeconds.observe({ service: 'api', route }, reply.elapsedTime / 1000)
    })
    probeRoutes(app, tools)
    await app.register(
      async (v1) => {
        v1.decorateRequest(GRANT)
        v1.addHook('onRequest', guard(authenticate))
        v1.addHook('onRoute', (route) => {
          route.bodyLimit = BODY_BYTES_MAX
        })
        v1.setValidatorCompiler(TypeBoxValidatorCompiler)
        parseJson(v1)
        v1.setNotFoundHandler((request, reply) =>
          answerError(reply, notFound(`there is no ${request.method} ${request.url}`)),
        )
        const routes = v1.withTypeProvider<TypeBoxTypeProvider>()
        const context = contextOf(tools)
        findingRoutes(routes, context)
        eventRoutes(routes, context)
        identityRoutes(routes, context)
        deadLetterRoutes(routes, context)
        responseRoutes(routes, context)
      },
      { prefix: '/v1' },
    )
  }
}
