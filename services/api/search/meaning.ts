/**
 * What a term means for a field, checked once for both readers of a search, SQL and memory: whether the field exists,
 * whether its kind supports the comparison, and which values are meant. Every refusal points at its position.
 */
import { isId } from '../../../schemas/id-text.ts'
import { suggestion } from '../../lib/config/problems.ts'
import type { FieldKind } from './fields.ts'
import { type Comparison, fits, literalOf, patternOf, type Piece, SearchError, type Term } from './language.ts'
import { DAY_MS, instantOf, isAgo, isDay, TIME_FORMS } from './times.ts'

/** What a reader must find in the field. */
export type Meaning =
  | { readonly is: 'filled' }
  | { readonly is: 'equal'; readonly value: string }
  | { readonly is: 'pattern'; readonly pieces: readonly Piece[] }
  | { readonly is: 'number'; readonly comparison: Comparison; readonly value: number }
  /** From `from` on and before `to`, in ms. */
  | { readonly is: 'time'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly is: 'flag'; readonly value: boolean }

interface Known {
  readonly name: string
  readonly kind: FieldKind
  readonly words?: readonly string[]
}

/** The field that a term names. Throws SearchError if it does not exist. */
export function fieldOf<F extends Known>(fields: ReadonlyMap<string, F>, term: Term): F {
  const { name, ...at } = term.field ?? { name: '', position: 0, length: 0 }
  const field = fields.get(name)
  if (field !== undefined) return field
  const near = suggestion(name, [...fields.keys()])
  const hint = near === undefined ? `known: ${[...fields.keys()].toSorted().join(', ')}` : `did you mean ${near}?`
  throw new SearchError(`there is no field ${name.slice(0, 64)}; ${hint}`, at)
}

function numberMeaning({ comparison, value }: Term, name: string): Meaning {
  const number = Number(value.text)
  if (value.text.trim() === '' || !Number.isFinite(number)) {
    throw new SearchError(`${name} is a number: ${value.text.slice(0, 64)} is none`, value)
  }
  return { is: 'number', comparison, value: number }
}

function timeMeaning({ comparison, value }: Term, name: string, now: number): Meaning {
  const from = instantOf(value.text, now)
  if (from === undefined) throw new SearchError(`${name} is compared with ${TIME_FORMS}`, value)
  const to = isDay(value.text) ? from + DAY_MS : from + 1
  if (comparison === '=') return { is: 'time', from, to: isAgo(value.text) ? undefined : to }
  if (comparison === '>=') return { is: 'time', from, to: undefined }
  if (comparison === '>') return { is: 'time', from: to, to: undefined }
  if (comparison === '<') return { is: 'time', from: undefined, to: from }
  return { is: 'time', from: undefined, to }
}

const FLAGS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

function flagMeaning({ value }: Term, name: string): Meaning {
  const flag = FLAGS.get(value.text)
  if (flag === undefined) throw new SearchError(`${name} is true or false`, value)
  return { is: 'flag', value: flag }
}

/** Checks a value against a closed list: one outside it would always give an empty list. */
function checkWords(name: string, words: readonly string[], meaning: Meaning, at: Term['value']): void {
  const holds = (word: string): boolean =>
    meaning.is === 'pattern' ? fits(word, meaning.pieces) : meaning.is !== 'equal' || word === meaning.value
  if (!words.some(holds)) throw new SearchError(`${name} ${at.text.slice(0, 64)} is none of ${words.join(', ')}`, at)
}

/** Hashes are compared as the whole numbers that they are. */
const HASH = /^\d{1,20}$/

function textMeaning(field: Known, { value }: Term): Meaning {
  const pieces = patternOf(value)
  if (pieces !== undefined && field.kind === 'hash') {
    throw new SearchError(`${field.name} takes no wildcard: give the whole hash`, value)
  }
  const meaning: Meaning = pieces === undefined ? { is: 'equal', value: literalOf(value) } : { is: 'pattern', pieces }
  if (field.words !== undefined) checkWords(field.name, field.words, meaning, value)
  if (meaning.is === 'equal' && field.kind === 'id' && !isId(meaning.value)) {
    throw new SearchError(`${field.name} has 32 hex digits; a * at the end stands for those that are missing`, value)
  }
  if (
    meaning.is === 'equal' &&
    field.kind === 'hash' &&
    !(HASH.test(meaning.value) && BigInt(meaning.value) < 2n ** 64n)
  ) {
    throw new SearchError(`${field.name} is a keyed hash in decimals, as value_hashes of an event holds them`, value)
  }
  return meaning
}

/** What a term means for a field. `!=` means the same as `=` but for numbers; the reader negates. Throws SearchError. */
export function meaningOf(field: Known, term: Term, now: number): Meaning {
  const isEquality = term.comparison === '=' || term.comparison === '!='
  if (isEquality && !term.value.quoted && term.value.text === '*') return { is: 'filled' }
  if (field.kind === 'number') return numberMeaning(term, field.name)
  const plain: Term = term.comparison === '!=' ? { ...term, comparison: '=' } : term
  if (field.kind === 'time') return timeMeaning(plain, field.name, now)
  if (!isEquality) {
    throw new SearchError(`${field.name} cannot be compared by size: use : and wildcards`, term.value)
  }
  return field.kind === 'flag' ? flagMeaning(plain, field.name) : textMeaning(field, plain)
}
