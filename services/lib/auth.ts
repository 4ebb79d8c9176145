/**
 * Who is asking: bearer tokens. A token is an opaque string that stands for one tenant, one role and the scopes in which
 * it may send. Only its SHA-256 is held, and a request's token is compared with every one in constant time, so that
 * neither memory nor timing reveals one.
 *
 * The tenant of everything a request reads or writes comes from here and from nowhere else.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { type Role, ROLES } from '../../schemas/roles.ts'
import type { Scope } from '../../schemas/token.ts'

/** What a request wants to do: triage judges findings, order holds agents back, administer makes tokens. */
export type Right = 'read' | 'triage' | 'order' | 'send' | 'administer'

const RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  admin: ['read', 'triage', 'order', 'send', 'administer'],
  responder: ['read', 'triage', 'order'],
  analyst: ['read', 'triage'],
  ingest: ['send'],
}

/** A token as configured: its text, or its SHA-256 in hex if the text must not be in the configuration. */
export type TokenSpec = {
  /** Names the token in logs and in records of who ordered what; never secret. */
  readonly name: string
  readonly tenant: string
  readonly role: Role
  readonly scopes: readonly Scope[]
  /** Patterns of the identities that it sends for: of no other one, and no other token of them. Absent: of any that no token is bound to. */
  readonly identities?: readonly string[]
  /** Addresses and ranges of the proxies in front of its sources: none of them is a client in a forwarded list. */
  readonly proxies?: readonly string[]
  /** Formats that it sends: no other one, and no other token sends them. Absent: any that no token lists. */
  readonly formats?: readonly string[]
} & ({ readonly token: string } | { readonly sha256: string })

/** What a good token gives. */
export interface Grant {
  readonly name: string
  readonly tenant: string
  readonly role: Role
  readonly scopes: readonly Scope[]
  /** See TokenSpec. */
  readonly identities?: readonly string[]
  readonly proxies?: readonly string[]
  readonly formats?: readonly string[]
}

/** A request refused, in the words of the HTTP answer: `{"error": {"code", "message"}}` with this status. */
export interface Refusal {
  readonly ok: false
  readonly status: 401 | 403
  readonly code: 'unauthenticated' | 'forbidden'
  readonly message: string
}

export type AuthOutcome = { readonly ok: true; readonly grant: Grant } | Refusal

export interface Authenticate {
  /** Takes the value of the Authorization header. */
  (header: string | undefined): AuthOutcome
  /** What a token gives that was checked before, by its SHA-256: undefined once it is known no more. */
  ofDigest(digest: Buffer): Grant | undefined
  /** What the tokens of the configuration give that belong to a tenant. */
  configured(tenant: string): readonly Grant[]
}

export const unauthenticated = (message: string): Refusal => ({
  ok: false,
  status: 401,
  code: 'unauthenticated',
  message,
})

const TOKEN_CHARS_MAX = 1_024
const SHA256_HEX = /^[0-9a-f]{64}$/

function digestOf(spec: TokenSpec): Buffer {
  if ('token' in spec) {
    if (spec.token.length === 0 || spec.token.length > TOKEN_CHARS_MAX) {
      throw new Error(`token "${spec.name}" must have 1 to ${TOKEN_CHARS_MAX} characters`)
    }
    return hash('sha256', spec.token, 'buffer')
  }
  if (!SHA256_HEX.test(spec.sha256)) throw new Error(`sha256 of token "${spec.name}" must be 64 lower-case hex digits`)
  return Buffer.from(spec.sha256, 'hex')
}

/** What is odd about the form of a header, without any part of the token. */
function oddity(header: string): string {
  if (/%[0-9a-f]{2}/i.test(header)) return ': it is percent-encoded, send the blank as it is'
  if (/["']/.test(header)) return ': it stands in quotes, leave them out'
  if (/,/.test(header)) return ': it holds several values, send one'
  if (/^Bearer +Bearer\b/i.test(header)) return ': the word Bearer stands there twice'
  return /\s/.test(header.trim()) ? '' : ': the word Bearer is missing before the token'
}

/** The SHA-256 of the token in an Authorization header; undefined where the header has another form. */
export function digestIn(header: string): Buffer | undefined {
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1]
  return token === undefined || token.length > TOKEN_CHARS_MAX ? undefined : hash('sha256', token, 'buffer')
}

/**
 * Makes the check of the Authorization header. Throws where a token's specification is wrong, or where two tokens are
 * the same, because then the tenant of a request would depend on their order.
 */
export function createAuthenticator(tokens: readonly TokenSpec[]): Authenticate {
  const known = tokens.map((spec) => {
    if (spec.tenant === '') throw new Error(`token "${spec.name}" names no tenant`)
    const grant: Grant = {
      name: spec.name,
      tenant: spec.tenant,
      role: spec.role,
      scopes: [...spec.scopes],
      ...(spec.identities === undefined ? {} : { identities: spec.identities }),
      ...(spec.proxies === undefined ? {} : { proxies: spec.proxies }),
      ...(spec.formats === undefined ? {} : { formats: spec.formats }),
    }
    return { digest: digestOf(spec), grant }
  })
  const digests = new Set(known.map(({ digest }) => digest.toString('hex')))
  if (digests.size !== known.length) throw new Error('two tokens are the same: each must stand for one tenant and role')

  const ofDigest = (digest: Buffer): Grant | undefined => {
    let found: Grant | undefined
    // Every known token is compared, also after a hit: the time taken says nothing.
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found = candidate.grant
    return found
  }
  const authenticate = (header: string | undefined): AuthOutcome => {
    if (header === undefined || header === '') {
      return unauthenticated('no token: send the header "Authorization: Bearer <token>"')
    }
    const digest = digestIn(header)
    const odd = oddity(header)
    if (digest === undefined) {
      return unauthenticated(`the Authorization header is not of the form "Bearer <token>"${odd}`)
    }
    const found = ofDigest(digest)
    return found === undefined ? unauthenticated(`this token is not known${odd}`) : { ok: true, grant: found }
  }
  const configured = (tenant: string): Grant[] =>
    known.map(({ grant }) => grant).filter((grant) => grant.tenant === tenant)
  return Object.assign(authenticate, { ofDigest, configured })
}

/** Whether the role of a grant covers what a request wants; the refusal says which roles would. */
export function permit(grant: Grant, right: Right): { readonly ok: true } | Refusal {
  if (RIGHTS[grant.role].includes(right)) return { ok: true }
  const roles = ROLES.filter((role) => RIGHTS[role].includes(right)).join(' or ')
  return {
    ok: false,
    status: 403,
    code: 'forbidden',
    message: `the token "${grant.name}" has the role ${grant.role}; this needs ${roles}`,
  }
}

/** Whether a grant may send in a scope. */
export function permitScope(grant: Grant, scope: Scope): { readonly ok: true } | Refusal {
  if (grant.scopes.includes(scope)) return { ok: true }
  const scopes = grant.scopes.length === 0 ? 'no scope' : `only the scope ${grant.scopes.join(', ')}`
  return {
    ok: false,
    status: 403,
    code: 'forbidden',
    message: `the token "${grant.name}" has ${scopes}; this needs ${scope}`,
  }
}
