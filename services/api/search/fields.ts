/**
 * What can be searched: for each kind of thing its fields, what they hold, and where the warehouse keeps them. The fields of
 * events come from the schema, so that a new column can be searched without a word here.
 */
import { EVENT_COLUMNS } from '../../../schemas/event.ts'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import type { TableName } from '../../lib/warehouse/tables.ts'

/**
 * text: compared as written. host: an address or a name, with the names below it. list: any of its items. number, time
 * (ms since 1970 in JavaScript), flag. id: 32 hex digits. hash: a keyed hash of a value, in decimals.
 */
export type FieldKind = 'text' | 'host' | 'list' | 'number' | 'time' | 'flag' | 'id' | 'hash'

export interface Field {
  readonly name: string
  readonly kind: FieldKind
  /** An expression of ours. */
  readonly sql: string
  /** The only values that it has. */
  readonly words?: readonly string[]
  /** Of a host: lists of more hosts. */
  readonly beside?: readonly string[]
}

export interface Subject {
  readonly name: string
  readonly from: TableName
  readonly final: boolean
  readonly fields: ReadonlyMap<string, Field>
  /** Expressions that a bare value is searched in. */
  readonly texts: readonly string[]
  /** How many things a group of rows represents. */
  readonly count: string
  /** What is counted by value if the caller names no fields. */
  readonly facets: readonly string[]
}

/** The latest non-empty value of a column: an event that leaves it out does not clear it. */
export const newestNamed = (column: 'owner' | 'role'): string =>
  `argMaxIf(${column}, time, ${column} != '') AS ${column}`

/** Counts events, repeats once. The ids as numbers: exact, and three times as fast as their texts. */
export const DISTINCT_EVENTS = 'uniqExact(reinterpretAsUInt128(unhex(event_id)))'

/** The time at which an event counts for the age of its identity, as the engine places it (`placing.ts` of the detector): nobody ages live events by back-dating them. */
export const LEARNED_FROM = `if(history = 0 AND sender != '', greatest(time, receipt_time - toIntervalMillisecond(${LIMITS.event_behind_ms_max})), time)`

const HIDDEN = new Set(['tenant', 'indicators', 'value_hashes', 'value_kinds'])

function kindOf(clickhouse: string): FieldKind {
  if (clickhouse.startsWith('DateTime')) return 'time'
  if (clickhouse === 'FixedString(32)') return 'id'
  if (clickhouse.startsWith('Array(')) return 'list'
  return /^(UInt|Int|Float)/.test(clickhouse) ? 'number' : 'text'
}

const fieldsOf = (fields: readonly Field[]): ReadonlyMap<string, Field> =>
  new Map(fields.map((field) => [field.name, field]))

const eventFields = EVENT_COLUMNS.filter(({ name }) => !HIDDEN.has(name)).map(({ name, clickhouse, schema }): Field => {
  const words = (schema as { readonly enum?: readonly string[] }).enum
  const kind = name === 'history' ? 'flag' : kindOf(clickhouse)
  return { name, kind, sql: `\`${name}\``, ...(words === undefined ? {} : { words }) }
})

const hosts = { kind: 'host', sql: 'peer', beside: ['peer_domains'] } as const

export const EVENTS: Subject = {
  name: 'events',
  from: 'events',
  final: false,
  fields: fieldsOf([
    ...eventFields,
    { name: 'agent', kind: 'text', sql: 'identity' },
    { name: 'peer', ...hosts },
    { name: 'value', kind: 'hash', sql: 'value_hashes' },
  ]),
  texts: ['identity', 'action', 'target', 'peer', 'session', 'source_address', 'user_agent', 'source_id', 'error'],
  count: DISTINCT_EVENTS,
  facets: ['identity', 'action', 'kind', 'outcome', 'target', 'peer_domains', 'source_network', 'credential'],
}

const inBody = (...path: readonly string[]): string =>
  `JSONExtractString(body, ${path.map((part) => `'${part}'`).join(', ')})`
const targets = "arrayMap(e -> JSONExtractString(e, 'target'), JSONExtractArrayRaw(body, 'evidence'))"

export const FINDINGS: Subject = {
  name: 'findings',
  from: 'findings',
  final: true,
  fields: fieldsOf([
    { name: 'id', kind: 'id', sql: 'id' },
    { name: 'time', kind: 'time', sql: 'time' },
    { name: 'detector', kind: 'text', sql: 'detector' },
    { name: 'version', kind: 'number', sql: 'version' },
    { name: 'revision', kind: 'number', sql: 'revision' },
    { name: 'mode', kind: 'text', sql: 'mode', words: ['live', 'shadow'] },
    { name: 'severity', kind: 'text', sql: 'severity', words: SEVERITIES },
    { name: 'agent', kind: 'text', sql: 'agent' },
    { name: 'identity', kind: 'text', sql: 'agent' },
    { name: 'session', kind: 'text', sql: 'session' },
    { name: 'history', kind: 'flag', sql: 'history' },
    { name: 'owner', kind: 'text', sql: inBody('owner') },
    { name: 'title', kind: 'text', sql: inBody('title') },
    { name: 'why', kind: 'text', sql: inBody('why') },
    { name: 'technique', kind: 'list', sql: "JSONExtract(body, 'techniques', 'Array(String)')" },
    { name: 'surprise', kind: 'number', sql: "JSONExtractFloat(body, 'surprise')" },
    { name: 'target', kind: 'list', sql: targets },
    { name: 'peer', kind: 'host', sql: inBody('observed', 'host') },
  ]),
  texts: ['body'],
  count: 'uniqExact(id)',
  facets: ['severity', 'detector', 'agent', 'owner', 'technique', 'mode'],
}
