/**
 * `/v1/audit`: who did what, when, to what, and what came of it, as a chain of hashes. It is read from the responder's
 * memory, so it answers while the warehouse is away. `moltwatch audit verify` checks the chain.
 */
import { AuditEntry } from '../../../schemas/audit.ts'
import { word } from '../parameters.ts'
import type { Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

export const auditRoutes: readonly Route[] = viewedRoutes({
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
