/** As what a sender may send: live, or history that trains and never acts. */
import { type Grant, permit, permitScope } from '../lib/auth.ts'
import type { Refusal } from './answers.ts'
import type { Head } from './inputs/input.ts'

/**
 * Whether the sender may send, and as what: live, unless it asks for history (`?history=1`, `x-moltwatch-history: 1`) or
 * may send nothing else. History needs a separate scope: it trains, and its findings are reported to nobody.
 */
export function sendingScope(
  grant: Grant,
  { query, headers }: Pick<Head, 'query' | 'headers'>,
): { readonly ok: true; readonly history: boolean } | Refusal {
  const permitted = permit(grant, 'send')
  if (!permitted.ok) return permitted
  const wanted = query.history ?? headers['x-moltwatch-history']
  const history = wanted === '1' || wanted === 'true' || !grant.scopes.includes('live')
  const scope = permitScope(grant, history ? 'history' : 'live')
  return scope.ok ? { ok: true, history } : scope
}
