/** `/v1/findings`: what the detectors found. */
import Type from 'typebox'
import { SEVERITIES, type Severity } from '../../../schemas/finding.ts'
import type { RouteContext, Routes } from '../context.ts'
import { badRequest, notFound } from '../errors.ts'
import { listQuery, pageOf, TIMES, timesOf, word } from '../parameters.ts'
import { findingInFull, listFindings } from '../questions/findings.ts'

const Query = listQuery({
  severity: word('One or several with commas'),
  detector: word('Detector id, tactic/name'),
  agent: word('Identity'),
  session: word('Session of the root evidence'),
  mode: Type.Optional(Type.Enum(['live', 'shadow'])),
  history: Type.Optional(Type.Enum(['true', 'false'])),
  ...TIMES,
})

function severitiesOf(text: string): Severity[] {
  const words = text.split(',')
  const unknown = words.find((one) => !(SEVERITIES as readonly string[]).includes(one))
  if (unknown !== undefined) throw badRequest(`querystring: severity ${unknown} is none of ${SEVERITIES.join(', ')}`)
  return words as Severity[]
}

export function findingRoutes(routes: Routes, context: RouteContext): void {
  routes.get('/findings', { schema: { querystring: Query } }, async (request) => {
    const { severity, history, limit: _limit, cursor: _cursor, since: _since, until: _until, ...equal } = request.query
    const filters = {
      ...equal,
      ...timesOf(request.query),
      ...(severity === undefined ? {} : { severity: severitiesOf(severity) }),
      ...(history === undefined ? {} : { history: history === 'true' ? '1' : '0' }),
    }
    return listFindings(context.door(request), filters, pageOf(request.query))
  })

  const One = Type.Object({ id: Type.String({ maxLength: 64 }) })
  routes.get('/findings/:id', { schema: { params: One } }, async (request) => {
    const finding = await findingInFull(context.door(request), request.params.id)
    if (finding === undefined) throw notFound(`there is no finding ${request.params.id}`)
    return finding
  })
}
