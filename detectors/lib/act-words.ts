/**
 * The words of which an act speaks: those of its name and of the kind of its target, in lower case and in the singular, so
 * that `iam:CreateAccessKeys`, `access-key.create` and `create_access_key` read alike.
 */
import type { EventView } from '../../schemas/event.ts'
import { Answers } from './answers.ts'

/** Words to look for. */
class WordSet extends Set<string> {
  static #made = 0
  /** Its place among the answers of an act. */
  readonly place = WordSet.#made++
}
export const wordSet = (text: string): WordSet => new WordSet(text.split(' '))

/** The words of an act, and which sets have a word in it, as far as somebody has asked: a dozen detectors ask about every event. */
export class ActWords extends Set<string> {
  readonly answers: (boolean | undefined)[] = []
}

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

/** By kind of target, then by action. */
const answers = new Answers<ActWords>()

/** The last answer: all ask about one event. */
let [lastAction, lastKind, last] = ['', '', new ActWords()]

export function actWords(event: Pick<EventView, 'action' | 'target_kind'>): ActWords {
  const { action, target_kind: kind } = event
  if (action !== lastAction || kind !== lastKind) {
    last = known(action, kind)
    lastAction = action
    lastKind = kind
  }
  return last
}

const known = (action: string, kind: string): ActWords =>
  answers.get(kind, action) ?? answers.keep(kind, action, new ActWords([...split(action), ...split(kind)]))

export function hasWord(words: ActWords, wanted: WordSet): boolean {
  return (words.answers[wanted.place] ??= words.values().some((word) => wanted.has(word)))
}

/** The first wanted word; undefined if there is none. */
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
