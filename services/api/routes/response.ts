/**
 * What the responder holds and what people ask of it: quarantines, incidents and deliveries are read from its memory, so
 * they answer while the warehouse is away; orders and releases become commands in the log. Answer 202 means that the
 * command is durable; what came of it shows in what it names.
 */
import Type from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'
import { CONTAINMENTS } from '../../../schemas/quarantine.ts'
import type { RouteContext, Routes } from '../context.ts'
import { Answer, badRequest } from '../errors.ts'
import { listQuery, pageOf } from '../parameters.ts'

const Query = listQuery({})
const Id = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }) })
const reason = Type.String({ minLength: 1, maxLength: LIMITS.why_chars_max })
const Why = Type.Object({ reason }, { additionalProperties: false })
const Order = Type.Object(
  {
    identity: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }),
    reason,
    action: Type.Optional(Type.Enum([...CONTAINMENTS])),
    expires_in_ms: Type.Optional(Type.Integer({ minimum: 1_000, maximum: LIMITS.quarantine_expires_ms_max })),
    force: Type.Optional(Type.Boolean()),
    finding_ids: Type.Optional(
      Type.Array(Type.String({ pattern: '^[0-9a-f]{32}$' }), { maxItems: LIMITS.incident_findings_max }),
    ),
  },
  { additionalProperties: false },
)
const AnyCommand = Type.Object({ type: Type.String() }, { additionalProperties: true })

function listRoutes(routes: Routes, { views, tenant }: RouteContext): void {
  for (const list of ['quarantines', 'incidents', 'deliveries'] as const) {
    routes.get(`/${list}`, { schema: { querystring: Query } }, async (request) => {
      const { limit, cursor } = pageOf(request.query)
      const answer = await views[list](tenant(request), { limit, cursor: cursor ?? null })
      if (!answer.ok) throw new Answer(400, 'bad_cursor', answer.reason)
      return { items: answer.items, next_cursor: answer.next_cursor }
    })
  }
}

export function responseRoutes(routes: Routes, context: RouteContext): void {
  listRoutes(routes, context)

  routes.post('/quarantines', { schema: { body: Order } }, async (request, reply) => {
    const { identity, ...rest } = request.body
    const id = await context.command(request, { type: 'quarantine', identities: [identity], ...rest })
    return reply.code(202).send({ command_id: id })
  })
  for (const type of ['release', 'approve'] as const) {
    routes.post(`/quarantines/:id/${type}`, { schema: { params: Id, body: Why } }, async (request, reply) => {
      const wish = { type, quarantine_ids: [request.params.id], reason: request.body.reason }
      return reply.code(202).send({ command_id: await context.command(request, wish) })
    })
  }
  routes.post('/commands', { schema: { body: AnyCommand } }, async (request, reply) => {
    if (request.body.type === 'configuration') {
      throw badRequest('body: configuration comes from the file of the service, not through the API')
    }
    return reply.code(202).send({ command_id: await context.command(request, request.body) })
  })
}
