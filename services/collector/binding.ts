/**
 * What a token says of what is sent with it: for whom it may send, and which proxies its sources stand behind. A token that is bound to identities sends for them alone, and for them nobody sends who is
 * not bound to them: so an agent cannot take the name of another, nor protect itself by one.
 */
import type { Authenticate, Grant } from '../lib/auth.ts'
import { matchesPattern } from '../lib/patterns.ts'

export interface Binding {
  /** Patterns of the token's own identities; empty where it is bound to none. */
  readonly own: readonly string[]
  /** Patterns of the identities that other tokens of the tenant are bound to. */
  readonly reserved: readonly string[]
  /** Addresses and ranges. */
  readonly proxies: readonly string[]
}

export function bindingOf(grant: Grant, authenticate: Pick<Authenticate, 'configured'>): Binding {
  const { identities: own = [], proxies = [] } = grant
  if (own.length > 0) return { own, reserved: [], proxies }
  const reserved = authenticate.configured(grant.tenant).flatMap(({ identities }) => identities ?? [])
  return { own, reserved, proxies }
}

/** Why a sender may not send for an identity; undefined where it may. */
export function bindingProblem({ own, reserved }: Binding, sender: string, identity: string): string | undefined {
  const isMine = (pattern: string): boolean => matchesPattern(pattern, identity)
  if (own.length > 0) {
    if (own.some(isMine)) return undefined
    return `the token "${sender}" is bound to other identities than this one: add it to tokens.identities, or send it with a token of its own`
  }
  if (!reserved.some(isMine)) return undefined
  return `the token "${sender}" may not send for this identity, because other tokens are bound to it: bind this one, too (tokens.identities)`
}
