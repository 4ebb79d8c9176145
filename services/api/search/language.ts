/**
 * The search language, from text to a tree:
 *
 *   detector:intent/* AND NOT agent:"deploy bot" (severity:high OR severity:critical) surprise:>=4 time:>-24h
 *
 * Terms next to each other mean AND. `field:value` compares, and so do `:>`, `:>=`, `:<`, `:<=` and `:!=`. A bare value is
 * searched for in the texts. `*` matches any characters and `?` one; quotes make a value literal. `field:*` matches a field
 * that is not empty. A bare `-24h` means everything since then. Every part of the tree knows its position, so that an error
 * can point at it.
 */
import { LIMITS } from '../../../schemas/limits.ts'

/** A place in the text: its start and length, in UTF-16 units. */
export interface Span {
  readonly position: number
  readonly length: number
}

export type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<='

/** One comparison. `field` is undefined for a bare value. */
export interface Term {
  readonly kind: 'term'
  readonly field: (Span & { readonly name: string }) | undefined
  readonly comparison: Comparison
  readonly value: Span & { readonly text: string; readonly quoted: boolean }
}

export type Tree =
  | Term
  | { readonly kind: 'not'; readonly of: Tree }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Tree[] }

/** What is wrong with a search, and where. */
export class SearchError extends Error {
  override readonly name = 'SearchError'
  readonly at: Span
  constructor(message: string, at: Span) {
    super(message)
    this.at = at
  }
}

type Token = Span &
  ({ readonly kind: '(' | ')' | 'and' | 'or' | 'not' } | { readonly kind: 'term'; readonly term: Term })

const FIELD = /[A-Za-z_][\w.]*(?=:|!=|[<>]=?|=)/y
const COMPARISON = /:?(!=|>=|<=|>|<|=)|:/y
const BARE = /(?:\\.|[^\s()"\\])+/y
const AGO = /^-\d+[smhdw]$/

function match(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position
  return pattern.exec(text)?.[0]
}

/** A quoted text; `\"` and `\\` are its only escapes. */
function quoted(text: string, position: number): Term['value'] {
  let value = ''
  for (let at = position + 1; at < text.length; at++) {
    const letter = text[at] as string
    if (letter === '"') return { text: value, quoted: true, position, length: at + 1 - position }
    const escaped = letter === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')
    if (escaped) at++
    value += escaped ? text[at] : letter
  }
  throw new SearchError('this quotation mark is never closed', { position, length: 1 })
}

function valueAt(text: string, position: number): Term['value'] | undefined {
  if (text[position] === '"') return quoted(text, position)
  const bare = match(BARE, text, position)
  return bare === undefined ? undefined : { text: bare, quoted: false, position, length: bare.length }
}

const COMPARISONS = new Map<string, Comparison>([
  [':', '='],
  ['=', '='],
  ['!=', '!='],
  ['>', '>'],
  ['>=', '>='],
  ['<', '<'],
  ['<=', '<='],
])

function termAt(text: string, position: number): Token {
  const name = match(FIELD, text, position)
  if (name !== undefined) {
    const sign = match(COMPARISON, text, position + name.length) as string
    const start = position + name.length + sign.length
    const value = valueAt(text, start)
    const field = { name, position, length: name.length }
    if (value === undefined)
      throw new SearchError(`${name}${sign} needs a value`, { position, length: start - position })
    const comparison = COMPARISONS.get(sign.replace(/^:(?=.)/, '')) as Comparison
    const length = value.position + value.length - position
    return { kind: 'term', position, length, term: { kind: 'term', field, comparison, value } }
  }
  const value = valueAt(text, position)
  if (value === undefined) throw new SearchError(`${text[position]} makes no sense here`, { position, length: 1 })
  const since = !value.quoted && AGO.test(value.text)
  const field = since ? { name: 'time', position, length: 0 } : undefined
  const term: Term = { kind: 'term', field, comparison: since ? '>=' : '=', value }
  return { kind: 'term', position, length: value.length, term }
}

const WORDS = new Map<string, 'and' | 'or' | 'not'>([
  ['AND', 'and'],
  ['OR', 'or'],
  ['NOT', 'not'],
])

function tokenAt(text: string, position: number): Token {
  const letter = text[position]
  if (letter === '(' || letter === ')') return { kind: letter, position, length: 1 }
  const word = match(/(AND|OR|NOT)(?=[\s()]|$)/y, text, position)
  if (word !== undefined) return { kind: WORDS.get(word) as 'and', position, length: word.length }
  // `-field:value` is `NOT field:value`; `-24h` is a time.
  const isMinus = letter === '-' && /[A-Za-z_"(]/.test(text[position + 1] ?? '')
  if (isMinus) return { kind: 'not', position, length: 1 }
  return termAt(text, position)
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  while (position < text.length) {
    if (/\s/.test(text[position] as string)) {
      position++
      continue
    }
    const token = tokenAt(text, position)
    tokens.push(token)
    position = token.position + token.length
    if (tokens.length > LIMITS.search_terms_max) {
      throw new SearchError(`a search has at most ${LIMITS.search_terms_max} words and signs`, token)
    }
  }
  return tokens
}

/** Reads tokens by precedence: NOT, then AND (written or not), then OR. */
function createReader(tokens: readonly Token[], end: Span) {
  let next = 0
  let depth = 0

  function primary(): Tree {
    const token = tokens[next++]
    if (token === undefined) throw new SearchError('something is missing at the end', end)
    if (token.kind === 'term') return token.term
    if (token.kind === 'not') return { kind: 'not', of: primary() }
    if (token.kind !== '(') throw new SearchError('a term is missing before this', token)
    if (++depth > LIMITS.search_depth_max) {
      throw new SearchError(`parentheses nest at most ${LIMITS.search_depth_max} deep`, token)
    }
    const inner = either()
    if (tokens[next++]?.kind !== ')') throw new SearchError('this parenthesis is never closed', token)
    depth--
    return inner
  }

  function all(): Tree {
    const parts = [primary()]
    for (;;) {
      const kind = tokens[next]?.kind
      if (kind === undefined || kind === 'or' || kind === ')') break
      if (kind === 'and') next++
      parts.push(primary())
    }
    return parts.length === 1 ? (parts[0] as Tree) : { kind: 'and', parts }
  }

  function either(): Tree {
    const parts = [all()]
    while (tokens[next]?.kind === 'or') {
      next++
      parts.push(all())
    }
    return parts.length === 1 ? (parts[0] as Tree) : { kind: 'or', parts }
  }

  return {
    read(): Tree {
      const tree = either()
      const rest = tokens[next]
      if (rest !== undefined) throw new SearchError('this parenthesis was never opened', rest)
      return tree
    },
  }
}

/** The tree of a search; undefined where the text holds nothing. Throws SearchError. */
export function parseSearch(text: string): Tree | undefined {
  const tokens = tokensOf(text)
  if (tokens.length === 0) return undefined
  return createReader(tokens, { position: text.length, length: 0 }).read()
}

/** A part of a pattern: literal text, any rest, or one character. */
export type Piece = { readonly literal: string } | 'any' | 'one'

type Written = Pick<Term['value'], 'text' | 'quoted'>

/** The pattern of a value; undefined if it has no wildcard. `\*` is a literal star. */
export function patternOf({ text, quoted: isLiteral }: Written): readonly Piece[] | undefined {
  if (isLiteral) return undefined
  const pieces = (text.match(/\\.|[*?]|[^\\*?]+|\\$/gs) ?? []).map((part): Piece => {
    if (part === '*') return 'any'
    if (part === '?') return 'one'
    return { literal: part.length > 1 && part.startsWith('\\') ? part.slice(1) : part }
  })
  return pieces.some((piece) => typeof piece === 'string') ? pieces : undefined
}

/** A value without wildcards as it is meant. */
export const literalOf = ({ text, quoted: isLiteral }: Written): string =>
  isLiteral ? text : text.replaceAll(/\\(.)/gs, '$1')

/** Whether a text has the form of a pattern, in time linear in both for each run of literals. */
export function fits(text: string, pieces: readonly Piece[]): boolean {
  let at = 0
  let piece = 0
  let retry: { readonly piece: number; at: number } | undefined
  for (;;) {
    const wanted = pieces[piece]
    if (wanted === 'any') {
      retry = { piece: ++piece, at }
      continue
    }
    if (wanted === undefined && at === text.length) return true
    const step =
      wanted === undefined ? 0 : wanted === 'one' ? (at < text.length ? 1 : 0) : stepOver(text, at, wanted.literal)
    if (step > 0) {
      at += step
      piece++
    } else if (retry === undefined || retry.at >= text.length) return false
    else {
      retry.at++
      at = retry.at
      piece = retry.piece
    }
  }
}

const stepOver = (text: string, at: number, literal: string): number =>
  text.startsWith(literal, at) ? literal.length : 0

/** The term of a separate filter: `detector=intent/*` is `detector:intent/*`. */
export const filterTerm = (name: string, value: string): Term => ({
  kind: 'term',
  field: { name, position: 0, length: 0 },
  comparison: '=',
  value: { text: value, quoted: false, position: 0, length: value.length },
})
