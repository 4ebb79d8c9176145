/**
 * A mapping states in YAML what log records mean that no format of the registry reads. It becomes a format under its own
 * name. It has paths, constants, templates, tables and conditions. It has no loops and no regular expressions, so the
 * cost of a record depends on its size alone. `docs/mappings.md` explains it to people.
 */
import Type, { type Static } from 'typebox'
import { ASSURANCES, Event } from '../../../schemas/event.ts'
import { MAPPING_LIMITS } from './limits.ts'

/** What the collector decides or derives: neither a producer nor a mapping sets it. */
export const DECIDED: ReadonlySet<string> = new Set(
  'event_id content_id tenant time time_ns receipt_time time_flag sequence sender source call_record history identity_assurance session_derived source_network user_agent_family indicators value_hashes value_kinds content_classes extractor_version'.split(
    ' ',
  ),
)

const scalar = () =>
  Type.Union([Type.String({ maxLength: MAPPING_LIMITS.template_chars_max }), Type.Number(), Type.Boolean()])
export type Scalar = string | number | boolean

const path = () =>
  Type.String({ minLength: 1, maxLength: MAPPING_LIMITS.path_chars_max, description: 'as a.b[0]["c.d"]' })
const paths = (description: string) =>
  Type.Array(path(), { minItems: 1, maxItems: MAPPING_LIMITS.paths_max, description })
const word = () => Type.Optional(Type.String({ minLength: 1, maxLength: MAPPING_LIMITS.template_chars_max }))

/** What of a record must hold; everything that is named, all of it. */
const Test = Type.Object(
  {
    path: path(),
    exists: Type.Optional(Type.Boolean({ description: 'there is a value, or there is none' })),
    is: Type.Optional(
      Type.Union([scalar(), Type.Array(scalar(), { minItems: 1, maxItems: MAPPING_LIMITS.words_max })]),
    ),
    starts_with: word(),
    ends_with: word(),
    contains: word(),
    at_least: Type.Optional(Type.Number()),
    below: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
)
export type Test = Static<typeof Test>

const tests = (description: string) =>
  Type.Optional(Type.Array(Test, { minItems: 1, maxItems: MAPPING_LIMITS.tests_max, description }))
const Condition = Type.Object(
  { all: tests('all of these hold'), any: tests('one of these holds'), none: tests('none of these holds') },
  { additionalProperties: false },
)
export type Condition = Static<typeof Condition>

const origin = {
  path: Type.Optional(Type.Union([path(), paths('the first that holds something')])),
  value: Type.Optional(scalar()),
  template: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAPPING_LIMITS.template_chars_max,
      description: 'text with {path} in it; nothing where one of them holds nothing',
    }),
  ),
  after: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'what stands behind the first of it; nothing without it' }),
  ),
  before: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'what stands before the first of it; all without it' }),
  ),
}

const Case = Type.Object({ if: Type.Optional(Condition), ...origin }, { additionalProperties: false })
export type Case = Static<typeof Case>

const Rich = Type.Object(
  {
    ...origin,
    cases: Type.Optional(
      Type.Array(Case, { minItems: 1, maxItems: MAPPING_LIMITS.cases_max, description: 'the first whose if holds' }),
    ),
    lower: Type.Optional(Type.Boolean({ description: 'in small letters' })),
    table: Type.Optional(
      Type.Record(Type.String(), scalar(), {
        maxProperties: MAPPING_LIMITS.table_entries_max,
        description: 'what a value stands for, in any capitals; what is not in it stays',
      }),
    ),
    otherwise: Type.Optional({ ...scalar(), description: 'for what is not in the table' }),
    default: Type.Optional({ ...scalar(), description: 'where there is nothing' }),
  },
  { additionalProperties: false },
)
export type RichValue = Static<typeof Rich>

const Value = Type.Union([path(), Rich])
export type Value = string | RichValue

/** Fields that a mapping may fill: those of the event that a producer may set, and those that are read and dropped. */
export const MAPPED_FIELDS: readonly string[] = [
  ...Object.keys(Event.properties).filter((name) => !DECIDED.has(name) && name !== 'source_id'),
  'arguments',
  'result',
  'message',
  'credential_secret',
]

export const Mapping = Type.Object(
  {
    $schema: Type.Optional(Type.String({ maxLength: 1_024 })),
    name: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,62}$',
      description: 'Of the format that it becomes, the column source of its events. Ids depend on it: keep it',
    }),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    records: Type.Optional(paths('lists in which the records lie; the first that is there is opened')),
    when: { ...Condition, description: 'which records these are' },
    skip: Type.Optional({ ...Condition, description: 'records of this log that are no act of anybody' }),
    id: Type.Optional(
      paths("what together is the producer's own id; where one is missing, the hash of the record takes its place"),
    ),
    time: Type.Optional({
      ...Value,
      description: 'ISO 8601, seconds to nanoseconds since 1970, or as Apache writes it',
    }),
    assurance: Type.Optional({
      ...Value,
      description: `what vouches for the identity: ${ASSURANCES.join(', ')}; default: claimed`,
    }),
    // Names are checked when the mapping is read: a schema that repeats the value for each takes a megabyte.
    fields: Type.Record(Type.String(), Value),
  },
  { $id: 'mapping', additionalProperties: false, description: 'What the records of a log mean: docs/mappings.md' },
)
export interface Mapping {
  readonly name: string
  readonly title?: string
  readonly records?: readonly string[]
  readonly when: Condition
  readonly skip?: Condition
  readonly id?: readonly string[]
  readonly time?: Value
  readonly assurance?: Value
  readonly fields: Readonly<Record<string, Value>>
}

const DESCRIPTIONS: ReadonlyMap<string, string | undefined> = new Map(
  Object.entries(Event.properties).map(([name, schema]) => [name, (schema as { description?: string }).description]),
)

const describedField = (name: string): object => {
  const known = DESCRIPTIONS.get(name)
  return { $ref: '#/$defs/value', ...(known === undefined ? {} : { description: known }) }
}

/** The JSON Schema of mappings as editors take it. */
export function mappingSchema(): object {
  const {
    $id: _id,
    properties,
    ...rest
  } = JSON.parse(JSON.stringify(Mapping)) as {
    readonly $id: string
    readonly properties: Readonly<Record<string, { readonly description?: string }>>
  }
  const value = (name: 'time' | 'assurance'): object => ({
    $ref: '#/$defs/value',
    description: properties[name]?.description,
  })
  const fields = {
    type: 'object',
    required: ['identity', 'action'],
    additionalProperties: false,
    properties: Object.fromEntries(MAPPED_FIELDS.map((name) => [name, describedField(name)])),
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...rest,
    properties: { ...properties, time: value('time'), assurance: value('assurance'), fields },
    $defs: { value: Value },
  }
}
