/**
 * What the lexicons know of a word, regardless of its sentence. The same words recur in every text, and a remembered word
 * keeps its sense: expensive properties are computed on first use, and then never again.
 */
import { asksInOtherLanguage, englishOf, type Meaning, meaningOf } from './languages.ts'
import {
  DESIRES,
  imperativeOf,
  isAmbiguous,
  isEveryday,
  isStopWord,
  LEAD_INS,
  MODALS,
  SUBJECTS_ASKED,
} from './lexicon.ts'

const POINTERS = new Set(
  'it this that these those them one ones here there such link file document page address account number code es ihn dies dieses diese lo la le eso ceci cela 它 其'.split(
    ' ',
  ),
)

export class Sense {
  readonly isStopWord: boolean
  /** It points at something that a neighbour names: it, this, one, the link. */
  readonly points: boolean
  readonly isLeadIn: boolean
  readonly isModal: boolean
  readonly isDesire: boolean
  /** Somebody who can be asked: you, agents, everybody. */
  readonly isAskedSubject: boolean
  /** An acting word that is a noun as often. */
  readonly isAmbiguous: boolean
  readonly asksInOtherLanguage: boolean
  /** Classes of a base form, as an order begins with it; undefined if it is not one. */
  readonly imperative: number | undefined
  readonly #lower: string
  #plain: boolean | undefined
  #foreign: boolean | undefined
  #whole: Meaning | undefined
  #parts: readonly Meaning[] | undefined
  #everyday: boolean | undefined

  /** `lower`: a word in lower case, without the punctuation around it. */
  constructor(lower: string) {
    this.#lower = lower
    this.isStopWord = isStopWord(lower)
    this.points = POINTERS.has(lower)
    this.isLeadIn = LEAD_INS.has(lower)
    this.isModal = MODALS.has(lower)
    this.isDesire = DESIRES.has(lower)
    this.isAskedSubject = SUBJECTS_ASKED.has(lower)
    this.isAmbiguous = isAmbiguous(lower)
    this.asksInOtherLanguage = asksInOtherLanguage(lower)
    this.imperative = imperativeOf(lower)?.classes
  }
  /** A word to compare: no stop word, number or path. */
  get isPlain(): boolean {
    this.#plain ??= !this.isStopWord && /\p{L}{2}/u.test(this.#lower) && !/^[/~.\\]/.test(this.#lower)
    return this.#plain
  }
  /** The other languages know it. */
  get isForeign(): boolean {
    this.#foreign ??= englishOf(this.#lower) !== undefined
    return this.#foreign
  }
  /** The meaning of the word as it is. */
  get meaning(): Meaning {
    this.#whole ??= meaningOf(this.#lower)
    return this.#whole
  }
  /** The meanings of its parts; of a word without parts its own. */
  get parts(): readonly Meaning[] {
    this.#parts ??= partsOf(this.#lower).map(meaningOf)
    return this.#parts
  }
  /** Every part is too common to show what somebody is about. */
  get isEveryday(): boolean {
    this.#everyday ??= partsOf(this.#lower).every(isEveryday)
    return this.#everyday
  }
}

/** `sign-up` and `ssh_key` count as their parts. */
export const partsOf = (lower: string): string[] =>
  /[-_/'’]/.test(lower) ? lower.split(/[-_/'’]+/).filter((part) => part.length > 1) : [lower]
