/**
 * What a token says about the data sent with it: for whom it may send, in which formats, and which proxies are in front of
 * its sources. A token bound to identities sends for them alone, and only tokens bound to them may send for them. So an
 * agent can neither take another's name nor protect itself with one. The same holds for formats: once a token lists one,
 * only tokens that list it may send it.
 */
import type { Authenticate, Grant } from '../lib/auth.ts'
import { matchesPattern } from '../lib/patterns.ts'

export interface Binding {
  /** Patterns of the token's own identities; empty if it is bound to none. */
  readonly own: readonly string[]
  /** Patterns of the identities that other tokens of the tenant are bound to. */
  readonly reserved: readonly string[]
  /** Formats that the token lists; empty if none. */
  readonly formats: readonly string[]
  /** Formats that other tokens of the tenant list. */
  readonly reservedFormats: readonly string[]
  /** Addresses and ranges. */
  readonly proxies: readonly string[]
}

/** What a token may be bound to. */
export type Bound = Pick<Grant, 'identities' | 'formats' | 'proxies'>

/** `all`: the tokens of its tenant. */
export function bindingAmong({ identities = [], formats = [], proxies = [] }: Bound, all: readonly Bound[]): Binding {
  return {
    own: identities,
    reserved: identities.length > 0 ? [] : all.flatMap((one) => one.identities ?? []),
    formats,
    reservedFormats: formats.length > 0 ? [] : all.flatMap((one) => one.formats ?? []),
    proxies,
  }
}

export const bindingOf = (grant: Grant, authenticate: Pick<Authenticate, 'configured'>): Binding =>
  bindingAmong(grant, authenticate.configured(grant.tenant))

/** Why a sender may not send records of a format; undefined if it may. */
function formatProblem({ formats, reservedFormats }: Binding, sender: string, format: string): string | undefined {
  if (formats.length > 0) {
    if (formats.includes(format)) return undefined
    return `the token "${sender}" sends other formats than ${format}: add it to tokens.formats, or send it with a token of its own`
  }
  if (!reservedFormats.includes(format)) return undefined
  return `the token "${sender}" may not send ${format}, because other tokens list it: list it for this one, too (tokens.formats)`
}

/** Why a sender may not send a record of this format for an identity; undefined if it may. */
export function bindingProblem(
  binding: Binding,
  sender: string,
  { identity, format }: { readonly identity: string; readonly format: string },
): string | undefined {
  const { own, reserved } = binding
  const isMine = (pattern: string): boolean => matchesPattern(pattern, identity)
  if (own.length > 0 && !own.some(isMine)) {
    return `the token "${sender}" is bound to other identities than this one: add it to tokens.identities, or send it with a token of its own`
  }
  if (own.length === 0 && reserved.some(isMine)) {
    return `the token "${sender}" may not send for this identity, because other tokens are bound to it: bind this one, too (tokens.identities)`
  }
  return formatProblem(binding, sender, format)
}
