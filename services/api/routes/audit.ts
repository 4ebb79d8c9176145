/**
 * `/v1/audit`: who did what, when, to what, and what came of it, as a chain of hashes. It is read from the responder's
 * memory, so it answers while the warehouse is away. `moltwatch audit verify` checks the chain, and that of the base.
 */
import { AuditEntry } from '../../../schemas/audit.ts'
import { PageAnswer } from '../answers.ts'
import { Answer } from '../errors.ts'
import { listQuery, pageOf, word } from '../parameters.ts'
import { defineRoute, type Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

/** Whose chain tells of what concerns every tenant. */
const EVERYBODY = ''

const baseRoute = defineRoute({
  method: 'GET',
  path: '/audit/base',
  right: 'read',
  about:
    'Acts that concern every tenant, newest first: changes of the rules that all tenants inherit from the configuration file, by name and hash. They form a chain of their own.',
  query: listQuery({}),
  answer: PageAnswer(AuditEntry),
  async handle({ query, views }) {
    const { limit, cursor } = pageOf(query)
    const answer = await views.audit(EVERYBODY, { limit, cursor: cursor ?? null })
    if (!answer.ok) throw new Answer(400, 'bad_cursor', answer.reason)
    return { items: answer.items, next_cursor: answer.next_cursor }
  },
})

const ownRoutes: readonly Route[] = viewedRoutes({
  list: 'audit',
  singular: 'auditEntry',
  about:
    'Every act of people, files and programs, newest first: who, what, when, to what, what came of it. Each entry holds the hash of the one before.',
  aboutOne: 'What one command brought about, by its id.',
  item: AuditEntry,
  filters: {
    act: word('Type of the command'),
    by: word('Name of the token'),
    status: word('One or several with commas'),
  },
  subject: heldSubject('audit', AuditEntry, { time: 'time', facets: ['act', 'by', 'status'] }),
})

export const auditRoutes: readonly Route[] = [...ownRoutes, baseRoute]
