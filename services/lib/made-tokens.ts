/**
 * Tokens that people made through the API, in addition to those of the configuration. They are looked up by hash in the
 * responder's memory, or in what another process reads of its state. The timing of such a lookup reveals no token,
 * because nobody can choose the hash of a guess.
 */
import { type KeptToken, tokenOf } from '../../schemas/token.ts'
import { type AuthOutcome, type Authenticate, digestIn, type Grant, unauthenticated } from './auth.ts'
import type { Clock } from './clock.ts'
import type { StateView } from './state-view.ts'

/** Where the tokens of all tenants come from. */
export interface TokenSource {
  /** Another number after each change. */
  version(): number
  all(): readonly KeptToken[]
}

/** What a process that does not write the state reads of it. */
export const tokensIn = (state: Pick<StateView, 'version' | 'all'>): TokenSource => ({
  version: () => state.version('token'),
  all: () => state.all('token') as KeptToken[],
})

const grantOf = ({ name, tenant, role, scopes }: KeptToken): Grant => ({ name, tenant, role, scopes })

/** Takes the tokens of the configuration first, then those that were made. */
export function withMadeTokens(configured: Authenticate, source: TokenSource, clock: Clock): Authenticate {
  let index = new Map<string, KeptToken>()
  let version = -1
  const find = (digest: Buffer): KeptToken | undefined => {
    if (version !== source.version()) {
      version = source.version()
      index = new Map(source.all().map((token) => [token.sha256, token]))
    }
    return index.get(digest.toString('hex'))
  }
  const isOver = ({ expires_at: end }: KeptToken): boolean => end !== null && Date.parse(end) <= clock.now()
  const outcomeOf = (token: KeptToken): AuthOutcome => {
    if (token.status === 'revoked')
      return unauthenticated(`the token "${token.name}" was revoked: ask an admin for another`)
    if (token.status === 'expired' || isOver(token)) {
      return unauthenticated(`the token "${token.name}" has expired: ask an admin for another`)
    }
    return { ok: true, grant: grantOf(token) }
  }
  const authenticate = (header: string | undefined): AuthOutcome => {
    const outcome = configured(header)
    const digest = outcome.ok || header === undefined ? undefined : digestIn(header)
    const made = digest === undefined ? undefined : find(digest)
    return made === undefined ? outcome : outcomeOf(made)
  }
  return Object.assign(authenticate, {
    configured: configured.configured,
    ofDigest(digest: Buffer): Grant | undefined {
      const known = configured.ofDigest(digest)
      const made = known === undefined ? find(digest) : undefined
      const outcome = made === undefined ? undefined : outcomeOf(made)
      return known ?? (outcome?.ok === true ? outcome.grant : undefined)
    },
  })
}

/** The tokens of a tenant as they may be shown. */
export const shownTokens = (kept: readonly KeptToken[]) => kept.map(tokenOf)
