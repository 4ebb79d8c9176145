/**
 * How requests are checked by the schemas of their routes. What stands in an address is text: a whole number is read where
 * the schema wants one, and nothing else is turned into anything, so that what the document refuses is refused.
 */
import type { FastifySchemaCompiler } from 'fastify'
import type { TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

const WHOLE = /^-?\d{1,15}$/

type Property = TSchema & { readonly type?: string }

const integersOf = (schema: TSchema): string[] =>
  Object.entries(('properties' in schema ? (schema as TObject).properties : {}) as Record<string, Property>).flatMap(
    ([name, { type }]) => (type === 'integer' ? [name] : []),
  )

/** The address as the schema reads it. */
function readNumbers(value: unknown, names: readonly string[]): unknown {
  if (names.length === 0 || typeof value !== 'object' || value === null) return value
  const read: Record<string, unknown> = { ...value }
  for (const name of names) {
    const text = Object.hasOwn(read, name) ? read[name] : undefined
    if (typeof text === 'string' && WHOLE.test(text)) read[name] = Number(text)
  }
  return read
}

export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema)
  const names = httpPart === 'body' ? [] : integersOf(schema)
  return (value: unknown) => {
    const read = readNumbers(value, names)
    if (check.Check(read)) return { value: read }
    const problems = [...check.Errors(read)]
    // What a property must be in words, where its schema has them: a pattern tells a person nothing.
    const told = problems.map((problem) => {
      const at = problem.instancePath.slice(1)
      const property = (schema as Partial<TObject>).properties?.[at] as { 'x-must-be'?: string } | undefined
      const words = property?.['x-must-be']
      return words === undefined ? problem : { ...problem, message: `must be ${words}` }
    })
    return { error: told as unknown as Error & { validation?: unknown } }
  }
}
