/** `/v1/commands`: any order that the responder knows, for programs. */
import Type from 'typebox'
import { OrderAnswer } from '../answers.ts'
import { badRequest } from '../errors.ts'
import { defineRoute, type Route } from '../route.ts'

export const commandRoutes: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/commands',
    right: 'order',
    about:
      'Any command of `schemas/command.ts` but `configuration`: `type` and its fields. `id`, `tenant`, `by` and `time` are put in by the API.',
    body: Type.Object({ type: Type.String() }, { additionalProperties: true }),
    status: 202,
    answer: OrderAnswer,
    example: { body: { type: 'stop', reason: 'Too many at once.' } },
    async handle({ body, command }) {
      if (body.type === 'configuration') {
        throw badRequest('body: configuration comes from the file of the service, not through the API')
      }
      return { command_id: await command(body) }
    },
  }),
]
