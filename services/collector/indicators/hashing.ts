/**
 * Keyed hashes of words and values, behind one bounded cache: the same words come back in every event. A word's hash and
 * a value's hash are never comparable with each other, nor with another tenant's.
 */
import { createHmac, createSecretKey } from 'node:crypto'
import { LRUCache } from 'lru-cache'

export interface Hasher {
  /** 32 bits of a word's root; never 0, which marks an empty place in detector state. */
  word(root: string): number
  /** 64 bits of a value's comparable form. */
  value(comparable: string): bigint
}

const CACHE_ENTRIES = 65_536

export function createHasher(key: Buffer): Hasher {
  if (key.length < 16) throw new Error(`the indicator key has ${key.length} bytes: give it at least 16 random bytes`)
  // A key object is prepared once; raw bytes would be prepared again for every hash, which costs five times the hash.
  const prepared = createSecretKey(key)
  const cache = new LRUCache<string, bigint>({ max: CACHE_ENTRIES })
  const hash = (domain: string, text: string): bigint => {
    const name = domain + text
    const known = cache.get(name)
    if (known !== undefined) return known
    const made = createHmac('sha256', prepared).update(name).digest().readBigUInt64BE(0)
    if (name.length <= 128) cache.set(name, made)
    return made
  }
  return {
    word: (root) => upper32(hash('w:', root)),
    value: (comparable) => hash('v:', comparable),
  }
}

/** The form in which a value stands in the indicators: its upper 32 bits, never 0. */
export const upper32 = (hash: bigint): number => Number(hash >> 32n) || 1
