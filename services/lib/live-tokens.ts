/**
 * Tokens that can change while requests come in: a request is checked against the newest list, so that a token that was
 * taken out is refused at once, and with it the sessions that were opened by it (they ask for its grant each time).
 */
import { type Authenticate, createAuthenticator, type TokenSpec } from './auth.ts'

/** Names of tokens: what changed. One whose text, tenant, role or scopes are others is both gone and new. */
export interface TokenChange {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

export interface LiveTokens {
  readonly authenticate: Authenticate
  /** Replaces all known tokens. Throws, and changes nothing, if one is invalid. */
  replace(tokens: readonly TokenSpec[]): TokenChange
}

const keyOf = (spec: TokenSpec): string => JSON.stringify(spec)

const missingIn = (these: readonly TokenSpec[], those: readonly TokenSpec[]): string[] => {
  const known = new Set(those.map(keyOf))
  return these.filter((spec) => !known.has(keyOf(spec))).map(({ name }) => name)
}

/** Throws where a token is wrong, as `createAuthenticator` does. */
export function createLiveTokens(tokens: readonly TokenSpec[]): LiveTokens {
  let current = tokens
  let check = createAuthenticator(tokens)
  const authenticate: Authenticate = Object.assign((header: string | undefined) => check(header), {
    ofDigest: (digest: Buffer) => check.ofDigest(digest),
    configured: (tenant: string) => check.configured(tenant),
  })
  return {
    authenticate,
    replace(changed) {
      check = createAuthenticator(changed)
      const change = { added: missingIn(changed, current), removed: missingIn(current, changed) }
      current = changed
      return change
    },
  }
}
