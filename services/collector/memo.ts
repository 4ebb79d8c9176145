/**
 * Caches the answers of a pure function of a text, because audit logs repeat the same clients, addresses, tools and words.
 * A cache never changes an answer.
 *
 * It holds two generations. What is asked for moves into the young one; when that is full, it becomes the old one, and what
 * nobody has asked for since is gone. Most answers cost one look-up that way. A list in order of use, as lru-cache keeps it,
 * took an eighth of the time of a replay: many texts are ids that never come back, and each pays for an eviction.
 */
export interface Kept<V> {
  /** The answer for a text; undefined if it is not kept. */
  get(text: string): V | undefined
  /** Keeps an answer. `own` must hold no larger string alive. */
  set(own: string, value: V): void
}

/** Keeps answers whose sizes add up to at most `sizeMax`; `sizeOf` gives the size of one. */
export function createKept<V extends NonNullable<unknown>>(
  sizeMax: number,
  sizeOf: (text: string, value: V) => number,
): Kept<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  let size = 0
  const set = (own: string, value: V): void => {
    const more = sizeOf(own, value)
    if (size + more > sizeMax / 2) {
      old = young
      young = new Map()
      size = 0
    }
    young.set(own, value)
    size += more
  }
  return {
    get(text) {
      const found = young.get(text)
      if (found !== undefined) return found
      const before = old.get(text)
      if (before !== undefined) set(ownCopy(text), before)
      return before
    },
    set,
  }
}

/**
 * Keeps at most `entries` answers, and none for texts longer than `charsMax` UTF-16 units. `answer` gets a copy of the text,
 * so that a cached value keeps no larger string alive.
 */
export function memo<T extends NonNullable<unknown>>(
  answer: (text: string) => T,
  entries = 8_192,
  charsMax = 256,
): (text: string) => T {
  const known = createKept<T>(entries, () => 1)
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

/** V8 itself copies pieces shorter than this. */
const PIECE_CHARS = 13

/** A piece of a string keeps the whole string alive; a copy does not. Any UTF-16 comes back as it was. */
export const ownCopy = (text: string): string =>
  text.length < PIECE_CHARS ? text : Buffer.from(text, 'utf16le').toString('utf16le')
