/** `/v1/sinks`: where findings, orders and notices go, and whether they are taken there. */
import Type from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'
import { SinkView } from '../../../schemas/sink.ts'
import { OrderAnswer, PageAnswer } from '../answers.ts'
import { REASON } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'

export const sinkRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/sinks',
    right: 'read',
    about: "Sinks that tell this tenant's people, with what ails each. Those of every tenant are among them.",
    answer: PageAnswer(SinkView),
    async handle({ views, grant }) {
      return { items: await views.sinks(grant.tenant), next_cursor: null }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/sinks/:name/test',
    right: 'order',
    about:
      'Sends a test to one sink, once. `GET /v1/deliveries?subject=COMMAND_ID` says what came of it: `delivered`, or `dead` with the reason.',
    params: Type.Object({ name: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }) }),
    body: Type.Object({ reason: Type.Optional(REASON) }, { additionalProperties: false }),
    status: 202,
    answer: OrderAnswer,
    example: { body: { reason: 'Its address has changed.' } },
    handle: async ({ params: { name }, body, command }) => ({
      command_id: await command({ type: 'test-sink', sink: name, ...body }),
    }),
  }),
]
