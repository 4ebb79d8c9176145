/** `/v1/commands`: any order that the responder knows, for programs, and what came of it. */
import Type from 'typebox'
import { CommandOutcome } from '../../../schemas/command.ts'
import { OrderAnswer, PageAnswer } from '../answers.ts'
import { badRequest, notFound } from '../errors.ts'
import { ID, listQuery } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'
import { viewed } from '../viewed.ts'

export const commandRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/commands',
    right: 'read',
    about: 'What came of the commands of the last days, newest first: status, how many things changed, who and why.',
    query: listQuery({}),
    answer: PageAnswer(CommandOutcome),
    handle: ({ query, grant, views }) => viewed(views.commands, grant.tenant, query),
  }),
  defineRoute({
    method: 'GET',
    path: '/commands/:id',
    right: 'read',
    about: 'What came of one command. There is nothing to see while it waits to be applied.',
    params: Type.Object({ id: ID }),
    answer: CommandOutcome,
    async handle({ params: { id }, grant, views }) {
      const outcome = await views.command(grant.tenant, id)
      if (outcome === undefined) throw notFound(`no outcome of a command ${id} is known: ask again soon if it is new`)
      return outcome
    },
  }),
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
