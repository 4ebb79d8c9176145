/**
 * The context in which a tenant's requests are normalised: its extractor and its key for credentials, made once for each
 * tenant. Tenants come from tokens, so there are few.
 */
import { LRUCache } from 'lru-cache'
import { type Content, CONTENTS } from '../../schemas/excerpt.ts'
import type { TenantKeys } from '../lib/secrets.ts'
import { createExtractor } from './indicators/index.ts'
import type { NormaliseContext } from './formats/format.ts'
import { credentialHash } from '../lib/credential-hash.ts'

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

/** `memoryBytesMax`: what the extractor of each tenant may remember of texts. */
export function createContexts(keys: TenantKeys, memoryBytesMax: number): Contexts {
  const make = (key: string): Pick<NormaliseContext, 'extractor' | 'hashCredential'> => {
    // What is remembered of texts holds words or does not: the two are never mixed.
    const content = CONTENTS.find((one) => key.startsWith(`${one}:`)) ?? 'none'
    const tenant = key.slice(content.length + 1)
    const credentials = keys.forCredentials(tenant)
    return {
      extractor: createExtractor({ key: keys.forTenant(tenant), memoryBytesMax, content }),
      hashCredential: (secret) => credentialHash(credentials, secret),
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
      // A token that is bound to no identity stands for a tenant: what a record says of its actor is a claim.
      assurance: binding !== undefined && binding.own.length > 0 ? 'token' : 'claimed',
    }),
  }
}
