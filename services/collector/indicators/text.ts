/**
 * Splits text into paragraphs, sentences and words. A word that is a value (an address, a path, a code) keeps its dots; a
 * sentence ends at a full stop that is not inside one. Ideographs have no spaces: a run of them is one word, and values
 * inside the run are separated. Linear in the text. Each chunk between two spaces is read once and remembered, because the
 * same words recur in every text.
 */
import { memo } from '../memo.ts'
import { Sense } from './sense.ts'
import { comparable, type Value, valuesOf, withoutEnd } from './values.ts'

export class Word {
  /** Lower case, without the punctuation around it; '' for a lone dash or the like. */
  readonly lower: string
  readonly values: readonly Value[]
  /** Begins with a capital letter. */
  readonly capital: boolean
  readonly ideographs: boolean
  /** Punctuation right behind it, quotes left out. */
  readonly behind: string
  /** A dash, bullet or arrow precedes it, or the word itself is one. */
  readonly breaks: boolean
  #sense: Sense | undefined
  constructor({ lower, values, capital, ideographs, behind, breaks }: Omit<Word, 'sense'>) {
    this.lower = lower
    this.values = values
    this.capital = capital
    this.ideographs = ideographs
    this.behind = behind
    this.breaks = breaks
  }
  get sense(): Sense {
    this.#sense ??= new Sense(this.lower)
    return this.#sense
  }
}

const markOf = (behind: string, breaks: boolean): Word =>
  new Word({ lower: '', values: [], capital: false, ideographs: false, behind, breaks })

export interface Sentence {
  readonly words: readonly Word[]
  readonly values: readonly Value[]
  readonly question: boolean
  readonly paragraph: number
}

const WORDS_PER_SENTENCE_MAX = 80
const SENTENCES_MAX = 1_200
const EDGE_FRONT = /^[\s([{<"'“”‘’«»‹›`*_#|>•·]+/
const EDGE_BACK = /[)\]}>"'“”’‘»«›`*_~|]/
const STOPS = /[.,;:!?…。！？；：，、]/
const IDEOGRAPHS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/u
/** Ideographs and their punctuation, or anything else. */
const RUNS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+|[。！？；：，、「」『』（）《》【】“”‘’"']+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー。！？；：，、「」『』（）《》【】]+/gu
/** Words that only punctuation parts: `Name(address)`, `one,two`, `a|b`; and sentences without a space between them. */
const GLUE = /(?<=[\p{L}\p{N}])(?:[(<|"]|,(?=\p{L}))|(?<=\p{Ll}{3}[.!?])(?=\p{Lu}\p{Ll})/u
const LOCATED = /^(?:www\.|[a-z][a-z0-9+.-]*:\/\/)|[@/]/i
const ABBREVIATIONS = new Set(
  'mr mrs ms dr prof sr jr st no nr vs etc e.g i.e z.b bzw usw cf approx inc ltd dept fig'.split(' '),
)
const QUOTED =
  /(?:^|[\s(:=,，：是为])(["'“‘«`「『《])(?=\S)([^"'“”‘’«»`「」『』《》\n]{2,80})(["'”’»`」』》])(?=$|[\s.,;:!?)\]。，！]|\p{Script=Han})/gu
const QUOTED_WORDS_MAX = 8

/** Three backticks and the name of a language: what follows is text like any other. */
const CODE_FENCE = /```[\w-]{0,20}/g

/** Paragraphs: blank lines, list marks and headings part them; a single line break only wraps. */
export function paragraphsOf(text: string): string[] {
  const paragraphs: string[] = []
  let open = ''
  const close = (): void => {
    if (open.trim() !== '') paragraphs.push(open.trim())
    open = ''
  }
  for (const line of text.replaceAll(CODE_FENCE, '\n\n').split(/\r?\n/)) {
    const plain = line.trim()
    if (plain === '') close()
    else {
      if (/^(?:[-*•·>#+]|\d{1,3}[.)])\s/.test(plain) || /^\[[-+]\]/.test(plain) || /^[A-Z][\w ]{1,30}:\s/.test(plain))
        close()
      open += open === '' ? plain : ` ${plain}`
    }
  }
  close()
  return paragraphs
}

export function sentencesOf(text: string, firstParagraph = 0): Sentence[] {
  const sentences: Sentence[] = []
  paragraphsOf(text).forEach((paragraph, index) => {
    if (sentences.length < SENTENCES_MAX) readParagraph(paragraph, firstParagraph + index, sentences)
  })
  return sentences
}

function readParagraph(paragraph: string, number: number, sentences: Sentence[]): void {
  let words: Word[] = []
  const quoted = phrasesOf(paragraph)
  const close = (question: boolean): void => {
    if (words.length > 0 && sentences.length < SENTENCES_MAX) {
      const values: Value[] = []
      for (const word of words) for (const value of word.values) values.push(value)
      if (quoted.length > 0) {
        const inside = ` ${words.map((word) => word.lower).join(' ')} `
        for (const phrase of quoted) if (inside.includes(` ${phrase.plain} `)) values.push(phrase.value)
      }
      sentences.push({ words, values, question, paragraph: number })
    }
    words = []
  }
  for (const chunk of paragraph.split(/\s+/)) {
    for (const step of stepsOf(chunk)) {
      if (step.word === undefined) {
        close(step.question)
        continue
      }
      words.push(step.word)
      if (step.ends || words.length >= WORDS_PER_SENTENCE_MAX) close(step.question)
    }
  }
  close(false)
}

/** What a chunk does to the sentence that is being read: it adds a word, ends the sentence, or both. */
interface Step {
  /** undefined: punctuation that only ends the sentence. */
  readonly word: Word | undefined
  readonly ends: boolean
  /** Where the sentence ends here, it was a question. */
  readonly question: boolean
}

/** Longer chunks rarely recur. */
const REMEMBERED_CHARS_MAX = 48
const CHUNKS_MAX = 32_768

/** What a chunk between two spaces gives depends on nothing but its characters. */
const stepsOf = memo<readonly Step[]>(readChunk, CHUNKS_MAX, REMEMBERED_CHARS_MAX)

function readChunk(chunk: string): Step[] {
  const runs = IDEOGRAPHS.test(chunk)
    ? (chunk.match(RUNS) ?? [])
    : LOCATED.test(chunk) && !chunk.includes('(')
      ? [chunk]
      : chunk.split(GLUE)
  const steps: Step[] = []
  for (const run of runs) {
    if (/^[。！？；]/.test(run)) {
      steps.push({ word: undefined, ends: true, question: run.includes('？') })
      continue
    }
    const word = wordOf(run)
    if (word === undefined) continue
    const ends = /[.!?…]/.test(word.behind) && !ABBREVIATIONS.has(word.lower) && !/^\p{Lu}$/u.test(run.slice(0, -1))
    steps.push({ word, ends, question: word.behind.includes('?') })
  }
  return steps
}

function wordOf(chunk: string): Word | undefined {
  if (/^[-–—=|>→*•·+]+$/.test(chunk)) return markOf('', true)
  let core = (chunk.length > 2_048 ? chunk.slice(0, 2_048) : chunk).replace(EDGE_FRONT, '')
  let behind = ''
  for (let round = 0; round < 3; round++) {
    const bare = withoutEnd(core, EDGE_BACK)
    const plain = withoutEnd(bare, STOPS)
    if (plain === core) break
    core = plain
    behind += bare.slice(plain.length)
  }
  if (core === '') return behind === '' ? undefined : markOf(behind, false)
  const ideographs = IDEOGRAPHS.test(core)
  const dashed = /^[-–—]/.test(core)
  if (dashed) core = core.replace(/^[-–—]+/, '')
  const lower = core.toLowerCase()
  return new Word({
    lower,
    values: ideographs || ABBREVIATIONS.has(lower) ? [] : valuesOf(core),
    capital: /^\p{Lu}/u.test(core),
    ideographs,
    behind,
    breaks: dashed,
  })
}

const CODE = /`([^`\n]{2,400})`/g
const CODE_WORDS_COMPARED = 4

/** As the words of a sentence stand beside each other: what is no word, such as `<`, is none there either. */
const plainOf = (runs: readonly string[]): string => runs.flatMap((run) => wordOf(run)?.lower ?? []).join(' ')

/** Code between backticks is one value, however long: a call runs it as it is. */
function codeOf(text: string, phrases: { plain: string; value: Value }[]): void {
  for (const match of text.slice(0, 8_192).matchAll(CODE)) {
    const form = comparable(match[1] as string)
    if (form.length < 3 || phrases.length >= 32) continue
    const words = form.split(' ').slice(0, CODE_WORDS_COMPARED)
    phrases.push({
      plain: plainOf(words),
      value: { kind: 'quoted', text: form },
    })
  }
}

/** Phrases in quotes: titles, subjects, new passwords. They are values because a call repeats them whole. */
function phrasesOf(text: string): { readonly plain: string; readonly value: Value }[] {
  const phrases: { plain: string; value: Value }[] = []
  if (!/["'“‘«`「『《]/.test(text)) return phrases
  codeOf(text, phrases)
  for (const match of text.slice(0, 8_192).matchAll(QUOTED)) {
    const inside = match[2] as string
    const chunks = inside.split(/\s+/)
    if (chunks.length > QUOTED_WORDS_MAX || phrases.length >= 32) continue
    const runs = chunks.flatMap((chunk) => (IDEOGRAPHS.test(chunk) ? (chunk.match(RUNS) ?? []) : [chunk]))
    const form = comparable(inside)
    if (form.length >= 3 && !/^\d+$/.test(form))
      phrases.push({ plain: plainOf(runs), value: { kind: 'quoted', text: form } })
  }
  return phrases
}
