/** `/v1/findings`: what the detectors found. */
import Type from 'typebox'
import { Finding, SEVERITIES, type Severity } from '../../../schemas/finding.ts'
import { EventAnswer, PageAnswer } from '../answers.ts'
import { badRequest, notFound } from '../errors.ts'
import { ID, listQuery, pageOf, TIMES, timesOf, word } from '../parameters.ts'
import { findingInFull, listFindings } from '../questions/findings.ts'
import { defineRoute, type Route } from '../route.ts'

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

export const findingRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/findings',
    right: 'read',
    about:
      'Findings, newest first. A finding stands in the list once, in its newest revision, with exactly the fields of `schemas/finding.ts`.',
    query: Query,
    answer: PageAnswer(Finding),
    example: { query: { severity: 'high,critical', limit: '10' } },
    handle({ query, door }) {
      const { severity, history, limit: _limit, cursor: _cursor, since: _since, until: _until, ...equal } = query
      const filters = {
        ...equal,
        ...timesOf(query),
        ...(severity === undefined ? {} : { severity: severitiesOf(severity) }),
        ...(history === undefined ? {} : { history: history === 'true' ? '1' : '0' }),
      }
      return listFindings(door, filters, pageOf(query))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/findings/:id',
    right: 'read',
    about:
      'One finding, and in `events` its evidence in full, in the order of `evidence`. An event that retention has removed is missing there.',
    params: Type.Object({ id: ID }),
    answer: Type.Object({ ...Finding.properties, events: Type.Array(EventAnswer) }),
    async handle({ params: { id }, door }) {
      const finding = await findingInFull(door, id)
      if (finding === undefined) throw notFound(`there is no finding ${id}`)
      return finding
    },
  }),
]
