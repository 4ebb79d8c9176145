/**
 * What the extractor remembers between events. Agents read the same page, mailbox and schema again and again, and the
 * same text always gives the same indicators, so that reading it again is wasted. Everything here is the memory of a
 * pure function: it changes what an answer costs and never the answer. It is bounded by bytes and lives with one
 * extractor, so that tenants share neither hashes nor texts.
 */
import { LRUCache } from 'lru-cache'
import { ownCopy } from '../memo.ts'

/** Runs `make` for a text, or gives what it gave for the same text before. */
export type Memory<V extends object> = (text: string, make: (own: string) => V) => V

/**
 * `bytesMax` bounds the memory, keys included; `bytesOf` estimates what a kept answer holds beside its text. `make` gets
 * a text of its own, so that what it keeps of it holds nothing larger alive.
 */
export function createMemory<V extends object>(bytesMax: number, bytesOf: (value: V) => number): Memory<V> {
  const known = new LRUCache<string, V>({ maxSize: bytesMax, maxEntrySize: Math.floor(bytesMax / 8) })
  return (text, make) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const own = ownCopy(text)
    const value = make(own)
    known.set(own, value, { size: ENTRY_BYTES + BYTES_PER_CHAR * own.length + Math.ceil(bytesOf(value)) })
    return value
  }
}

const ENTRY_BYTES = 200
const BYTES_PER_CHAR = 2
