/**
 * What a call asks its tool to do: the acting words and the other words of the tool's name, whether it only reads, and
 * for each argument its words and values. Nested arguments count leaf by leaf.
 */
import { CLASS_BIT, type CallIndicators, INDICATOR_LIMITS } from '../../../schemas/indicators.ts'
import type { Hasher } from './hashing.ts'
import { upper32 } from './hashing.ts'
import { actingRootOf, imperativeOf, nounClasses, rootOf } from './lexicon.ts'
import { rootsOf, tellingWords } from './orders.ts'
import { leavesOf } from './shape.ts'
import { sentencesOf } from './text.ts'
import { comparable, namesNothing, type Value } from './values.ts'

const READING = new Set(
  'get list read view search find show describe query lookup check browse visit open fetch see inspect scan print display look access review examine navigate count whoami head'.split(
    ' ',
  ),
)
const SHORT_CHARS_MAX = 100
const SHORT_WORDS_MAX = 8

export interface CallReading {
  readonly indicators: CallIndicators
  readonly values: readonly Value[]
}

/** The words of a tool's name: `mcp__mail__sendMessage`, `git_add_ssh_key`, `calendar.events.insert`. */
export const nameWords = (name: string): string[] =>
  name
    .slice(0, 200)
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && word !== 'mcp' && word !== 'tool' && word !== 'function')

export function readsOnly(name: string): boolean {
  const acting = nameWords(name).filter((word) => imperativeOf(word) !== undefined || READING.has(word))
  return acting.length > 0 && READING.has(acting[0] as string)
}

export function readCall(name: string, given: unknown, hasher: Hasher): CallReading {
  const words = nameWords(name)
  const verbs = words.filter((word) => imperativeOf(word) !== undefined && !isNounHere(word, words))
  const nouns = words.filter((word) => !verbs.includes(word))
  let classes = verbs.reduce((sum, verb) => sum | (imperativeOf(verb)?.classes ?? 0), 0)
  for (const noun of nouns) classes |= nounClasses(noun)
  if (readsOnly(name)) classes |= CLASS_BIT.fetch
  const values: Value[] = []
  const { leaves } = leavesOf(typeof given === 'string' ? parsed(given) : given)
  const byName = new Map<string, { short: boolean; roots: Set<string>; values: Set<string> }>()
  for (const leaf of leaves) {
    const key = leaf.key === '' ? `#${byName.size}` : leaf.key
    if (!byName.has(key) && byName.size >= INDICATOR_LIMITS.arguments) continue
    const held = byName.get(key) ?? { short: true, roots: new Set(), values: new Set() }
    byName.set(key, held)
    const read = readArgument(leaf.text)
    held.short &&= read.short
    for (const root of read.roots) held.roots.add(root)
    for (const value of read.values) {
      held.values.add(value.text)
      values.push(value)
    }
  }
  return {
    indicators: {
      verbs: verbs.slice(0, INDICATOR_LIMITS.verbs).map((verb) => hasher.word(actingRootOf(verb))),
      nouns: nouns.slice(0, INDICATOR_LIMITS.nouns).map((noun) => hasher.word(rootOf(noun))),
      classes: classes >>> 0,
      reads: readsOnly(name) ? 1 : 0,
      arguments: [...byName].map(([key, held]) => ({
        name: hasher.word(rootOf(key.toLowerCase())),
        short: held.short ? 1 : 0,
        stems: [...held.roots].slice(0, INDICATOR_LIMITS.argument_stems).map((root) => hasher.word(root)),
        values: [...held.values]
          .slice(0, INDICATOR_LIMITS.argument_values)
          .map((value) => upper32(hasher.value(value))),
      })),
    },
    values,
  }
}

/** "email" in `send_email` and "account" in `verify_account` are what is acted on, not the act. */
const isNounHere = (word: string, words: readonly string[]): boolean => {
  const at = words.indexOf(word)
  return words.slice(0, at).some((before) => imperativeOf(before) !== undefined) && words.length > 1
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** One leaf of the arguments: a short one is a value as a whole, too. */
export function readArgument(text: string): {
  readonly short: boolean
  readonly roots: readonly string[]
  readonly values: readonly Value[]
} {
  const sentences = sentencesOf(text)
  const words = sentences.flatMap((sentence) => [...sentence.words])
  const short = text.length <= SHORT_CHARS_MAX && words.length <= SHORT_WORDS_MAX
  const values: Value[] = []
  const whole = comparable(text)
  if (short && whole.length >= 2 && !namesNothing(text)) values.push({ kind: 'leaf', text: whole })
  for (const sentence of sentences)
    for (const value of sentence.values) if (value.text !== whole || !short) values.push(value)
  return { short, roots: short ? rootsOf(words) : tellingWords(words), values }
}
