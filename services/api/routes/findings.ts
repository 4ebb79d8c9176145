/** `/v1/findings`: what the detectors found. */
import Type from 'typebox'
import { EventAnswer, FindingAnswer, PageAnswer } from '../answers.ts'
import { notFound } from '../errors.ts'
import { ID, listQuery, pageOf, SEARCH, searchOf, word } from '../parameters.ts'
import { findingInFull, listFindings } from '../questions/findings.ts'
import { defineRoute, type Route } from '../route.ts'
import { conditionsOf } from '../search/asked.ts'
import { FINDINGS } from '../search/fields.ts'
import { summaryRoutes, warehouseSummaries } from '../summaries.ts'

const FILTERS = {
  severity: word('One or several with commas'),
  detector: word('Detector id, tactic/name'),
  agent: word('Identity'),
  session: word('Session of the root evidence'),
  mode: Type.Optional(Type.Enum(['live', 'shadow'])),
  history: Type.Optional(Type.Enum(['true', 'false'])),
}

export const findingRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/findings',
    right: 'read',
    about:
      'Findings, newest first. A finding stands in the list once, in its newest revision, with the fields of `schemas/finding.ts` and `found_at`.',
    query: listQuery({ ...SEARCH, ...FILTERS }),
    answer: PageAnswer(FindingAnswer),
    example: { query: { severity: 'high,critical', limit: '10' } },
    handle: ({ query, door, now }) =>
      listFindings(door, searchOf(query, conditionsOf(FINDINGS, query, now)), pageOf(query)),
  }),
  ...summaryRoutes('findings', FILTERS, warehouseSummaries(FINDINGS)),
  defineRoute({
    method: 'GET',
    path: '/findings/:id',
    right: 'read',
    about:
      'One finding, and in `events` its evidence in full, in the order of `evidence`. each with those that conflict with it. An event that retention has removed is missing there.',
    params: Type.Object({ id: ID }),
    answer: Type.Object({ ...FindingAnswer.properties, events: Type.Array(EventAnswer) }),
    async handle({ params: { id }, door }) {
      const finding = await findingInFull(door, id)
      if (finding === undefined) throw notFound(`there is no finding ${id}`)
      return finding
    },
  }),
]
