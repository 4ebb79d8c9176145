/**
 * How requests are checked by the schemas of their routes. Values in an address are text. A whole number is parsed if the
 * schema wants one; nothing else is converted, so that what the document refuses is refused.
 */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifySchemaCompiler } from 'fastify'
import Type, { type TObject, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

const WHOLE = /^-?\d{1,15}$/

type Property = TSchema & { readonly type?: string; readonly pattern?: string }

/** Marks a pattern that is only for the documents: later code reports the fault in better words. */
export const TOLD_LATER = 'x-told-later'

const propertiesOf = (schema: TSchema): [string, Property][] =>
  Object.entries(('properties' in schema ? (schema as TObject).properties : {}) as Record<string, Property>)

/** The schema without the patterns of the documents. */
function checked(schema: TSchema): TSchema {
  const own = propertiesOf(schema)
  if (!own.some(([, property]) => TOLD_LATER in property)) return schema
  const properties = own.map(([name, property]) => {
    if (!(TOLD_LATER in property)) return [name, property] as const
    const { pattern: _pattern, ...rest } = property
    return [name, Type.Optional(Type.String(rest))] as const
  })
  return Type.Object(Object.fromEntries(properties), { additionalProperties: false })
}

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

export const validatorCompiler: FastifySchemaCompiler<TSchema> = (route) => {
  const { schema, httpPart } = route
  if (httpPart !== 'querystring') return TypeBoxValidatorCompiler(route)
  const check = Compile(checked(schema))
  const names = propertiesOf(schema).flatMap(([name, { type }]) => (type === 'integer' ? [name] : []))
  return (value: unknown) => {
    const read = readNumbers(value, names)
    if (check.Check(read)) return { value: read }
    return { error: [...check.Errors(read)] as unknown as Error & { validation?: unknown } }
  }
}
