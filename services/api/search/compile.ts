/**
 * A search as a condition of the warehouse: fixed texts of ours with numbered parameters. No value of a caller becomes SQL,
 * and none is read as a pattern but by its wildcards.
 */
import { type Condition, condition } from '../query.ts'
import type { Field, Subject } from './fields.ts'
import { type Piece, patternOf, literalOf, type Term, type Tree } from './language.ts'
import { fieldOf, type Meaning, meaningOf } from './meaning.ts'

type Value = string | number

/** Gives parameters their names: `{q0:String}`. */
interface Names {
  put(type: string, value: Value): string
  params(): Record<string, Value>
}

function createNames(prefix: string): Names {
  const params = new Map<string, Value>()
  let next = 0
  return {
    params: () => Object.fromEntries(params),
    put(type, value) {
      const name = `${prefix}${next++}`
      params.set(name, value)
      return `{${name}:${type}}`
    },
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&')
/** A pattern in the words of LIKE. */
const likeOf = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (piece === 'any' ? '%' : piece === 'one' ? '_' : escaped(piece.literal))).join('')

const instant = (names: Names, ms: number): string => `fromUnixTimestamp64Milli(${names.put('Int64', ms)}, 'UTC')`

/** A host and the names below it, case-insensitive; the same for the items of the lists in `beside`. */
function hostSql({ sql, beside = [] }: Field, meaning: Meaning, names: Names): string {
  const holds = (one: string): string => {
    if (meaning.is === 'pattern')
      return `lower(${one}) LIKE ${names.put('String', likeOf(meaning.pieces).toLowerCase())}`
    const host = (meaning.is === 'equal' ? meaning.value : '').toLowerCase()
    return `(lower(${one}) = ${names.put('String', host)} OR endsWith(lower(${one}), ${names.put('String', `.${host}`)}))`
  }
  const items = beside.map((list) => `arrayExists(h -> ${holds('h')}, ${list})`)
  return `(${[holds(sql), ...items].join(' OR ')})`
}

function listSql({ sql }: Field, meaning: Meaning, names: Names): string {
  if (meaning.is === 'filled') return `notEmpty(${sql})`
  if (meaning.is === 'pattern') return `arrayExists(i -> i LIKE ${names.put('String', likeOf(meaning.pieces))}, ${sql})`
  return `has(${sql}, ${names.put('String', meaning.is === 'equal' ? meaning.value : '')})`
}

function filledSql({ sql, kind, beside = [] }: Field): string {
  if (kind === 'list' || kind === 'hash') return `notEmpty(${sql})`
  if (kind === 'number' || kind === 'flag') return `${sql} != 0`
  if (kind === 'time') return `${sql} > fromUnixTimestamp64Milli(0, 'UTC')`
  return `(${[`${sql} != ''`, ...beside.map((list) => `notEmpty(${list})`)].join(' OR ')})`
}

function meaningSql(field: Field, meaning: Meaning, names: Names): string {
  const { sql, kind } = field
  if (meaning.is === 'filled') return filledSql(field)
  if (meaning.is === 'number') return `${sql} ${meaning.comparison} ${names.put('Float64', meaning.value)}`
  if (meaning.is === 'flag') return `${sql} = ${names.put('UInt8', meaning.value ? 1 : 0)}`
  if (meaning.is === 'time') {
    const bounds = [
      ...(meaning.from === undefined ? [] : [`${sql} >= ${instant(names, meaning.from)}`]),
      ...(meaning.to === undefined ? [] : [`${sql} < ${instant(names, meaning.to)}`]),
    ]
    return `(${bounds.join(' AND ')})`
  }
  if (kind === 'host') return hostSql(field, meaning, names)
  if (kind === 'list') return listSql(field, meaning, names)
  if (meaning.is === 'pattern') return `toString(${sql}) LIKE ${names.put('String', likeOf(meaning.pieces))}`
  if (kind === 'hash') return `has(${sql}, ${names.put('UInt64', meaning.value)})`
  return `${sql} = ${names.put('String', meaning.value)}`
}

/** A bare value matches anywhere in the texts, case-insensitive. */
function anywhereSql({ texts }: Subject, { value }: Term, names: Names): string {
  const pieces = patternOf(value) ?? [{ literal: literalOf(value) }]
  const pattern = names.put('String', `%${likeOf(pieces)}%`)
  return `(${texts.map((text) => `${text} ILIKE ${pattern}`).join(' OR ')})`
}

function termSql(subject: Subject, term: Term, names: Names, now: number): string {
  if (term.field === undefined) return anywhereSql(subject, term, names)
  const field = fieldOf(subject.fields, term)
  const meaning = meaningOf(field, term, now)
  const sql = meaningSql(field, meaning, names)
  // Numbers carry their own sign of comparison.
  return term.comparison === '!=' && meaning.is !== 'number' ? `NOT (${sql})` : sql
}

function treeSql(subject: Subject, tree: Tree, names: Names, now: number): string {
  if (tree.kind === 'term') return termSql(subject, tree, names, now)
  if (tree.kind === 'not') return `NOT (${treeSql(subject, tree.of, names, now)})`
  const sign = tree.kind === 'and' ? ' AND ' : ' OR '
  return `(${tree.parts.map((part) => treeSql(subject, part, names, now)).join(sign)})`
}

/** The condition of a search. `prefix` keeps its parameters apart from those of others. Throws SearchError. */
export function compileSearch(subject: Subject, tree: Tree, now: number, prefix = 'q'): Condition {
  const names = createNames(prefix)
  const sql = treeSql(subject, tree, names, now)
  return condition(sql, names.params())
}
