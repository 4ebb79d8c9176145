/**
 * What a call asks its tool to do: the acting words and the other words of the tool's name, whether it only reads, and
 * for each argument its words and values. Nested arguments count leaf by leaf.
 */
import { CLASS_BIT, type CallIndicators, INDICATOR_LIMITS } from '../../../schemas/indicators.ts'
import { jsonInText } from '../bounded-json.ts'
import { memo } from '../memo.ts'
import { type CommandReading, EFFECT, isCommandKey, isShellName, readCommand, requestOf } from './command.ts'
import type { Hasher } from './hashing.ts'
import { upper32 } from './hashing.ts'
import { actingRootOf, imperativeOf, nounClasses, rootOf } from './lexicon.ts'
import { rootsOf, tellingWords } from './orders.ts'
import { type Leaf, leavesOf } from './shape.ts'
import { sentencesOf } from './text.ts'
import { comparable, namesNothing, partsOfValue, siteOf, type Value } from './values.ts'

const READING = new Set(
  'get list read view search find show describe query lookup check browse visit open fetch see inspect scan print display look access review examine navigate count whoami head'.split(
    ' ',
  ),
)
const URL_KEY = /^(?:url|uri|href|endpoint)$/i
const SHORT_CHARS_MAX = 100
const SHORT_WORDS_MAX = 8

export interface CallReading {
  readonly indicators: CallIndicators
  readonly values: readonly Value[]
}

/** What a tool's name says. */
interface NameReading {
  readonly words: readonly string[]
  /** The words that say what the tool does, and those that say to what: `file.read`, `mcp__mail__send`. */
  readonly acting: readonly string[]
  readonly about: readonly string[]
  readonly readsOnly: boolean
}

const isActing = (word: string): boolean => imperativeOf(word) !== undefined || READING.has(word)

const wordsIn = (name: string): string[] =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && word !== 'mcp' && word !== 'tool' && word !== 'function')

const NAME_CHARS_MAX = 200

/** An agent has a few dozen tools, and each call names one. */
const readName = memo((name): NameReading => {
  const parts = name
    .split(/[./:]+|__/)
    .map(wordsIn)
    .filter((words) => words.length > 0)
  const last = parts.at(-1) ?? []
  const acts = last.some(isActing)
  const acting = acts ? last : parts.flat()
  const first = acting.find(isActing)
  return {
    words: wordsIn(name),
    acting,
    about: acts ? parts.slice(0, -1).flat() : [],
    readsOnly: first !== undefined && READING.has(first),
  }
})

const nameReading = (name: string): NameReading => readName(name.slice(0, NAME_CHARS_MAX))

/** The words of a tool's name: `mcp__mail__sendMessage`, `git_add_ssh_key`, `calendar.events.insert`. */
export const nameWords = (name: string): readonly string[] => nameReading(name).words

export const readsOnly = (name: string): boolean => nameReading(name).readsOnly

/** The command that a shell is given; undefined for any other tool. `given` as for `readCall`. */
export function commandOf(name: string, given: unknown): string | undefined {
  const words = nameWords(name)
  if (given === undefined || !isShellName(words)) return undefined
  return commandIn(argumentLeaves(given), words)
}

const argumentLeaves = (given: unknown): readonly Leaf[] =>
  leavesOf(typeof given === 'string' ? parsed(given) : given).leaves

/** The commands among the arguments, one a line; '' if there is none. */
const commandIn = (leaves: readonly Leaf[], words: readonly string[]): string =>
  leaves
    .filter((leaf) => isCommandKey(leaf.key, words))
    .map((leaf) => leaf.text)
    .join('\n')

/** What a call does, by its tool's name, or by its argument where the tool does what that says. */
function actOfCall(name: string, leaves: readonly Leaf[]): CommandReading {
  const words = nameWords(name)
  const command = commandIn(leaves, words)
  if (command !== '') return readCommand(command)
  const method = leaves.find((leaf) => /^(?:http_?)?(?:method|verb)$/i.test(leaf.key))?.text.trim()
  const request = requestOf(
    words,
    method,
    leaves.some((leaf) => URL_KEY.test(leaf.key)),
  )
  if (request !== undefined) return request
  const { acting, about } = nameReading(name)
  const verbs = acting.filter((word) => imperativeOf(word) !== undefined && !isNounHere(word, acting))
  const nouns = [...about, ...acting.filter((word) => !verbs.includes(word))]
  let classes = verbs.reduce((sum, verb) => sum | (imperativeOf(verb)?.classes ?? 0), 0)
  for (const noun of nouns) classes |= nounClasses(noun)
  const reads = readsOnly(name)
  if (reads) classes |= CLASS_BIT.fetch
  return { verbs, nouns, classes, effect: reads ? EFFECT.reads : EFFECT.acts }
}

export function readCall(name: string, given: unknown, hasher: Hasher): CallReading {
  const leaves = argumentLeaves(given)
  const act = actOfCall(name, leaves)
  const words = nameWords(name)
  const values: Value[] = []
  const byName = new Map<string, Held>()
  for (const leaf of leaves) {
    const key = leaf.key === '' ? `#${byName.size}` : leaf.key
    if (!byName.has(key) && byName.size >= INDICATOR_LIMITS.arguments) continue
    const held = byName.get(key) ?? newHeld()
    byName.set(key, held)
    const read = readArgument(leaf.text, isCommandKey(leaf.key, words))
    held.short &&= read.short
    for (const root of read.roots) held.roots.add(root)
    for (const value of read.values) {
      held.values.add(value.text)
      values.push(value)
      for (const part of partsOfValue(value)) held.parts.add(part)
      const site = siteOf(value)
      if (site !== undefined) held.sites.add(site)
    }
  }
  return {
    indicators: {
      verbs: act.verbs.slice(0, INDICATOR_LIMITS.verbs).map((verb) => hasher.word(actingRootOf(verb))),
      nouns: act.nouns.slice(0, INDICATOR_LIMITS.nouns).map((noun) => hasher.word(rootOf(noun))),
      classes: act.classes >>> 0,
      reads: act.effect,
      arguments: [...byName].map(([key, held]) => encodeArgument(key, held, hasher)),
    },
    values,
  }
}

interface Held {
  short: boolean
  readonly roots: Set<string>
  readonly values: Set<string>
  readonly parts: Set<string>
  readonly sites: Set<string>
}

const newHeld = (): Held => ({ short: true, roots: new Set(), values: new Set(), parts: new Set(), sites: new Set() })

const encodeArgument = (key: string, held: Held, hasher: Hasher): CallIndicators['arguments'][number] => ({
  name: hasher.word(rootOf(key.toLowerCase())),
  short: held.short ? 1 : 0,
  stems: [...held.roots].slice(0, INDICATOR_LIMITS.argument_stems).map((root) => hasher.word(root)),
  values: [...held.values].slice(0, INDICATOR_LIMITS.argument_values).map((value) => upper32(hasher.value(value))),
  ...(held.parts.size > 0 && {
    parts: [...held.parts].slice(0, INDICATOR_LIMITS.argument_parts).map((part) => hasher.word(part)),
  }),
  ...(held.sites.size > 0 && {
    sites: [...held.sites].slice(0, INDICATOR_LIMITS.sites).map((site) => hasher.word(site)),
  }),
})

/** "email" in `send_email` and "account" in `verify_account` are what is acted on, not the act. */
const isNounHere = (word: string, words: readonly string[]): boolean => {
  const at = words.indexOf(word)
  return words.slice(0, at).some((before) => imperativeOf(before) !== undefined) && words.length > 1
}

/** A plain number, or a word in quotes, is JSON, too. */
function parsed(text: string): unknown {
  const json = jsonInText(text)
  if (json !== undefined) return json.value
  if (/^\s*[{[]/.test(text)) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** One leaf of the arguments: a short one is a value as a whole, too, and so is a command. */
export function readArgument(
  text: string,
  command = false,
): {
  readonly short: boolean
  readonly roots: readonly string[]
  readonly values: readonly Value[]
} {
  const sentences = sentencesOf(text)
  const words = sentences.flatMap((sentence) => [...sentence.words])
  const short = command || (text.length <= SHORT_CHARS_MAX && words.length <= SHORT_WORDS_MAX)
  const values: Value[] = []
  const whole = comparable(text)
  if (short && whole.length >= 2 && !namesNothing(text)) values.push({ kind: 'leaf', text: whole })
  for (const sentence of sentences)
    for (const value of sentence.values) if (value.text !== whole || !short) values.push(value)
  return { short, roots: short ? rootsOf(words) : tellingWords(words), values }
}
