/** `/v1/commands`: any order that the responder knows, for programs, and what came of it. */
import Type, { type TObject, type TSchema } from 'typebox'
import { CommandOutcome, COMMANDS } from '../../../schemas/command.ts'
import { OrderAnswer } from '../answers.ts'
import { badRequest } from '../errors.ts'
import { word } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

/** What the API itself sets in a command. */
const OF_THE_API = ['id', 'tenant', 'by', 'time'] as const
const NOT_ASKED: ReadonlySet<string> = new Set(['configuration', 'record'])

/** Each command as it may be asked for. */
const wishes = (): TSchema[] =>
  Object.entries(COMMANDS).flatMap(([type, schema]) =>
    NOT_ASKED.has(type) ? [] : [Type.Omit(schema as TObject, [...OF_THE_API], { additionalProperties: false })],
  )

export const commandRoutes: readonly Route[] = [
  ...viewedRoutes({
    list: 'commands',
    singular: 'command',
    about: 'What came of the commands of the last days, newest first: status, how many things changed, who and why.',
    aboutOne: 'What came of one command. There is nothing to see while it waits to be applied.',
    item: CommandOutcome,
    filters: {
      type: word('Type of the command'),
      status: word('One or several with commas'),
      by: word('Name of the token'),
    },
    subject: heldSubject('commands', CommandOutcome, { time: 'time', facets: ['type', 'status', 'by'] }),
  }),
  defineRoute({
    method: 'POST',
    path: '/commands',
    right: 'triage',
    about:
      'Any command of `schemas/command.ts` but `configuration` and `record`: `type` and its fields. `id`, `tenant`, `by` and `time` are put in by the API.',
    body: Type.Object({ type: Type.String() }, { additionalProperties: true }),
    documentedBody: Type.Union(wishes()),
    status: 202,
    answer: OrderAnswer,
    example: { body: { type: 'stop', reason: 'Too many at once.' } },
    async handle({ body, command }) {
      if (body.type === 'configuration') {
        throw badRequest('body: configuration comes from the file of the service, not through the API')
      }
      if (body.type === 'record') throw badRequest('body: the API writes down by itself what was done')
      return { command_id: await command(body) }
    },
  }),
]
