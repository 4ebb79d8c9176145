/**
 * What the Elastic Common Schema (8.17) says of the fields that we write: their types and, where there is a closed set, their
 * values, and which event types it allows in which category. Fields of ours stand under `moltwatch` alone; any other field
 * is a fault. Written from the field reference: https://www.elastic.co/docs/reference/ecs.
 */
import Type, { type TObject, type TProperties, type TSchema } from 'typebox'
import { Errors } from 'typebox/value'

/** A keyword that an index takes in whole: longer ones are ignored by `ignore_above` of Elastic's templates. */
const keyword = (): TSchema => Type.String({ minLength: 1, maxLength: 1_024 })
const text = (): TSchema => Type.String({ minLength: 1 })
const date = (): TSchema => Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$' })
const some = (schema: TSchema): TSchema => Type.Array(schema, { minItems: 1 })
const group = (properties: TProperties): TObject => Type.Object(properties, { additionalProperties: false })
const maybe = (schema: TSchema): TSchema => Type.Optional(schema)

const KINDS = ['alert', 'asset', 'enrichment', 'event', 'metric', 'state', 'pipeline_error', 'signal']

/** Expected event types by category. */
const TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['intrusion_detection', ['allowed', 'denied', 'info']],
  ['iam', ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user']],
  ['configuration', ['access', 'change', 'creation', 'deletion', 'info']],
])

const EcsDocument = group({
  '@timestamp': date(),
  ecs: group({ version: Type.String({ pattern: '^8\\.\\d+\\.\\d+$' }) }),
  message: text(),
  tags: maybe(some(keyword())),
  event: group({
    kind: Type.Enum(KINDS),
    category: maybe(some(Type.Enum([...TYPES.keys()]))),
    type: maybe(some(keyword())),
    action: keyword(),
    id: maybe(keyword()),
    created: date(),
    start: maybe(date()),
    provider: keyword(),
    module: keyword(),
    dataset: keyword(),
    severity: Type.Integer({ minimum: 0 }),
    risk_score: Type.Number({ minimum: 0, maximum: 100 }),
    reason: keyword(),
    original: text(),
  }),
  observer: group({ vendor: keyword(), product: keyword(), type: keyword() }),
  organization: maybe(group({ id: keyword() })),
  user: maybe(group({ name: keyword() })),
  related: maybe(group({ user: some(keyword()) })),
  rule: maybe(
    group({
      id: maybe(keyword()),
      name: maybe(keyword()),
      version: maybe(keyword()),
      category: maybe(keyword()),
      ruleset: maybe(keyword()),
    }),
  ),
  threat: maybe(
    group({
      framework: Type.Literal('MITRE ATT&CK'),
      technique: group({
        id: some(Type.String({ pattern: '^T\\d{4}$' })),
        subtechnique: maybe(group({ id: some(Type.String({ pattern: '^T\\d{4}\\.\\d{3}$' })) })),
      }),
    }),
  ),
  moltwatch: group({
    notice: keyword(),
    severity: keyword(),
    incident_id: maybe(keyword()),
    finding_id: maybe(keyword()),
    revision: maybe(Type.Integer()),
    surprise: maybe(Type.Number()),
    owner: maybe(keyword()),
    session: maybe(keyword()),
    sink: maybe(keyword()),
    status: maybe(keyword()),
    by: maybe(keyword()),
  }),
})

interface Classed {
  readonly event?: {
    readonly category?: readonly string[]
    readonly type?: readonly string[]
    readonly original?: string
  }
}

function isWhole(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(isWhole)
}

/** Where a document breaks the schema; empty where it does not. */
export function ecsProblems(document: unknown): string[] {
  const wrong = [...Errors(EcsDocument, document)].map(({ instancePath, message }) => `${instancePath} ${message}`)
  if (wrong.length > 0) return wrong
  const { event } = document as Classed
  const allowed = new Set((event?.category ?? []).flatMap((category) => TYPES.get(category) ?? []))
  const strange = (event?.type ?? []).filter((type) => !allowed.has(type))
  if (strange.length > 0) return [`/event/type ${strange.join(', ')} is none of its category`]
  return isWhole(document) ? [] : ['a text holds half a character']
}
