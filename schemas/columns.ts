/**
 * How one definition becomes a validator, a TypeScript type, a JSON Schema and ClickHouse columns.
 *
 * A record is a flat TypeBox object. Its property order is the column order of the schema version, and each property
 * names its ClickHouse type in the `clickhouse` keyword, which JSON Schema readers ignore. A row is the array of the
 * values in that order: the form that frames carry and that ClickHouse reads as JSONCompactEachRow.
 */
import Type, { type Static, type TObject, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { LIMITS } from './limits.ts'
import { problemsInWords } from './problem-words.ts'

export interface Column {
  readonly name: string
  readonly clickhouse: string
  readonly schema: TSchema
}

/** A value for what the producer did not say: every column has one, so that no column is nullable. */
type Defaulted<T extends TSchema> = T

/** Text that varies: at most `max` UTF-16 units, `''` where unknown. */
export const text = (
  description: string,
  max: number = LIMITS.text_chars_max,
): Defaulted<ReturnType<typeof Type.String>> =>
  Type.String({ description, maxLength: max, default: '', clickhouse: 'String' })

/** Text with few distinct values (names of actions, kinds, regions), `''` where unknown. */
export const name = (description: string, max: number = LIMITS.name_chars_max): ReturnType<typeof Type.String> =>
  Type.String({ description, maxLength: max, default: '', clickhouse: 'LowCardinality(String)' })

/** Milliseconds since 1970 in UTC, an integer; 0 where unknown. */
export const instant = (description: string): ReturnType<typeof Type.Integer> =>
  Type.Integer({
    description,
    minimum: 0,
    maximum: 8_640_000_000_000_000,
    default: 0,
    clickhouse: "DateTime64(3, 'UTC')",
  })

/** A whole number from 0 to `maximum`. */
export const whole = (description: string, clickhouse: string, maximum: number): ReturnType<typeof Type.Integer> =>
  Type.Integer({ description, minimum: 0, maximum, default: 0, clickhouse })

/** A finite number. */
export const real = (description: string): ReturnType<typeof Type.Number> =>
  Type.Number({ description, default: 0, clickhouse: 'Float64' })

/** One of a closed list of words; the first is the default. */
export const choice = <const W extends readonly [string, ...string[]]>(description: string, words: W) =>
  Type.Unsafe<W[number]>(
    Type.Enum([...words], { description, default: words[0], clickhouse: 'LowCardinality(String)' }),
  )

/** A list of short texts. */
export const texts = (description: string, items: number, clickhouse = 'Array(String)') =>
  Type.Array(Type.String({ maxLength: LIMITS.name_chars_max }), {
    description,
    maxItems: items,
    default: [],
    clickhouse,
  })

/** The columns of a record, in row order. */
export function columnsOf(record: TObject): readonly Column[] {
  return Object.entries(record.properties).map(([column, schema]) => {
    const clickhouse = (schema as { clickhouse?: string }).clickhouse
    if (clickhouse === undefined)
      throw new Error(`column ${column} names no ClickHouse type: add the clickhouse keyword`)
    return { name: column, clickhouse, schema }
  })
}

/** What a validator reports about a bad record: where, and what was expected. */
export interface Problem {
  readonly path: string
  readonly message: string
}

export interface Validator<T> {
  check(value: unknown): value is T
  /** The first few problems, empty for a good record. */
  problems(value: unknown): Problem[]
}

/** Compiles a schema once; call it at module level, never per record. */
export function validator<S extends TSchema>(schema: S): Validator<Static<S>> {
  const compiled = Compile(schema)
  return {
    check: (value): value is Static<S> => compiled.Check(value),
    problems: (value) =>
      problemsInWords(compiled.Errors(value))
        .slice(0, 5)
        .map((e) => ({ path: e.instancePath === '' ? '/' : e.instancePath, message: e.message })),
  }
}

/** A record with every column at its default. */
export function defaultsOf<R extends TObject>(record: R): Static<R> {
  const entries = Object.entries(record.properties).map(([column, schema]) => {
    const value = (schema as { default?: unknown }).default
    return [column, Array.isArray(value) ? [...value] : value]
  })
  return Object.fromEntries(entries) as Static<R>
}
