/**
 * Remembers the answers of a pure function of a short text, because audit logs repeat the same clients, addresses, tools
 * and words for ever. What is remembered never changes an answer.
 */
import { LRUCache } from 'lru-cache'

/**
 * `entries` answers are kept; texts longer than `charsMax` UTF-16 units are not. `answer` gets a text of its own, so that
 * what is kept holds nothing larger alive.
 */
export function memo<T extends NonNullable<unknown>>(
  answer: (text: string) => T,
  entries = 8_192,
  charsMax = 256,
): (text: string) => T {
  const known = new LRUCache<string, T>({ max: entries })
  return (text) => {
    if (text.length > charsMax) return answer(text)
    const found = known.get(text)
    if (found !== undefined) return found
    const own = ownCopy(text)
    const made = answer(own)
    known.set(own, made)
    return made
  }
}

/** V8 copies shorter pieces by itself. */
const PIECE_CHARS = 13

/** A piece of a string keeps the whole string alive; a copy does not. Any UTF-16 comes back as it was. */
export const ownCopy = (text: string): string =>
  text.length < PIECE_CHARS ? text : Buffer.from(text, 'utf16le').toString('utf16le')
