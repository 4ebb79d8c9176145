/**
 * Tokens that people create through the API, and what is known of each. They are in `state`, written only by the responder,
 * and are not part of the detectors' configuration. Only the SHA-256 of a token is kept; its text is shown once, to its
 * creator. A text has 32 random bytes, so its hash needs neither salt nor stretching.
 */
import Type, { type Static } from 'typebox'
import { LIMITS } from './limits.ts'
import { type Role, ROLES } from './roles.ts'

/** live events may lead to actions; history trains and finds, and never acts. */
export const SCOPES = ['live', 'history'] as const
export type Scope = (typeof SCOPES)[number]

/** active: it is taken until it expires. expired: its time has run out. revoked: a person ended it. */
export const TOKEN_STATUSES = ['active', 'expired', 'revoked'] as const
export type TokenStatus = (typeof TOKEN_STATUSES)[number]

const instantOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description: `${description}; ISO 8601 in UTC` })

export const TOKEN_NAME = Type.String({
  minLength: 1,
  maxLength: LIMITS.name_chars_max,
  description: 'Names the token wherever it is told who did something; never secret',
})
export const TOKEN_SCOPES = Type.Array(Type.Unsafe<Scope>(Type.Enum([...SCOPES])), {
  maxItems: SCOPES.length,
  uniqueItems: true,
  description: 'In which scopes it may send events',
})
export const TOKEN_ROLE = Type.Unsafe<Role>(Type.Enum([...ROLES]))

/** A token as the API shows it: nothing of it is secret. */
export const Token = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'Id of the command that made it' }),
    tenant: Type.String(),
    name: TOKEN_NAME,
    role: TOKEN_ROLE,
    scopes: TOKEN_SCOPES,
    status: Type.Unsafe<TokenStatus>(Type.Enum([...TOKEN_STATUSES])),
    created_at: Type.String({ description: 'ISO 8601 in UTC' }),
    created_by: Type.String({ description: 'Name of the token of the person' }),
    expires_at: instantOrNull('From then on it is refused; null where it has no end'),
    ended_at: instantOrNull('When it was revoked or had expired'),
    ended_by: Type.String({ description: 'Who revoked it; empty where nobody did' }),
    reason: Type.String({ description: 'Why it was made, or revoked' }),
  },
  { $id: 'token', additionalProperties: false },
)
export type Token = Static<typeof Token>

/** State record `token`. */
export interface KeptToken extends Token {
  /** Of the token's text, in hex. */
  readonly sha256: string
}

/** What may be shown of a kept token. */
export const tokenOf = ({ sha256: _kept, ...token }: KeptToken): Token => token
