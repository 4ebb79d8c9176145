/**
 * Which sentences read like an order, how strongly, and what they ask for. A wrapper never makes a sentence an order. What
 * counts is the grammar of asking (an imperative, a modal with somebody who is asked, a wish, a polite question), then
 * whether it names an act at all. Statements that name an act or bring a value are kept as weak orders, because a text can
 * command without that grammar; the detector requires more of them.
 */
import { readCommand } from './command.ts'
import { actingRootOf, DETERMINERS, NOT_AFTER_VERB, nounClasses } from './lexicon.ts'
import { meaningOfEnglish, readIdeographs } from './languages.ts'
import { CLASS_BIT, UNREAD_STRENGTH } from '../../../schemas/indicators.ts'
import type { Sentence, Word } from './text.ts'
import type { Value } from './values.ts'

/** Strength by the grammar of the sentence, 0..255. */
export const STRENGTH = {
  imperative: 220,
  request: 200,
  modal: 180,
  foreign: 200,
  wish: 140,
  /** It asks whether an act was done, or says that it is due. */
  pressed: 140,
  act: 90,
  named: 80,
  value: 50,
  unread: UNREAD_STRENGTH,
} as const

export interface Reading {
  readonly strength: number
  readonly classes: number
  /** Roots of its content words, values left out, each once. */
  readonly roots: readonly string[]
  /** It points at something that a neighbour names: it, this, one, the link. */
  readonly pointsBack: boolean
  /** False if too few of its words are known in any language. */
  readonly understood: boolean
}

const ROOTS_MAX = 32
/** A statement with this many values is a record; one with fewer than SENTENCE_WORDS words is not a sentence. */
const RECORD_VALUES = 4
/** Share of words that must be known for a sentence to be understood. */
const KNOWN_SHARE = 0.25
const SENTENCE_WORDS = 4

export function readSentence(sentence: Sentence): Reading {
  const roots = new Set<string>()
  let classes = secretsOut(sentence.values)
  let acts = false
  let known = 0
  let pointsBack = false
  let foreignAct = false
  let foreignAsk = false
  for (let at = 0; at < sentence.words.length; at++) {
    const word = sentence.words[at] as Word
    if (word.lower === '') continue
    if (word.ideographs) {
      const run = readIdeographs(word.lower)
      for (const english of run.english) {
        const meaning = meaningOfEnglish(english)
        roots.add(meaning.root)
        classes |= meaning.classes
        foreignAct ||= meaning.acts
      }
      foreignAsk ||= run.asks
      known += run.english.length
      continue
    }
    const { sense } = word
    if (sense.points) pointsBack = true
    if (sense.isStopWord) known++
    if (sense.asksInOtherLanguage) foreignAsk = true
    if (!isPlainWord(word)) continue
    if (sense.isAmbiguous && standsAsThing(sentence.words, at)) classes |= sense.imperative ?? 0
    if (sense.isAmbiguous && standsAsVerb(sentence.words, at)) {
      roots.add(actingRootOf(word.lower))
      classes |= sense.imperative ?? 0
      acts = true
      known++
    }
    for (const meaning of sense.parts) {
      if (roots.size < ROOTS_MAX) roots.add(meaning.root)
      classes |= meaning.classes
      if (meaning.acts) {
        acts = true
        known++
        if (sense.isForeign) foreignAct = true
      }
    }
  }
  const plainWords = countWords(sentence)
  const record = namedThings(sentence) >= RECORD_VALUES || plainWords < SENTENCE_WORDS
  const strength = strengthOf(sentence, { acts: acts || foreignAct, foreignAct, foreignAsk, classes: classes !== 0 })
  const understood = strength >= STRENGTH.wish || known >= KNOWN_SHARE * plainWords
  const told = understood || sentence.values.length === 0 ? strength : STRENGTH.unread
  return {
    strength: record && told < STRENGTH.wish ? 0 : told,
    classes,
    roots: [...roots],
    pointsBack,
    understood,
  }
}

const SECRETS_OUT = CLASS_BIT.credential | CLASS_BIT.send

/**
 * The classes of a quoted command that sends secrets away: "run" says nothing of it, whatever verb the sentence has. Other
 * commands keep the classes of the words around them, because every manual quotes some.
 */
function secretsOut(values: readonly Value[]): number {
  for (const { kind, text } of values) {
    if (kind !== 'quoted' || !text.includes(' ')) continue
    if ((readCommand(text).classes & SECRETS_OUT) === SECRETS_OUT) return SECRETS_OUT
  }
  return 0
}

/** How many things a sentence names: a link with its host and path is one, a phrase in quotes is one. */
const namedThings = (sentence: Sentence): number =>
  sentence.words.filter((word) => word.values.length > 0).length +
  sentence.values.filter((value) => value.kind === 'quoted' && value.text.includes(' ')).length

/** Words that are no values; two ideographs are about one. */
function countWords(sentence: Sentence): number {
  let count = 0
  for (const word of sentence.words) {
    if (word.lower !== '' && word.values.length === 0) count += word.ideographs ? Math.ceil(word.lower.length / 2) : 1
  }
  return count
}

/** "please email", "you must order", "to transfer", "and star", or the first word of a clause with an object behind it. */
function standsAsVerb(words: readonly Word[], at: number): boolean {
  const before = words[at - 1]
  if (before === undefined || before.breaks || /[:;,]/.test(before.behind)) return isImperative(words, at)
  return (
    before.sense.isLeadIn ||
    before.lower === 'to' ||
    before.lower === 'not' ||
    before.sense.isModal ||
    before.sense.isAskedSubject ||
    DETERMINERS.has(words[at + 1]?.lower ?? '')
  )
}

/** "A transfer of $10", "the upload into": a statement names its act as a thing. */
const standsAsThing = (words: readonly Word[], at: number): boolean =>
  DETERMINERS.has(words[at - 1]?.lower ?? '') && LEADS_ON.has(words[at + 1]?.lower ?? '')
const LEADS_ON = new Set(['of', 'to', 'into', 'for', 'from'])

/** Values, stop words, numbers and paths are no words to compare. */
const isPlainWord = (word: Word): boolean => word.values.length === 0 && word.sense.isPlain

interface Signs {
  readonly acts: boolean
  readonly foreignAct: boolean
  readonly foreignAsk: boolean
  /** A word of it belongs to a class of acts. */
  readonly classes: boolean
}

/** Words that say of an act that it is still to come. */
const DUE = new Set(
  'once until unless overdue due pending outstanding awaited awaiting awaits required needed mandatory obligatory obsolete missing soon owed unpaid yet'.split(
    ' ',
  ),
)

function strengthOf(sentence: Sentence, signs: Signs): number {
  const asked = askingStrength(sentence)
  if (asked > 0) return asked
  if (signs.foreignAct) return signs.foreignAsk || opensWithForeignAct(sentence) ? STRENGTH.foreign : STRENGTH.act
  if ((signs.acts || signs.classes) && (sentence.question || sentence.words.some((word) => DUE.has(word.lower))))
    return STRENGTH.pressed
  if (signs.acts) return STRENGTH.act
  if (sentence.values.length === 0) return 0
  return sentence.question || signs.classes ? STRENGTH.named : STRENGTH.value
}

/** An act of another language where a sentence or a clause begins. */
const opensWithForeignAct = (sentence: Sentence): boolean =>
  sentence.words.some((word, at) => {
    if (!word.ideographs && !(word.sense.isForeign && word.sense.meaning.acts)) return false
    const before = sentence.words[at - 1]
    return at < 2 || before === undefined || before.breaks || before.lower === '' || /[,:;]/.test(before.behind)
  })

/** The strongest way in which an English sentence asks; 0 if it does not. */
function askingStrength(sentence: Sentence): number {
  const { words } = sentence
  let best = 0
  let start = true
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word
    const joined = words[at - 1]?.lower === 'and' && !word.sense.isAmbiguous
    if (joined && isImperative(words, at)) best = Math.max(best, STRENGTH.wish)
    if (start && isImperative(words, at)) best = Math.max(best, STRENGTH.imperative)
    if (best === STRENGTH.imperative) return best
    best = Math.max(best, modalStrength(words, at, sentence.question), wishStrength(words, at))
    const comma = word.behind.includes(',')
    const leadIn = word.sense.isLeadIn || word.lower === ''
    start =
      word.breaks ||
      /[:;)]/.test(word.behind) ||
      comma ||
      (start && leadIn) ||
      isPolite(word.lower) ||
      (word.lower === 'and' && best > 0)
  }
  return best
}

const isPolite = (lower: string): boolean =>
  lower === 'please' || lower === 'kindly' || lower === 'pls' || lower === 'then'

/** A base form where a clause begins, and what follows does not make it a noun. */
function isImperative(words: readonly Word[], at: number): boolean {
  const word = words[at] as Word
  const classes = word.sense.imperative
  if (word.values.length > 0 || classes === undefined) return false
  const next = words[at + 1]
  if (next === undefined) return at > 0 && isPolite((words[at - 1] as Word).lower)
  if (/[,:]/.test(word.behind)) return false
  if (NOT_AFTER_VERB.has(next.lower)) return false
  const nounToo = word.sense.isAmbiguous || nounClasses(word.lower) > 0
  if (!nounToo) return true
  const paying = (classes & CLASS_BIT.pay) !== 0
  const amount = paying && /^[$€£¥]?\d/.test(next.lower)
  return (
    amount ||
    (at === 0 && (words[at + 2]?.values.length ?? 0) > 0) ||
    DETERMINERS.has(next.lower) ||
    TAKES_AS_OBJECT.has(next.lower) ||
    next.values.length > 0 ||
    /^["'“‘]/.test(next.lower) ||
    next.lower === 'to' ||
    isPolite(words[at - 1]?.lower ?? '')
  )
}

const TAKES_AS_OBJECT = new Set(['what', 'whatever', 'everything', 'anything', 'here', 'over', 'out', 'back', 'up'])

/** "you must X", "agents should X", "could you X", "has to be X-ed", "it is necessary to X". */
function modalStrength(words: readonly Word[], at: number, question: boolean): number {
  const word = words[at] as Word
  if (!word.sense.isModal) return 0
  const before = words[at - 1]
  const behind = words[at + 1]?.lower ?? ''
  if (NEEDS_TO.has(word.lower) && behind !== 'to') return 0
  if (!words.slice(at + 1, at + 6).some((_, index, near) => acts(near, index))) return 0
  if (behind === 'you' && /^(?:can|could|would|will|may|might|should)$/.test(word.lower)) return STRENGTH.request
  if (before?.sense.isAskedSubject === true)
    return word.lower === 'may' || word.lower === 'can' || word.lower === 'might' ? STRENGTH.wish : STRENGTH.modal
  if (words.slice(at + 1, at + 4).some((one) => one.lower === 'be' || one.lower === 'to'))
    return question ? STRENGTH.wish : STRENGTH.modal
  return word.lower === 'must' || word.lower === 'shall' || word.lower === 'should' ? STRENGTH.wish : 0
}

/** Modals only with "to" behind them: "has to pay", not "has paid". */
const NEEDS_TO = new Set(['have', 'has', 'need', 'needs', 'ought', 'required', 'obliged', 'supposed', 'expected'])

/** An acting word, or one that acts because "to" or a modal precedes it. */
function acts(words: readonly Word[], at: number): boolean {
  const word = words[at] as Word
  if (word.sense.meaning.acts) return true
  if (!word.sense.isAmbiguous) return false
  const before = words[at - 1]
  return before === undefined || before.lower === 'to' || before.lower === 'you' || before.sense.isLeadIn
}

/** "I need you to X", "we would like X", "would you X", "make sure", "it would be great if". */
function wishStrength(words: readonly Word[], at: number): number {
  const word = words[at] as Word
  const next = words[at + 1]?.lower ?? ''
  if ((word.lower === 'would' || word.lower === 'will') && next === 'you') return STRENGTH.request
  if (word.sense.isDesire) {
    const subject = words
      .slice(Math.max(0, at - 3), at)
      .some((one) => one.lower === 'i' || one.lower === 'we' || one.lower === 'would')
    const asked = words.slice(at + 1, at + 4).some((one) => one.sense.isAskedSubject)
    if (asked) return STRENGTH.request
    if (subject) return STRENGTH.wish
  }
  return 0
}

/** Content words of a sentence as roots, for tasks and arguments; values left out. */
export function rootsOf(words: readonly Word[]): string[] {
  const roots: string[] = []
  for (const word of words) {
    if (word.ideographs) {
      for (const english of readIdeographs(word.lower).english) roots.push(meaningOfEnglish(english).root)
      continue
    }
    if (!isPlainWord(word)) continue
    for (const meaning of word.sense.parts) roots.push(meaning.root)
  }
  return roots
}

/** Roots of the words that show what a text is about: neither acting words nor everyday objects. */
export function tellingWords(words: readonly Word[]): string[] {
  return rootsOf(words.filter((word) => !word.sense.isEveryday))
}
