/**
 * The tokens that people made, with those that ended lately. Each is one record in `state`; a token ends by a person or by
 * time, and is forgotten some months later.
 */
import { type KeptToken, type Token, tokenOf } from '../../schemas/token.ts'
import { RESPONDER_LIMITS } from './limits.ts'
import type { StateStore, Transaction } from './store.ts'

export interface Tokens {
  restore(token: KeptToken): void
  /** Another number after each change. */
  version(): number
  /** Of all tenants. */
  all(): readonly KeptToken[]
  list(tenant: string): Token[]
  get(tenant: string, id: string): KeptToken | undefined
  put(tx: Transaction, token: KeptToken): void
  /** Marks what time has ended, and forgets what ended long ago. `ended` hears of each that has expired. */
  expire(nowMs: number, ended: (tx: Transaction, token: KeptToken) => void): Promise<void>
}

/** Makes the memory of tokens. */
export function createTokens(store: StateStore): Tokens {
  const byId = new Map<string, KeptToken>()
  let version = 0
  const keyOf = (tenant: string, id: string): string => `${tenant}\u0000${id}`
  const remember = (token: KeptToken): void => {
    byId.set(keyOf(token.tenant, token.id), token)
    version += 1
  }
  const put = (tx: Transaction, token: KeptToken): void => {
    tx.put('token', token.id, token)
    remember(token)
  }
  const hasExpired = ({ status, expires_at: end }: KeptToken, nowMs: number): boolean =>
    status === 'active' && end !== null && Date.parse(end) <= nowMs
  const isForgotten = ({ ended_at: at }: KeptToken, nowMs: number): boolean =>
    at !== null && Date.parse(at) < nowMs - RESPONDER_LIMITS.token_kept_ms
  return {
    restore: remember,
    version: () => version,
    all: () => [...byId.values()],
    list: (tenant) => [...byId.values()].filter((token) => token.tenant === tenant).map(tokenOf),
    get: (tenant, id) => byId.get(keyOf(tenant, id)),
    put,
    async expire(nowMs, ended) {
      const work = [...byId.values()].map(async (token) => {
        const tx = store.begin(token.tenant)
        if (hasExpired(token, nowMs)) {
          const over: KeptToken = { ...token, status: 'expired', ended_at: token.expires_at }
          put(tx, over)
          ended(tx, over)
        } else if (isForgotten(token, nowMs)) {
          tx.remove('token', token.id)
          byId.delete(keyOf(token.tenant, token.id))
          version += 1
        }
        await tx.commit()
      })
      await Promise.all(work)
    },
  }
}
