/**
 * Keyed hashes of words and values, behind one bounded cache: the same words come back in every event. A word's hash and
 * a value's hash are never comparable with each other, nor with another tenant's.
 */
import { createHmac, createSecretKey } from 'node:crypto'
import { memo } from '../memo.ts'

export interface Hasher {
  /** 32 bits of a word's root; never 0, which marks an empty place in detector state. */
  word(root: string): number
  /** 64 bits of a value's comparable form. */
  value(comparable: string): bigint
}

const CACHE_ENTRIES = 32_768
/** Longer texts rarely recur. */
const REMEMBERED_CHARS_MAX = 128

export function createHasher(key: Buffer): Hasher {
  if (key.length < 16) throw new Error(`the indicator key has ${key.length} bytes: give it at least 16 random bytes`)
  // A key object is prepared once; raw bytes would be prepared again for every hash, which costs five times the hash.
  const prepared = createSecretKey(key)
  const hash = (text: string): bigint => createHmac('sha256', prepared).update(text).digest().readBigUInt64BE(0)
  return {
    word: memo((root) => upper32(hash(`w:${root}`)), CACHE_ENTRIES, REMEMBERED_CHARS_MAX),
    value: memo((comparable) => hash(`v:${comparable}`), CACHE_ENTRIES, REMEMBERED_CHARS_MAX),
  }
}

/** A value's form in the indicators: its upper 32 bits, never 0. */
export const upper32 = (hash: bigint): number => Number(hash >> 32n) || 1
