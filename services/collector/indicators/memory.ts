/**
 * What the extractor remembers between events. Agents read the same page, mailbox and schema again and again, and the
 * same text always gives the same indicators, so that reading it again is wasted. Everything here is the memory of a
 * pure function: it changes what an answer costs and never the answer. It is bounded by bytes and lives with one
 * extractor, so that tenants share neither hashes nor texts.
 */
import { createKept, ownCopy } from '../memo.ts'

/** Runs `make` for a text, or gives what it gave for the same text before. */
export type Memory<V extends object> = (text: string, make: (own: string) => V) => V

/**
 * `bytesMax` bounds the memory, keys included; `bytesOf` estimates what a kept answer holds besides its text. `make` gets a
 * separate copy of the text, so that what it keeps of it does not keep anything larger alive.
 */
export function createMemory<V extends object>(bytesMax: number, bytesOf: (value: V) => number): Memory<V> {
  const sizeOf = (text: string, value: V): number => ENTRY_BYTES + BYTES_PER_CHAR * text.length + bytesOf(value)
  const known = createKept<V>(bytesMax, sizeOf)
  return (text, make) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const own = ownCopy(text)
    const value = make(own)
    if (sizeOf(own, value) <= bytesMax / 8) known.set(own, value)
    return value
  }
}

const ENTRY_BYTES = 200
const BYTES_PER_CHAR = 2
