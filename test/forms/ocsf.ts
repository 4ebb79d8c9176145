/**
 * What OCSF 1.8.0 says of Detection Finding (2004) and Base Event (0): required attributes, types, the values of enumerations,
 * names that go with numbers, and constraints of the objects that we write. An attribute that OCSF does not have in its place
 * is a fault; `unmapped` and `data` are open, as the schema says. Written from https://schema.ocsf.io/1.8.0.
 */
import Type, { type TObject, type TProperties, type TSchema } from 'typebox'
import { Errors } from 'typebox/value'

const text = (): TSchema => Type.String({ minLength: 1 })
const timestamp = (): TSchema => Type.Integer({ minimum: 1_420_070_400_000, maximum: 4_102_444_800_000 })
const some = (schema: TSchema): TSchema => Type.Array(schema, { minItems: 1 })
const group = (properties: TProperties): TObject => Type.Object(properties, { additionalProperties: false })
const maybe = (schema: TSchema): TSchema => Type.Optional(schema)
const oneOf = (...values: readonly number[]): TSchema => Type.Enum([...values])
const open = (): TSchema => Type.Record(Type.String(), Type.Unknown())

const observations = some(group({ value: Type.String() }))
const measured = some(group({ observation_parameter: text(), observations }))

const common: TProperties = {
  time: timestamp(),
  severity_id: oneOf(0, 1, 2, 3, 4, 5, 6, 99),
  severity: text(),
  message: text(),
  metadata: group({
    version: Type.Literal('1.8.0'),
    product: group({ name: text(), vendor_name: text() }),
    uid: maybe(text()),
    tenant_uid: maybe(text()),
    event_code: text(),
    log_name: text(),
  }),
  unmapped: maybe(open()),
  activity_name: text(),
  category_name: text(),
  class_name: text(),
  type_name: text(),
}

const DetectionFinding = group({
  ...common,
  activity_id: oneOf(1, 2, 3),
  category_uid: Type.Literal(2),
  class_uid: Type.Literal(2004),
  type_uid: oneOf(200_401, 200_402, 200_403),
  status_id: oneOf(1, 2, 3, 4, 5, 6),
  status: text(),
  is_alert: Type.Boolean(),
  start_time: maybe(timestamp()),
  end_time: maybe(timestamp()),
  finding_info: group({
    uid: text(),
    title: text(),
    desc: text(),
    created_time: maybe(timestamp()),
    types: maybe(some(text())),
    analytic: maybe(
      group({ uid: text(), name: text(), type_id: oneOf(1, 2, 3, 4), type: text(), version: maybe(text()) }),
    ),
    attacks: maybe(
      some(
        group({
          technique: group({ uid: Type.String({ pattern: '^(T\\d{4}|AML\\.T\\d{4})$' }) }),
          sub_technique: maybe(group({ uid: Type.String({ pattern: '^(T\\d{4}|AML\\.T\\d{4})\\.\\d{3}$' }) })),
        }),
      ),
    ),
  }),
  resources: maybe(some(group({ uid: text(), name: text(), type: text(), owner: maybe(group({ name: text() })) }))),
  evidences: maybe(some(group({ uid: text(), api: group({ operation: text() }), data: open() }))),
  anomaly_analyses: maybe(
    some(
      group({
        analysis_targets: some(group({ name: text(), type: text() })),
        anomalies: measured,
        baselines: maybe(measured),
      }),
    ),
  ),
})

const BaseEvent = group({
  ...common,
  activity_id: Type.Literal(99),
  category_uid: Type.Literal(0),
  class_uid: Type.Literal(0),
  type_uid: Type.Literal(99),
})

const SEVERITIES = ['Unknown', 'Informational', 'Low', 'Medium', 'High', 'Critical', 'Fatal']
const ACTIVITIES = ['Unknown', 'Create', 'Update', 'Close']
const STATUSES = ['Unknown', 'New', 'In Progress', 'Suppressed', 'Resolved', 'Archived', 'Deleted']
const ANALYTICS = ['Unknown', 'Rule', 'Behavioral', 'Statistical', 'Learning (ML/DL)']

interface Numbered {
  readonly class_uid: number
  readonly activity_id: number
  readonly activity_name: string
  readonly type_uid: number
  readonly severity_id: number
  readonly severity: string
  readonly status_id?: number
  readonly status?: string
  readonly start_time?: number
  readonly end_time?: number
  readonly finding_info?: { readonly analytic?: { readonly type_id: number; readonly type: string } }
}

/** Names and numbers that do not go together. */
function mismatches(document: Numbered): string[] {
  const { class_uid: kind, activity_id: activity, severity_id: severity, status_id: status } = document
  const analytic = document.finding_info?.analytic
  const checks: readonly (readonly [string, boolean])[] = [
    ['type_uid is not class_uid * 100 + activity_id', document.type_uid === kind * 100 + activity],
    ['severity is not the name of its number', SEVERITIES[severity] === document.severity],
    ['activity_name is not the name of its number', kind === 0 || ACTIVITIES[activity] === document.activity_name],
    ['status is not the name of its number', status === undefined || STATUSES[status] === document.status],
    [
      'analytic.type is not the name of its number',
      analytic === undefined || ANALYTICS[analytic.type_id] === analytic.type,
    ],
    ['it ends before it starts', (document.start_time ?? 0) <= (document.end_time ?? Number.POSITIVE_INFINITY)],
  ]
  return checks.filter(([, holds]) => !holds).map(([problem]) => problem)
}

/** Where a document breaks the schema; empty where it does not. */
export function ocsfProblems(document: unknown): string[] {
  const schema = (document as { class_uid?: unknown }).class_uid === 2004 ? DetectionFinding : BaseEvent
  const wrong = [...Errors(schema, document)].map(({ instancePath, message }) => `${instancePath} ${message}`)
  return wrong.length > 0 ? wrong : mismatches(document as Numbered)
}
