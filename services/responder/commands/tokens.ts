/** Tokens made and ended by people. What the responder is given is the hash of a token, never its text. */
import type { CommandOf } from '../../../schemas/command.ts'
import type { KeptToken } from '../../../schemas/token.ts'
import { RESPONDER_LIMITS } from '../limits.ts'
import type { Tokens } from '../tokens.ts'
import { applied, type CommandDeps, type Done, type Handlers, nothing, refused } from './handler.ts'

/** Why a token cannot be created; undefined if it can. */
function problemOf(tokens: Tokens, command: CommandOf<'create-token'>, nowMs: number): string | undefined {
  const { tenant, name, sha256, expires_at: end } = command
  const own = tokens.list(tenant)
  if (own.some((token) => token.name === name)) {
    return `there is a token "${name}" already, or there was one lately: a name tells who did something`
  }
  if (tokens.all().some((token) => token.sha256 === sha256)) return 'another token is the same: make a new one'
  if (end !== undefined && Date.parse(end) <= nowMs) return 'expires_at has passed already'
  if (own.filter(({ status }) => status === 'active').length < RESPONDER_LIMITS.tokens_per_tenant_max) return undefined
  return `${RESPONDER_LIMITS.tokens_per_tenant_max} tokens are in force already: revoke some first`
}

async function create(
  { store, tokens }: CommandDeps,
  command: CommandOf<'create-token'>,
  nowMs: number,
): Promise<Done> {
  const { id, tenant, name, role, scopes, sha256, by, reason = '', expires_at: end } = command
  const known = tokens.get(tenant, id)
  if (known !== undefined) return applied(1, '')
  const problem = problemOf(tokens, command, nowMs)
  if (problem !== undefined) return refused(problem)
  const token: KeptToken = {
    id,
    tenant,
    name,
    role,
    scopes: [...new Set(scopes)],
    status: 'active',
    created_at: new Date(nowMs).toISOString(),
    created_by: by,
    expires_at: end === undefined ? null : new Date(end).toISOString(),
    ended_at: null,
    ended_by: '',
    reason,
    sha256,
  }
  const tx = store.begin(tenant)
  tokens.put(tx, token)
  await tx.commit()
  return applied(1, `the token "${name}" with the role ${role} is in force`)
}

async function revoke(
  { store, tokens }: CommandDeps,
  command: CommandOf<'revoke-token'>,
  nowMs: number,
): Promise<Done> {
  const { tenant, by, reason } = command
  const token = tokens.get(tenant, command.token_id)
  if (token === undefined) return nothing('there is no such token')
  if (token.status !== 'active') return nothing(`the token is ${token.status} already`)
  const tx = store.begin(tenant)
  const ended_at = new Date(nowMs).toISOString()
  tokens.put(tx, { ...token, status: 'revoked', ended_at, ended_by: by, reason })
  await tx.commit()
  return applied(1, `the token "${token.name}" is refused from now on`)
}

export const tokenHandlers = (deps: CommandDeps): Pick<Handlers, 'create-token' | 'revoke-token' | 'record'> => ({
  // What it brings about is its entry in the audit log.
  record: () => Promise.resolve(applied(1, '')),
  'create-token': (command, nowMs) => create(deps, command, nowMs),
  'revoke-token': (command, nowMs) => revoke(deps, command, nowMs),
})
