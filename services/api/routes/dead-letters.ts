/** `/v1/dead-letters`: what could not be processed, for whoever repairs the producer. */
import Type from 'typebox'
import { DEAD_LETTER_REASONS, DEAD_LETTER_SERVICES } from '../../../schemas/dead-letter.ts'
import type { RouteContext, Routes } from '../context.ts'
import { listQuery, pageOf, TIMES, timesOf } from '../parameters.ts'
import { listDeadLetters } from '../questions/dead-letters.ts'

const Query = listQuery({
  service: Type.Optional(Type.Enum([...DEAD_LETTER_SERVICES])),
  reason: Type.Optional(Type.Enum([...DEAD_LETTER_REASONS])),
  ...TIMES,
})

export function deadLetterRoutes(routes: Routes, context: RouteContext): void {
  routes.get('/dead-letters', { schema: { querystring: Query } }, async (request) => {
    const { service, reason } = request.query
    const filters = {
      ...(service === undefined ? {} : { service }),
      ...(reason === undefined ? {} : { reason }),
      ...timesOf(request.query),
    }
    return listDeadLetters(context.door(request), filters, pageOf(request.query))
  })
}
