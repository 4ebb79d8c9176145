/**
 * The OpenAPI document as types of TypeScript: for each operation what its path, its query and its body take, and what it
 * answers. The console asks by them alone (services/console/client.ts). What a schema says beyond types, such as bounds and patterns, is left out;
 * a form of schema that is not known here throws, so that no type says something else than the document.
 *
 * Why not openapi-typescript: it needs the compiler of TypeScript 5, and our schemas use a dozen keywords.
 */

/** A schema of the document, as far as it is read here. */
interface Schema {
  /** A named schema of the document. */
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly schema: Schema
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Operation {
  readonly parameters: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}

/** What of an OpenAPI document becomes types. */
export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const HEADER = `/**
 * What the API takes and answers, by operation. Made of the routes by \`npm run docs:api\`: change the routes instead.
 */
`

/** Keywords that become types. */
const KNOWN: ReadonlySet<string> = new Set([
  '$ref',
  'type',
  'enum',
  'const',
  'anyOf',
  'items',
  'properties',
  'required',
])
/** They narrow what a type cannot. */
const BEYOND: ReadonlySet<string> = new Set(
  'description minimum maximum exclusiveMinimum minLength maxLength minItems maxItems pattern uniqueItems additionalProperties patternProperties format default clickhouse x-told-later'.split(
    ' ',
  ),
)

function unknownKeyword(schema: Schema): string | undefined {
  return Object.keys(schema).find((keyword) => !KNOWN.has(keyword) && !BEYOND.has(keyword))
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const nameOf = (name: string): string => (/^[a-z_]\w*$/i.test(name) ? name : quoted(name))
const literal = (value: unknown): string => (typeof value === 'string' ? quoted(value) : JSON.stringify(value))
const union = (types: readonly string[]): string => [...new Set(types)].join(' | ')

interface Member {
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
}

/** Direction of a value. An optional field that is sent may also be undefined, for neither a query nor JSON carries it. */
type Way = 'sent' | 'answered'

function members(all: readonly Member[], way: Way, indent: string): string {
  if (all.length === 0) return 'NoFields'
  const more = way === 'sent' ? ' | undefined' : ''
  const lines = all.map(({ name, type, isRequired }) =>
    isRequired ? `${indent}  ${nameOf(name)}: ${type}` : `${indent}  ${nameOf(name)}?: ${type}${more}`,
  )
  return ['{', ...lines, `${indent}}`].join('\n')
}

function objectType({ properties, patternProperties = {}, required = [] }: Schema, way: Way, indent: string): string {
  const [values] = Object.values(patternProperties)
  if (values !== undefined) return `Record<string, ${typeOf(values, way, indent)}>`
  const all = Object.entries(properties ?? {}).map(([name, schema]) => ({
    name,
    type: typeOf(schema, way, `${indent}  `),
    isRequired: required.includes(name),
  }))
  return members(all, way, indent)
}

const COMPONENTS = '#/components/schemas/'

/** The name of the type of a named schema. As it is sent it is another type, see `Way`. */
const typeNameOf = (ref: string, way: Way): string => ref.slice(COMPONENTS.length) + (way === 'sent' ? 'Sent' : '')

/** The type of a value. Throws for a form of schema that is not known. */
function typeOf(schema: Schema, way: Way, indent: string): string {
  const odd = unknownKeyword(schema)
  if (odd !== undefined)
    throw new Error(`no type is known for a schema with ${odd}: teach services/commands/openapi/types.ts`)
  if (schema.$ref !== undefined) return typeNameOf(schema.$ref, way)
  if (schema.enum !== undefined) return union(schema.enum.map(literal))
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.anyOf !== undefined) return union(schema.anyOf.map((one) => typeOf(one, way, indent)))
  switch (schema.type) {
    case 'array':
      return `(${typeOf(schema.items ?? {}, way, indent)})[]`
    case 'object':
      return objectType(schema, way, indent)
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case undefined:
      return 'unknown'
    default:
      throw new Error(`no type is known for a schema of type ${schema.type}`)
  }
}

const isParameter = (one: Operation['parameters'][number]): one is Parameter => 'name' in one

function parametersIn(operation: Operation, place: Parameter['in']): string {
  const own = operation.parameters.filter(isParameter).filter((one) => one.in === place)
  const all = own.map(({ name, required, schema }) => ({
    name,
    type: typeOf(schema, 'sent', '      '),
    isRequired: required,
  }))
  return members(all, 'sent', '    ')
}

function bodyType({ content = {} }: Content, way: Way): string {
  const json = content['application/json']
  return json === undefined ? 'string' : typeOf(json.schema, way, '    ')
}

function operationLines(path: string, operation: Operation): string[] {
  const good = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1]
  return [
    `  ${quoted(path)}: {`,
    `    path: ${parametersIn(operation, 'path')}`,
    `    query: ${parametersIn(operation, 'query')}`,
    `    body: ${operation.requestBody === undefined ? 'undefined' : bodyType(operation.requestBody, 'sent')}`,
    `    answer: ${bodyType(good ?? {}, 'answered')}`,
    '  }',
  ]
}

const METHODS = ['get', 'post', 'patch', 'delete'] as const

/** The types of the named schemas that the text names, and of those that these name. */
function namedTypes(schemas: Described['components']['schemas'], text: string): string[] {
  const all = Object.entries(schemas).flatMap(([name, schema]) =>
    (['answered', 'sent'] as const).map((way) => ({
      name: typeNameOf(COMPONENTS + name, way),
      type: typeOf(schema, way, ''),
    })),
  )
  const reached = new Set<string>()
  const reach = (from: string): void => {
    for (const { name, type } of all) {
      if (reached.has(name) || !new RegExp(`\\b${name}\\b`).test(from)) continue
      reached.add(name)
      reach(type)
    }
  }
  reach(text)
  return all.filter(({ name }) => reached.has(name)).flatMap(({ name, type }) => [`type ${name} = ${type}`, ''])
}

/** The file of types. Throws for a form of schema that is not known. */
export function apiTypes({ paths, components }: Described): string {
  const interfaces = METHODS.flatMap((method) => {
    const own = Object.entries(paths).flatMap(([path, methods]) => {
      const operation = methods[method]
      return operation === undefined ? [] : operationLines(path, operation)
    })
    return [`interface ${method.toUpperCase()} {`, ...own, '}', '']
  })
  const names = METHODS.map((method) => method.toUpperCase())
  return [
    `${HEADER}type NoFields = Record<never, never>`,
    '',
    ...namedTypes(components.schemas, interfaces.join('\n')),
    ...interfaces,
    'export interface Operations {',
    ...names.map((name) => `  ${name}: ${name}`),
    '}',
    '',
  ].join('\n')
}
