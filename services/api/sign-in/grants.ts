/**
 * From claims to a grant: which role of which tenant a person has, and under which name the audit log knows this person. A
 * provider says what it knows of people; what that is worth here is the configuration's to say, by rules, the first of which
 * that fits holds. Whom none fits gets nothing.
 *
 * A person's name can never be the name of a token: it holds an @. An address that the provider has not verified names
 * nobody, because at some providers people write it themselves.
 */
import { hash } from 'node:crypto'
import type { Grant } from '../../lib/auth.ts'
import type { OidcSection } from '../../lib/config/oidc.ts'

/** Claims as a provider gives them; their form is not trusted. */
export type Claims = Readonly<Record<string, unknown>>

const NAME_CHARS_MAX = 128
const SUBJECT_DIGEST_CHARS = 16
/** Nothing that can move the cursor, turn the direction of text or hide. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u

const own = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)).get(key) : undefined

/** A claim by its name, or by a path into one; names of claims may hold dots themselves. */
export function claimOf(claims: Claims, name: string): unknown {
  const exact = own(claims, name)
  if (exact !== undefined) return exact
  let at: unknown = claims
  for (const step of name.split('.')) at = own(at, step)
  return at
}

const says = (claim: unknown, value: string): boolean =>
  Array.isArray(claim)
    ? claim.some((one) => typeof one === 'string' && one === value)
    : (typeof claim === 'string' || typeof claim === 'boolean' || typeof claim === 'number') && String(claim) === value

function nameOf(claims: Claims, { name_claim: claim, issuer }: OidcSection): string {
  const host = URL.parse(issuer)?.host ?? 'oidc'
  const given = claimOf(claims, claim)
  const isOwn = claim !== 'email' || claims['email_verified'] !== false
  if (isOwn && typeof given === 'string' && given.length <= NAME_CHARS_MAX && PRINTABLE.test(given)) {
    return given.includes('@') ? given : `${given}@${host}`
  }
  return `${hash('sha256', String(claims['sub'])).slice(0, SUBJECT_DIGEST_CHARS)}@${host}`
}

/** What a person may do; undefined if no rule matches. */
export function grantOf(claims: Claims, section: OidcSection): Grant | undefined {
  const rule = section.rules.find((one) => says(claimOf(claims, one.claim), one.value))
  if (rule === undefined) return undefined
  return { name: nameOf(claims, section), tenant: rule.tenant, role: rule.role, scopes: [] }
}

/** The claims that decide, alone: what else a provider says of a person is not kept. */
export function decisive(claims: Claims, section: OidcSection): Claims {
  const named = [section.name_claim, ...section.rules.map(({ claim }) => claim)]
  const kept = ['sub', 'email_verified', ...named.filter((name) => own(claims, name) !== undefined)]
  // A path reaches into a claim: that one is kept.
  for (const name of named) if (own(claims, name) === undefined) kept.push(name.split('.', 1)[0] ?? name)
  return Object.fromEntries(kept.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]))
}
