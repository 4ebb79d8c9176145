/**
 * Puts declared routes onto fastify: the token and its right before anything is read, the schemas before the route, and
 * what the route answers after it. A path that is known under another method is answered with 405.
 */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { checkCommand, commandId, type CommandType } from '../../schemas/command.ts'
import type { Content } from '../../schemas/excerpt.ts'
import { H } from '../../schemas/ids.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { type Authenticate, type Grant, permit, type Right } from '../lib/auth.ts'
import type { Clock } from '../lib/clock.ts'
import type { CommandSender } from '../lib/command-sender.ts'
import type { FindingFeed } from '../lib/finding-feed.ts'
import type { ResponderViews } from '../lib/quarantine-view.ts'
import type { Warehouse } from '../lib/warehouse/port.ts'
import { type CommandAdmission, createCommandAdmission } from './command-admission.ts'
import { answerError, badRequest, notFound } from './errors.ts'
import { type TenantReader, tenantReader } from './query.ts'
import { API_LIMITS } from './limits.ts'
import type { Recorder } from './recorder.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import type { Ask, DetectorFacts, Route } from './route.ts'
import type { ShownRegistry } from './permissions.ts'
import type { ShownPolicy } from './shown-policy.ts'
import type { Readiness } from './routes/probes.ts'
import { createSeats, type Seats, Streamed } from './streams.ts'
import { watched, withWholeSince } from './whole-since.ts'
import type { Sessions } from './sessions.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request needs; absent only if there is no route. */
    right?: Right
  }
}

/** What the routes work with. */
export interface RouteTools {
  readonly warehouse: Warehouse
  readonly authenticate: Authenticate
  readonly sessions: Sessions
  readonly views: ResponderViews
  readonly commands: CommandSender
  readonly recorder: Recorder
  /** How often a token may ask; API_LIMITS where absent. */
  readonly rateLimit?: RateLimit
  readonly findings: FindingFeed
  readonly detectors: readonly DetectorFacts[]
  readiness(): Readiness | Promise<Readiness>
  readonly clock: Clock
  /** What happens to a tenant's findings. */
  policy(tenant: string): ShownPolicy
  /** The trust registry of a tenant. */
  registry(tenant: string): ShownRegistry
  /** Whether words are kept at the moment. Default: none. */
  content?(): Content
}

const GRANT = 'moltwatchGrant'

const tooFast = ({ name }: Grant, retryAfterS: number) => ({
  status: 429,
  code: 'too_fast',
  message: `the token "${name}" asks more than ${API_LIMITS.token_requests_per_s} times a second: wait a moment`,
  retryAfterS,
})

/** Refuses requests without a token or session that may do this, before their bodies are read. */
const guard =
  ({ authenticate, sessions, clock }: RouteTools, rateLimit: RateLimit) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { authorization } = request.headers
    const bearer = authorization === undefined ? sessions.bearerOf(request) : undefined
    const outcome = bearer ?? authenticate(authorization)
    if (!outcome.ok) {
      if (bearer === undefined) reply.header('www-authenticate', 'Bearer')
      return answerError(reply, outcome)
    }
    const { right } = request.routeOptions.config
    const waitS = rateLimit.take(`${outcome.grant.tenant}\u0000${outcome.grant.name}`, clock.now())
    if (waitS !== undefined) return answerError(reply, tooFast(outcome.grant, waitS))
    const allowed = right === undefined ? ({ ok: true } as const) : permit(outcome.grant, right)
    if (!allowed.ok) return answerError(reply, allowed)
    request.setDecorator(GRANT, outcome.grant)
  }

const IDEMPOTENCY_KEY_CHARS_MAX = 256

/** What makes an order another one: the caller's key, or chance. */
function nonceOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return randomUUID()
  if (key === '') throw badRequest('headers: idempotency-key is empty: leave it out, or give it a word')
  if (key.length > IDEMPOTENCY_KEY_CHARS_MAX) {
    throw badRequest(`headers: idempotency-key has more than ${IDEMPOTENCY_KEY_CHARS_MAX} characters`)
  }
  return H('idempotency-key', key)
}

/** Where the reader of a tail stopped; browsers send it by themselves. */
function lastEventIdOf(request: FastifyRequest): string | undefined {
  const id = request.headers['last-event-id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** What all requests of one service share. */
interface Shared {
  readonly routes: readonly Route[]
  readonly tools: RouteTools
  readonly commandAdmission: CommandAdmission
  readonly seats: Seats
}

function askOf(
  request: FastifyRequest,
  { routes, tools, commandAdmission, seats }: Shared,
  signal: AbortSignal,
  reader: TenantReader,
): Ask {
  const grant = request.getDecorator<Grant>(GRANT)
  const { tenant, name } = grant
  return {
    query: request.query,
    params: request.params,
    body: request.body,
    grant,
    tokens: tools.authenticate,
    routes,
    now: tools.clock.now(),
    views: tools.views,
    detectors: tools.detectors,
    findings: tools.findings,
    record: (act, subject) => tools.recorder.record(grant, act, subject),
    lastEventId: lastEventIdOf(request),
    signal,
    seats,
    readiness: tools.readiness,
    warehouse: () => tools.warehouse.status(),
    policy: tools.policy(tenant),
    registry: tools.registry(tenant),
    content: tools.content?.() ?? 'none',
    reader,
    async command(wish) {
      const id = commandId(tenant, wish.type as CommandType, nonceOf(request))
      const time = new Date(tools.clock.now()).toISOString()
      // Tenant and name come last: what a body says of them is overwritten.
      const checked = checkCommand({ ...wish, id, by: name, time, tenant })
      if (!checked.ok) throw badRequest(`body: ${checked.reason}`)
      await commandAdmission.admit(checked.command, grant, reader)
      await tools.commands.send(checked.command)
      return id
    },
  }
}

/** Gives the methods of a path; empty if it has no route. */
export function methodsAt(routes: readonly Route[], prefix: string): (path: string) => readonly string[] {
  const shapes = routes.map(({ method, path }) => ({
    method,
    isExact: !path.includes(':'),
    shape: new RegExp(`^${prefix}${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
  }))
  return (path) => {
    const fitting = shapes.filter(({ shape }) => shape.test(path))
    // A path without parameters goes before one with a parameter in the same place.
    const exact = fitting.filter(({ isExact }) => isExact)
    return (exact.length > 0 ? exact : fitting).map(({ method }) => method)
  }
}

/** Answers what no route takes: 405 where the path is known, 404 otherwise. */
export function refuseUnknown(methodsOf: (path: string) => readonly string[]) {
  return (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const path = request.url.split('?', 1)[0] ?? ''
    const allowed = methodsOf(path)
    if (allowed.length === 0) return answerError(reply, notFound(`there is no ${request.method} ${path}`))
    reply.header('allow', allowed.join(', '))
    return answerError(reply, {
      status: 405,
      code: 'method_not_allowed',
      message: `${path} takes ${allowed.join(' and ')}, not ${request.method}`,
    })
  }
}

/** Every request ends, and an error made for each would cost more than many of them. */
const ENDED = new Error('the request has ended')

/** Signals that end with their request, or with the service: a tail would keep it from closing. */
function createEndings(app: FastifyInstance) {
  const open = new Set<AbortController>()
  app.addHook('preClose', async () => {
    for (const controller of open) controller.abort(ENDED)
  })
  return {
    of(reply: FastifyReply): AbortSignal {
      const controller = new AbortController()
      open.add(controller)
      reply.raw.once('close', () => {
        open.delete(controller)
        controller.abort(ENDED)
      })
      return controller.signal
    },
  }
}

/** The name of the parameter at the end of a path; undefined if it ends otherwise. */
const lastParameter = (path: string): string | undefined => /\/:(\w+)$/.exec(path)?.[1]

/** Whether a path without parameters, asked by a method that it does not take, has met a route that would read its end as an id. */
function takenByAnother(routes: readonly Route[], prefix: string): (request: FastifyRequest) => boolean {
  const methods = Map.groupBy(
    routes.filter(({ path }) => !path.includes(':')),
    ({ path }) => prefix + path,
  )
  return ({ method, url }) =>
    method !== 'HEAD' && methods.get(url.split('?', 1)[0] ?? '')?.every((route) => route.method !== method) === true
}

/** Registers the routes, each behind the right that it names. */
export function serveRoutes(app: FastifyInstance, routes: readonly Route[], tools: RouteTools): void {
  const seats = createSeats(LIMITS.tails_per_tenant_max)
  const shared: Shared = { routes, tools, commandAdmission: createCommandAdmission(tools), seats }
  const endings = createEndings(app)
  app.decorateRequest(GRANT)
  app.addHook(
    'onRequest',
    guard(tools, tools.rateLimit ?? createRateLimit(API_LIMITS.token_requests_burst, API_LIMITS.token_requests_per_s)),
  )
  const unknown = refuseUnknown(methodsAt(routes, app.prefix))
  const isOfAnother = takenByAnother(routes, app.prefix)
  // Before the body is read: what there is no route for is not asked for its type.
  app.addHook('onRequest', async (request, reply) =>
    request.is404 || isOfAnother(request) ? unknown(request, reply) : undefined,
  )
  app.setNotFoundHandler(unknown)
  for (const route of routes) {
    const options: RouteOptions = {
      method: route.method,
      url: route.path,
      config: { right: route.right },
      schema: {
        querystring: route.query,
        params: route.params,
        ...(route.body === undefined ? {} : { body: route.body }),
      },
      handler: async (request, reply) => {
        const signal = endings.of(reply)
        const { reader, wasAsked } = watched(tenantReader(tools.warehouse, request.getDecorator<Grant>(GRANT).tenant))
        const answer = await route.handle(askOf(request, shared, signal, reader) as Ask<never, never, never>)
        if (!(answer instanceof Streamed)) {
          return reply.code(route.status).send(wasAsked() ? withWholeSince(answer, tools.warehouse.status()) : answer)
        }
        const { type, filename, pieces } = answer
        reply.code(route.status).type(type).header('cache-control', 'no-store')
        if (filename !== undefined) reply.header('content-disposition', `attachment; filename="${filename}"`)
        return reply.send(Readable.from(pieces))
      },
    }
    app.route(options)
    const name = lastParameter(route.path)
    if (name === undefined) continue
    // A name with slashes in it works as it is: people paste identities and ids of detectors into addresses.
    app.route({
      ...options,
      url: route.path.replace(/:\w+$/, '*'),
      preValidation: async (request) => {
        request.params = { [name]: (request.params as { readonly '*': string })['*'] }
      },
    })
  }
}
