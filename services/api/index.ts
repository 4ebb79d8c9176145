/**
 * The API for analysts, the console and other programs. It is a fastify plugin, so that it can share a port with the
 * collector. The routes are in registry.ts; docs/api.md is generated from them.
 *
 * Every route under /v1 needs a token or a browser session. The tenant is the token's; query.ts enforces it.
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Logger } from '../lib/logger.ts'
import { serveConsole } from './console.ts'
import { badRequest, errorHandler } from './errors.ts'
import { ROUTES } from './registry.ts'
import { createRecorder } from './recorder.ts'
import { type ProbeTools, probeRoutes } from './routes/probes.ts'
import { methodsAt, refuseUnknown, type RouteTools, serveRoutes } from './serve.ts'
import { validatorCompiler } from './validating.ts'
import { createSessions, readCookies, serveSessions, sessionRecorder } from './sessions.ts'
import { serveSignIn } from './sign-in/index.ts'
import type { OidcSection } from '../lib/config/oidc.ts'

export type { Readiness } from './routes/probes.ts'

export interface ApiTools extends ProbeTools, Omit<RouteTools, 'sessions' | 'recorder'> {
  readonly logger: Logger
  /** Where people sign in, as configured at the moment. Default: nowhere. */
  oidc?(): OidcSection | undefined
}

/** Answers what neither the API nor who shares its port takes: 405 where the path is one of the API, 404 otherwise. */
export const unknownRoute = refuseUnknown(methodsAt(ROUTES, '/v1'))

/** Bodies here are orders of a few lines. */
const BODY_BYTES_MAX = 64 * 1024

/** Parses JSON and gives the position of a fault, which fastify's own parser does not. */
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
  const { metrics, logger } = tools
  return async (app) => {
    app.setErrorHandler(errorHandler(logger))
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none'
      metrics.requests.inc({ service: 'api', route, method: request.method, status: String(reply.statusCode) })
      metrics.requestSeconds.observe({ service: 'api', route }, reply.elapsedTime / 1000)
    })
    probeRoutes(app, tools)
    const sessions = createSessions(tools.authenticate, tools.clock)
    const recorder = createRecorder(tools.commands, tools.clock)
    await readCookies(app)
    await serveConsole(app)
    const { authenticate, clock, oidc = () => undefined } = tools
    const record = sessionRecorder(recorder, logger)
    await serveSessions(app, sessions, { authenticate, record })
    serveSignIn(app, { sessions, clock, logger, oidc, opened: (grant) => record(grant, 'session-opened') })
    await app.register(
      async (v1) => {
        v1.addHook('onRoute', (route) => {
          route.bodyLimit = BODY_BYTES_MAX
        })
        v1.setValidatorCompiler(validatorCompiler)
        parseJson(v1)
        serveRoutes(v1, ROUTES, { ...tools, sessions, recorder })
      },
      { prefix: '/v1' },
    )
  }
}
