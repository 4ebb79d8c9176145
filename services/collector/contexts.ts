/**
 * The context in which a tenant's requests are normalised: its extractor and its key for credentials, made once for each
 * tenant. Tenants come from tokens, so there are few.
 */
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Content, CONTENTS } from '../../schemas/excerpt.ts'
import type { TenantKeys } from '../lib/secrets.ts'
import { createExtractor } from './indicators/index.ts'
import type { NormaliseContext } from './formats/format.ts'
import { credentialHashOf } from '../lib/credential-hash.ts'
import { memo } from './memo.ts'

export interface Contexts {
  /** `sender`: name of the token; `receiptTime` in ms since 1970; `history`: the events train and never act. */
  forRequest(
    from: Pick<NormaliseContext, 'tenant' | 'sender' | 'receiptTime' | 'history' | 'binding'> & {
      /** Which words are kept. Default: none. */
      readonly content?: Content
    },
  ): NormaliseContext
}

const TENANTS_MAX = 256
/** Whose keyed hash is remembered for each tenant. */
const CREDENTIALS_MAX = 1_024

/** `memoryBytesMax`: what the extractor of each tenant may remember of texts. */
export function createContexts(keys: TenantKeys, memoryBytesMax: number): Contexts {
  const make = (key: string): Pick<NormaliseContext, 'extractor' | 'hashCredential'> => {
    // The memory of texts holds words or does not: the two are never mixed.
    const content = CONTENTS.find((one) => key.startsWith(`${one}:`)) ?? 'none'
    const tenant = key.slice(content.length + 1)
    const credentials = keys.forCredentials(tenant)
    // A keyed hash costs ten times a plain one; what is remembered is the digest, not the secret.
    const keyed = memo((digest) => credentialHashOf(credentials, digest), CREDENTIALS_MAX)
    return {
      extractor: createExtractor({ key: keys.forTenant(tenant), memoryBytesMax, content }),
      hashCredential: (secret) => keyed(hash('sha256', secret, 'hex')),
    }
  }
  const known = new LRUCache<string, ReturnType<typeof make>>({ max: TENANTS_MAX, memoMethod: make })
  return {
    forRequest: ({ tenant, sender, receiptTime, history, binding, content = 'none' }) => ({
      ...known.memo(`${content}:${tenant}`),
      tenant,
      sender,
      receiptTime,
      history,
      ...(binding === undefined ? {} : { binding }),
      // A token that is bound to no identity represents a tenant: what a record says of its actor is a claim.
      assurance: binding !== undefined && binding.own.length > 0 ? 'token' : 'claimed',
    }),
  }
}
