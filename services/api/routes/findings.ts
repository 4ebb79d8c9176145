/** `/v1/findings`: what the detectors found. */
import Type from 'typebox'
import { excerptsBehind } from '../questions/excerpts.ts'
import { type Content, EXCERPT_KINDS } from '../../../schemas/excerpt.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { EventAnswer, FindingAnswer, PageAnswer } from '../answers.ts'
import { badRequest, notFound } from '../errors.ts'
import { exactFilters, ID, listQuery, pageOf, SEARCH, searchOf, word } from '../parameters.ts'
import { eventsAfter } from '../questions/behaviour.ts'
import { findingById, findingInFull, listFindings, pullFindings } from '../questions/findings.ts'
import { sharedValues } from '../questions/things.ts'
import { exportRoute, isOffset, tailRoute } from '../exports.ts'
import { defineRoute, type Route } from '../route.ts'
import { conditionsOf } from '../search/asked.ts'
import { FINDINGS } from '../search/fields.ts'
import { Touchers } from './things.ts'
import { summaryRoutes, warehouseSummaries } from '../summaries.ts'

const FILTERS = exactFilters(
  {
    severity: word('One or several with commas'),
    detector: word('Detector id, tactic/name'),
    agent: word('Identity'),
    session: word('Session of the root evidence'),
    mode: Type.Optional(Type.Enum(['live', 'shadow'])),
    history: Type.Optional(Type.Enum(['true', 'false'])),
  },
  FINDINGS.fields,
)

/** What was found under an id. Throws Answer where the tenant has nothing. */
async function known<T>(id: string, found: Promise<T | undefined>): Promise<T> {
  const finding = await found
  if (finding === undefined) throw notFound(`there is no finding ${id}`)
  return finding
}

const ExcerptAnswer = Type.Object({
  event_id: Type.String(),
  kind: Type.Enum([...EXCERPT_KINDS], {
    description:
      'task: what the user asked for; order: a sentence that the agent read and that reads like an order; message, arguments, result: a whole body, where `content: full` keeps those',
  }),
  text: Type.String({ description: 'Redacted, at most 240 characters; a whole body at most 8,192' }),
})

/** Why a finding has no words next to it. */
const NOTES: Readonly<Record<Content, string>> = {
  none: 'No words are kept here. To see the orders that an agent read and what its user asked for, put `content: excerpts` into the configuration; docs/security.md says what that keeps.',
  excerpts:
    'No words are kept of this finding: there was neither a task nor a sentence that reads like an order, or their time has passed.',
  full: 'No words are kept of this finding: there were none, it came before they were kept, or their time has passed.',
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
    handle({ query, reader, now }) {
      const { after, ...rest } = query
      const search = searchOf(rest, conditionsOf(FINDINGS, rest, now))
      const page = pageOf(rest)
      if (after === undefined) return listFindings(reader, search, page)
      if (page.cursor !== undefined)
        throw badRequest('querystring: cursor turns pages and after pulls: give one of them')
      return pullFindings(reader, search, { limit: page.limit, after })
    },
  }),
  ...summaryRoutes('findings', FILTERS, warehouseSummaries(FINDINGS)),
  exportRoute('findings', FILTERS, Object.keys(FindingAnswer.properties), ({ query, reader, now }) => {
    const search = searchOf(query, conditionsOf(FINDINGS, query, now))
    return (cursor) => listFindings(reader, search, { limit: LIMITS.export_page_rows, cursor })
  }),
  tailRoute(
    'findings',
    'Findings as they are found, both revisions, also while the warehouse is away.',
    ({ findings, grant }) =>
      async (after) => {
        const offset = after === undefined ? undefined : Number(after) + 1
        const { found, next } = await findings.since(grant.tenant, offset, LIMITS.list_limit_max)
        return {
          told: found.map(({ offset: at, finding }) => ({ id: String(at), item: finding })),
          after: String(next - 1),
        }
      },
    (text) => isOffset(text),
  ),
  defineRoute({
    method: 'GET',
    path: '/findings/:id',
    right: 'read',
    about:
      'One finding, in `excerpts` what the user had asked for in its session and the words behind its evidence where they are kept, and in `events` its evidence in full, in the order of `evidence`, each with those that conflict with it. An event that retention has removed is missing there.',
    params: Type.Object({ id: ID }),
    answer: Type.Object({
      ...FindingAnswer.properties,
      excerpts: Type.Array(ExcerptAnswer),
      excerpts_note: Type.Union([Type.String(), Type.Null()], { description: 'Why there are none' }),
      events: Type.Array(EventAnswer),
    }),
    async handle({ params: { id }, reader, content }) {
      const finding = await known(id, findingInFull(reader, id))
      const excerpts = await excerptsBehind(reader, finding)
      return { ...finding, excerpts, excerpts_note: excerpts.length > 0 ? null : NOTES[content] }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/findings/:id/after',
    right: 'read',
    about:
      'What the identity of a finding did after it: its events in order, and how many there are in all. Later than its evidence in event time.',
    params: Type.Object({ id: ID }),
    query: Type.Object(
      {
        limit: Type.Optional(
          Type.Integer({ minimum: 1, maximum: LIMITS.list_limit_max, description: '100 where absent' }),
        ),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({ items: Type.Array(EventAnswer), events: Type.Integer({ minimum: 0 }) }),
    async handle({ params: { id }, query, reader }) {
      const { agent, time, evidence } = await known(id, findingById(reader, id))
      const last = evidence.reduce((latest, one) => (one.time > latest ? one.time : latest), time)
      return eventsAfter(reader, agent, Date.parse(last), query.limit ?? LIMITS.list_items_default)
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/findings/:id/shared',
    right: 'read',
    about:
      'Who else touched the values of a finding: for each value of its evidence, as a keyed hash, the other identities whose events hold it. Values that few touched come first.',
    params: Type.Object({ id: ID }),
    answer: Type.Object({
      values: Type.Array(
        Type.Object({ value: Type.String({ description: 'As in value_hashes' }), identities: Touchers }),
      ),
    }),
    async handle({ params: { id }, reader }) {
      const { agent, events } = await known(id, findingInFull(reader, id))
      const hashes = [...new Set(events.flatMap(({ value_hashes = [] }) => value_hashes))]
      return { values: await sharedValues(reader, hashes, agent) }
    },
  }),
]
