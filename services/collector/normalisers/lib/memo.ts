/**
 * Remembers the answers of a pure function of a short text, because audit logs repeat the same clients, addresses and
 * tools for ever. What is remembered never changes an answer.
 */
import { LRUCache } from 'lru-cache'

/** `entries` answers are kept; texts longer than `charsMax` UTF-16 units are not. */
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
    const made = answer(text)
    known.set(text, made)
    return made
  }
}
