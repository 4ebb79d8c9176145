/**
 * A search over things in memory: incidents, quarantines and deliveries, which the responder holds. Their fields come from
 * their schemas; the meaning of a term is the same as in the warehouse.
 */
import type { TObject } from 'typebox'
import type { FieldKind } from './fields.ts'
import { fits, literalOf, patternOf, type Term, type Tree } from './language.ts'
import { fieldOf, type Meaning, meaningOf } from './meaning.ts'

/** What a thing holds under a path, such as `scope.detector`. */
export const valueIn = (thing: object, path: string): unknown =>
  path.split('.').reduce<unknown>((at, step) => {
    const holds = typeof at === 'object' && at !== null && Object.hasOwn(at, step)
    return holds ? (Reflect.get(at, step) as unknown) : undefined
  }, thing)

interface HeldField {
  readonly name: string
  readonly kind: FieldKind
  readonly words?: readonly string[]
  /** Where the thing holds it. */
  readonly property: string
}

export interface HeldSubject {
  readonly name: string
  readonly fields: ReadonlyMap<string, HeldField>
  /** The property that the list is ordered by and that a histogram counts over. */
  readonly time: string
  readonly facets: readonly string[]
}

interface Shape {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Shape[]
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
}

function kindOf(name: string, shape: Shape): FieldKind | undefined {
  const own = shape.anyOf?.find(({ type }) => type !== 'null') ?? shape
  if (/(^|_)(at|time|ms|until)$/.test(name)) return 'time'
  if (own.type === 'boolean') return 'flag'
  if (own.type === 'integer' || own.type === 'number') return 'number'
  if (own.type === 'array') return own.items?.type === 'string' ? 'list' : undefined
  return own.type === 'string' || own.enum !== undefined ? 'text' : undefined
}

/** The fields of a schema; those of a nested object keep their own names. */
function fieldsIn(properties: Readonly<Record<string, Shape>>, path: string): HeldField[] {
  return Object.entries(properties).flatMap(([name, shape]): HeldField[] => {
    const property = path === '' ? name : `${path}.${name}`
    if (shape.type === 'object') return fieldsIn(shape.properties ?? {}, property)
    const kind = kindOf(name, shape)
    if (name === 'tenant' || kind === undefined) return []
    return [{ name, kind, property, ...(shape.enum === undefined ? {} : { words: shape.enum }) }]
  })
}

interface HeldOptions {
  /** Name of the field that `time` refers to. */
  readonly time: string
  readonly facets: readonly string[]
  readonly aliases?: Readonly<Record<string, string>>
}

/** The subject of a schema; `aliases` give fields other names. */
export function heldSubject(name: string, schema: TObject, { time, facets, aliases = {} }: HeldOptions): HeldSubject {
  const fields = new Map(fieldsIn(schema.properties as Record<string, Shape>, '').map((field) => [field.name, field]))
  for (const [alias, own] of Object.entries({ time, ...aliases })) {
    const field = fields.get(own)
    if (field !== undefined) fields.set(alias, { ...field, name: alias })
  }
  return { name, fields, time, facets }
}

/** An instant of a thing: ISO 8601 or ms. */
export function instantIn(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : value
  return typeof ms === 'number' && Number.isFinite(ms) && ms > 0 ? ms : undefined
}

function compare(value: number, comparison: Term['comparison'], other: number): boolean {
  switch (comparison) {
    case '=':
      return value === other
    case '!=':
      return value !== other
    case '>':
      return value > other
    case '>=':
      return value >= other
    case '<':
      return value < other
    case '<=':
      return value <= other
  }
}

function textHolds(text: string, meaning: Meaning): boolean {
  if (meaning.is === 'pattern') return fits(text, meaning.pieces)
  return meaning.is === 'equal' && text === meaning.value
}

function holds(value: unknown, meaning: Meaning): boolean {
  switch (meaning.is) {
    case 'filled':
      return Array.isArray(value)
        ? value.length > 0
        : value !== '' && value !== null && value !== undefined && value !== 0
    case 'number':
      return typeof value === 'number' && compare(value, meaning.comparison, meaning.value)
    case 'flag':
      return value === meaning.value
    case 'time': {
      const ms = instantIn(value)
      return ms !== undefined && ms >= (meaning.from ?? 0) && ms < (meaning.to ?? Number.POSITIVE_INFINITY)
    }
    default:
      return Array.isArray(value)
        ? value.some((item) => textHolds(String(item), meaning))
        : typeof value === 'string' && textHolds(value, meaning)
  }
}

/** A bare value matches anywhere in the texts of the thing, case-insensitive. */
function anywhere({ fields }: HeldSubject, { value }: Term): (thing: object) => boolean {
  const pieces = patternOf(value) ?? [{ literal: literalOf(value) }]
  const wanted = [
    'any' as const,
    ...pieces.map((piece) => (typeof piece === 'string' ? piece : { literal: piece.literal.toLowerCase() })),
    'any' as const,
  ]
  const texts = [...fields.values()].filter(({ kind }) => kind === 'text' || kind === 'list')
  return (thing) =>
    texts.some(({ property }) =>
      [valueIn(thing, property)].flat().some((item) => typeof item === 'string' && fits(item.toLowerCase(), wanted)),
    )
}

/** The test of a search. Throws SearchError where the search is wrong, whatever there is to find. */
export function recall(subject: HeldSubject, tree: Tree, now: number): (thing: object) => boolean {
  if (tree.kind === 'not') {
    const inner = recall(subject, tree.of, now)
    return (thing) => !inner(thing)
  }
  if (tree.kind !== 'term') {
    const parts = tree.parts.map((part) => recall(subject, part, now))
    return tree.kind === 'and'
      ? (thing) => parts.every((part) => part(thing))
      : (thing) => parts.some((part) => part(thing))
  }
  if (tree.field === undefined) return anywhere(subject, tree)
  const field = fieldOf(subject.fields, tree)
  const meaning = meaningOf(field, tree, now)
  const negated = tree.comparison === '!=' && meaning.is !== 'number'
  return (thing) => holds(valueIn(thing, field.property), meaning) !== negated
}
