/**
 * Schemas that have a name stand in the OpenAPI document once, under `components`, and everything that holds one refers to it:
 * the document and the types made of it are a third shorter, and a program made of it has one type for each noun. The name is
 * the schema's `$id`, which is left out there: in OpenAPI 3.1 it would change what the references in it are relative to.
 */

/** `audit-entry` as `AuditEntry`. */
const nameOf = (id: string): string => id.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())

interface Named {
  /** What was given, with references in place of the named schemas. */
  readonly value: unknown
  /** The named schemas, by name, with references of their own. */
  readonly schemas: Readonly<Record<string, unknown>>
}

/** Moves named schemas out of a document. Throws if two different ones have the same name. */
export function liftNamed(document: unknown): Named {
  const schemas = new Map<string, unknown>()
  const add = (name: string, schema: unknown): void => {
    const known = schemas.get(name)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two schemas have the $id of ${name}: give one of them another`)
    schemas.set(name, schema)
  }
  const lift = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(lift)
    if (typeof value !== 'object' || value === null) return value
    const fields = Object.entries(value)
    const id = fields.find(([key, one]) => key === '$id' && typeof one === 'string')?.[1] as string | undefined
    const lifted = Object.fromEntries(fields.flatMap(([key, one]) => (key === '$id' ? [] : [[key, lift(one)]])))
    if (id === undefined) return lifted
    add(nameOf(id), lifted)
    return { $ref: `#/components/schemas/${nameOf(id)}` }
  }
  const value = lift(document)
  return { value, schemas: Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1))) }
}
