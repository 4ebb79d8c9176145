/** `/v1/findings`: what the detectors found. */
import Type from 'typebox'
import { EventAnswer, FindingAnswer, PageAnswer } from '../answers.ts'
import { badRequest, notFound } from '../errors.ts'
import { ID, listQuery, pageOf, SEARCH, searchOf, word } from '../parameters.ts'
import { findingInFull, listFindings, pullFindings } from '../questions/findings.ts'
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
      'Findings, newest first. A finding stands in the list once, in its newest revision, with the fields of `schemas/finding.ts` and `found_at`. With `after` they come in the order in which they were found, and `next_cursor` is always there: pull with `after=start` once, then with the last `next_cursor`, and no finding is missed, however late its events came. A finding that was revised comes again.',
    query: listQuery({
      ...SEARCH,
      ...FILTERS,
      after: word('Pull from here on: start, or the next_cursor of the pull before'),
    }),
    answer: PageAnswer(FindingAnswer),
    example: { query: { severity: 'high,critical', limit: '10' } },
    handle({ query, door, now }) {
      const { after, ...rest } = query
      const search = searchOf(rest, conditionsOf(FINDINGS, rest, now))
      const page = pageOf(rest)
      if (after === undefined) return listFindings(door, search, page)
      if (page.cursor !== undefined)
        throw badRequest('querystring: cursor turns pages and after pulls: give one of them')
      return pullFindings(door, search, { limit: page.limit, after })
    },
  }),
  ...summaryRoutes('findings', FILTERS, warehouseSummaries(FINDINGS)),
  defineRoute({
    method: 'GET',
    path: '/findings/:id',
    right: 'read',
    about:
      'One finding, and in `events` its evidence in full, in the order of `evidence`, each with those that conflict with it. An event that retention has removed is missing there.',
    params: Type.Object({ id: ID }),
    answer: Type.Object({ ...FindingAnswer.properties, events: Type.Array(EventAnswer) }),
    async handle({ params: { id }, door }) {
      const finding = await findingInFull(door, id)
      if (finding === undefined) throw notFound(`there is no finding ${id}`)
      return finding
    },
  }),
]
