/** `/v1/dead-letters`: what could not be processed, for people who repair the producer. */
import Type from 'typebox'
import { DEAD_LETTER_REASONS, DEAD_LETTER_SERVICES, DeadLetter } from '../../../schemas/dead-letter.ts'
import { PageAnswer, time } from '../answers.ts'
import { ID, listQuery, pageOf, TIMES, timesOf } from '../parameters.ts'
import { notFound } from '../errors.ts'
import { deadLetterById, listDeadLetters } from '../questions/dead-letters.ts'
import { defineRoute, type Route } from '../route.ts'

const LetterAnswer = Type.Object(
  { ...DeadLetter.properties, time: time('When it was given up') },
  { $id: 'dead-letter' },
)

export const deadLetterRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/dead-letters',
    right: 'read',
    about: 'Records that could not be processed, newest first. `since` and `until` go by when the record was given up.',
    query: listQuery({
      service: Type.Optional(Type.Enum([...DEAD_LETTER_SERVICES])),
      reason: Type.Optional(Type.Enum([...DEAD_LETTER_REASONS])),
      ...TIMES,
    }),
    answer: PageAnswer(LetterAnswer),
    example: { query: { reason: 'malformed', limit: '10' } },
    handle({ query, reader, now }) {
      const { service, reason } = query
      const filters = {
        ...(service === undefined ? {} : { service }),
        ...(reason === undefined ? {} : { reason }),
        ...timesOf(query, now),
      }
      return listDeadLetters(reader, filters, pageOf(query))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/dead-letters/:id',
    right: 'read',
    about: 'One of them. `POST /v1/dead-letters/resend` at the collector reads it again; see docs/formats.md.',
    params: Type.Object({ id: ID }),
    answer: LetterAnswer,
    async handle({ params: { id }, reader }) {
      const letter = await deadLetterById(reader, id)
      if (letter === undefined) throw notFound(`there is no dead letter ${id}`)
      return letter
    },
  }),
]
