/**
 * `/v1/quarantines`: who is held back, and the orders to hold back, release and approve. The list comes from the responder's
 * memory, so it works while the warehouse is away. Answer 202 means that the order is durable in the log.
 */
import Type from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'
import { CONTAINMENTS, Quarantine } from '../../../schemas/quarantine.ts'
import { OrderAnswer } from '../answers.ts'
import { notFound } from '../errors.ts'
import { HASH, REASON, word } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

const Order = Type.Object(
  {
    identity: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }),
    reason: REASON,
    action: Type.Optional(Type.Enum([...CONTAINMENTS])),
    expires_in_ms: Type.Optional(Type.Integer({ minimum: 1_000, maximum: LIMITS.quarantine_expires_ms_max })),
    force: Type.Optional(Type.Boolean({ description: 'Also where the identity is protected' })),
    finding_ids: Type.Optional(Type.Array(HASH, { maxItems: LIMITS.incident_findings_max })),
  },
  { additionalProperties: false },
)

const decide = (type: 'release' | 'approve', about: string): Route =>
  defineRoute({
    method: 'POST',
    path: `/quarantines/:id/${type}`,
    right: 'order',
    about,
    params: Type.Object({ id: HASH }),
    body: Type.Object({ reason: REASON }, { additionalProperties: false }),
    status: 202,
    answer: OrderAnswer,
    example: { body: { reason: 'The key was rotated.' } },
    async handle({ params: { id }, body, grant, views, command }) {
      if ((await views.quarantine(grant.tenant, id)) === undefined) throw notFound(`there is no quarantine ${id}`)
      return { command_id: await command({ type, quarantine_ids: [id], reason: body.reason }) }
    },
  })

export const quarantineRoutes: readonly Route[] = [
  ...viewedRoutes({
    list: 'quarantines',
    singular: 'quarantine',
    about: 'Quarantines, newest first, with how far each has come and why.',
    item: Quarantine,
    filters: { identity: word('Whose'), status: word('One or several with commas') },
    subject: heldSubject('quarantines', Quarantine, {
      time: 'requested_at',
      facets: ['status', 'identity', 'action', 'requested_by'],
      aliases: { agent: 'identity', finding: 'finding_ids' },
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/quarantines',
    right: 'order',
    about: 'Orders that an identity be held back.',
    body: Order,
    status: 202,
    answer: OrderAnswer,
    example: { body: { identity: 'deploy-agent', reason: 'Its key was stolen.' } },
    handle: async ({ body: { identity, ...rest }, command }) => ({
      command_id: await command({ type: 'quarantine', identities: [identity], ...rest }),
    }),
  }),
  decide('release', 'Lets the identity go.'),
  decide('approve', 'Carries out what was proposed.'),
]
