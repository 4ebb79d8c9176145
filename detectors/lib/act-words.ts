/**
 * The words of which an act speaks: those of its name and of the kind of its target, in lower case and in the singular, so
 * that `iam:CreateAccessKeys`, `access-key.create` and `create_access_key` read alike.
 */
import type { EventView } from '../../schemas/event.ts'

export const wordSet = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const singular = (word: string): string =>
  word.length > 3 && word.endsWith('s') && !word.endsWith('ss') && !word.endsWith('us') ? word.slice(0, -1) : word

const split = (text: string): string[] =>
  text
    .slice(0, 160)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .map(singular)

/** Answers are kept, because few names make most of a log; forgotten all at once when there are many. */
const CACHE_MAX = 4_096
const cache = new Map<string, ReadonlySet<string>>()

export function actWords(event: Pick<EventView, 'action' | 'target_kind'>): ReadonlySet<string> {
  const key = `${event.action}\u0000${event.target_kind}`
  let words = cache.get(key)
  if (words === undefined) {
    if (cache.size >= CACHE_MAX) cache.clear()
    words = new Set([...split(event.action), ...split(event.target_kind)])
    cache.set(key, words)
  }
  return words
}

export function hasWord(words: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean {
  for (const word of words) if (wanted.has(word)) return true
  return false
}

/** The first word that is wanted; undefined where there is none. */
export function firstWord(words: ReadonlySet<string>, wanted: ReadonlySet<string>): string | undefined {
  for (const word of words) if (wanted.has(word)) return word
  return undefined
}

/** Whether the target names the identity itself: as a whole, or as one of the parts between separators. */
export function namesItself({ identity, target }: Pick<EventView, 'identity' | 'target'>): boolean {
  if (identity.length < 4 || target.length < identity.length) return false
  const own = identity.toLowerCase()
  const text = target.toLowerCase()
  // A principal is often named by its path or mail address, its target by the last part alone.
  const at = text.indexOf(own)
  if (at < 0) return false
  const before = at === 0 ? '/' : (text[at - 1] as string)
  const after = text[at + own.length] ?? '/'
  return !/[a-z0-9]/.test(before) && !/[a-z0-9]/.test(after)
}
