/** `/v1/coverage`: which detector sees what of what this installation really receives, and which are blind. */
import Type from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'
import { PageAnswer, time, timeOrNull } from '../answers.ts'
import { advice, fieldsNeeded, lackingOf, sightsOf } from '../coverage.ts'
import { notFound } from '../errors.ts'
import { ID_TEXT, listQuery, NAME, pageOf } from '../parameters.ts'
import { COVERED, received, receivedOfIdentity } from '../questions/coverage.ts'
import { defineRoute, type Route } from '../route.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })

const item = {
  name: Type.String({ description: 'Of the identity, sender or source; empty for an import, which has no sender' }),
  events: count('Stored, repeats included'),
  first_seen: time('Its first event'),
  last_seen: time('Its last event: after that nothing was heard of it'),
  learned_from: time('From when its habits are learned: what arrives long after its time counts from its receipt'),
  fields: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 }), {
    description: 'Share of its events that say anything in a field that some detector needs',
  }),
  tool_calls: count('Calls of tools'),
  tool_calls_empty: count('Of them without any value of arguments or results'),
  sessions: count('Events with a session'),
  sessions_derived: count('Of them with one that was derived, because the producer named none'),
  detectors: Type.Array(
    Type.Object({
      detector: Type.String(),
      mode: Type.String({ description: 'live or shadow' }),
      sees: Type.String({ description: 'yes, learning, or blind: what it needs never comes' }),
      until: timeOrNull('Until when it learns the habits of the identity; null unless it does'),
      lacks: Type.Array(Type.Array(Type.String()), {
        description: 'What never comes; of each inner list one field would do',
      }),
    }),
  ),
  advice: Type.Array(Type.String(), { description: 'What to set so that more can be seen' }),
}

const Lacking = Type.Object(
  {
    fields: Type.Array(Type.String(), { description: 'One of them would do' }),
    detectors: Type.Array(Type.String(), { description: 'Blind without it' }),
    send: Type.Array(Type.String(), { description: 'Of each field what it says, and the attribute that carries it' }),
  },
  { $id: 'lacking' },
)

export const coverageRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/coverage',
    right: 'read',
    about:
      'What the detectors can see, by identity, sender or source: from stored events, which fields really come, which detector sees, which is blind for lack of fields, and which still learns and until when.',
    query: listQuery({
      ...NAME,
      by: Type.Optional(Type.String({ pattern: `^(?:${COVERED.join('|')})$`, description: 'identity where absent' })),
      from: Type.Optional(
        Type.String({
          maxLength: LIMITS.name_chars_max,
          description: 'Names from this one on, in the order of the list',
        }),
      ),
    }),
    answer: PageAnswer(Type.Object(item)),
    example: { query: { by: 'identity', limit: '1000' } },
    async handle({ query, reader, detectors, now }) {
      const by = COVERED.find((one) => one === query.by) ?? 'identity'
      const page = await received(reader, by, fieldsNeeded(detectors), pageOf(query), query)
      return {
        items: page.items.map((one) => ({
          ...one,
          detectors: sightsOf(one, detectors, now, by === 'identity'),
          advice: advice(one),
        })),
        next_cursor: page.next_cursor,
      }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/identities/:identity/coverage',
    right: 'read',
    about: 'What the detectors can see of one identity, and what to send so that the blind ones see, too.',
    params: Type.Object({ identity: ID_TEXT }),
    answer: Type.Object({
      ...item,
      lacking: Type.Array(Lacking, { description: 'What never comes, that of the most detectors first' }),
    }),
    async handle({ params: { identity }, reader, detectors, now }) {
      const one = await receivedOfIdentity(reader, identity, fieldsNeeded(detectors))
      if (one === undefined) throw notFound(`nothing is known of the identity ${identity}`)
      const sights = sightsOf(one, detectors, now, true)
      return { ...one, detectors: sights, advice: advice(one), lacking: lackingOf(sights) }
    },
  }),
]
