/**
 * The tables of the warehouse: which columns each has, in row order, and how findings become rows. Events and dead
 * letters take their columns from their schemas. The migrations spell the same columns in SQL; a warehouse whose columns
 * differ is refused when it is opened.
 */
import { DEAD_LETTER_COLUMNS, type DeadLetter } from '../../../schemas/dead-letter.ts'
import { EVENT_COLUMNS } from '../../../schemas/event.ts'
import type { Excerpt } from '../../../schemas/excerpt.ts'
import type { FindingRecord } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'

export interface TableColumn {
  readonly name: string
  readonly clickhouse: string
}

/** What a finding can be filtered and ordered by, and its body as the bytes of its JSON. */
const FINDING_COLUMNS: readonly TableColumn[] = [
  { name: 'tenant', clickhouse: 'LowCardinality(String)' },
  { name: 'id', clickhouse: 'FixedString(32)' },
  { name: 'revision', clickhouse: 'UInt8' },
  { name: 'time', clickhouse: "DateTime64(3, 'UTC')" },
  { name: 'detector', clickhouse: 'LowCardinality(String)' },
  { name: 'version', clickhouse: 'UInt32' },
  { name: 'mode', clickhouse: 'LowCardinality(String)' },
  { name: 'severity', clickhouse: 'LowCardinality(String)' },
  { name: 'agent', clickhouse: 'String' },
  { name: 'session', clickhouse: 'String' },
  { name: 'history', clickhouse: 'UInt8' },
  { name: 'found_at', clickhouse: "DateTime64(3, 'UTC')" },
  { name: 'place', clickhouse: 'UInt64' },
  { name: 'body', clickhouse: 'String' },
]

/** The words behind events, as `excerptRow` makes their rows. */
const EXCERPT_COLUMNS: readonly TableColumn[] = [
  { name: 'tenant', clickhouse: 'LowCardinality(String)' },
  { name: 'event_id', clickhouse: 'FixedString(32)' },
  { name: 'place', clickhouse: 'UInt8' },
  { name: 'kind', clickhouse: 'LowCardinality(String)' },
  { name: 'identity', clickhouse: 'String' },
  { name: 'text', clickhouse: 'String' },
  { name: 'receipt_time', clickhouse: "DateTime64(3, 'UTC')" },
  { name: 'kept_until', clickhouse: "DateTime('UTC')" },
]

/** How far the log is stored; see archived.ts. */
const ARCHIVED_COLUMNS: readonly TableColumn[] = [
  { name: 'generation', clickhouse: 'UInt32' },
  { name: 'topic', clickhouse: 'LowCardinality(String)' },
  { name: 'partition', clickhouse: 'UInt32' },
  { name: 'next_offset', clickhouse: 'UInt64' },
  { name: 'last_row', clickhouse: 'UInt64' },
  { name: 'whole_since', clickhouse: "DateTime64(3, 'UTC')" },
]

export const TABLES = {
  events: EVENT_COLUMNS as readonly TableColumn[],
  findings: FINDING_COLUMNS,
  dead_letters: DEAD_LETTER_COLUMNS as readonly TableColumn[],
  excerpts: EXCERPT_COLUMNS,
  archived: ARCHIVED_COLUMNS,
} as const

export type TableName = keyof typeof TABLES
export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[]

/** Which table a topic of the log is stored in. */
export const TABLE_OF_TOPIC = {
  events: 'events',
  findings: 'findings',
  excerpts: 'excerpts',
  'dead-letters': 'dead_letters',
} as const satisfies Record<string, TableName>
export type ArchivedTopic = keyof typeof TABLE_OF_TOPIC
export type ArchivedTable = (typeof TABLE_OF_TOPIC)[ArchivedTopic]
export const ARCHIVED_TOPICS = Object.keys(TABLE_OF_TOPIC) as readonly ArchivedTopic[]

/**
 * The row of a finding, its body as JSON. `offset` is that of its record: all findings of a tenant are in one partition,
 * so their offsets give the order in which they were written.
 */
export function findingRow({ finding, foundAt }: FindingRecord, offset: number): readonly unknown[] {
  return [
    finding.tenant,
    finding.id,
    finding.revision,
    Date.parse(finding.time),
    finding.detector,
    finding.version,
    finding.mode,
    finding.severity,
    finding.agent,
    finding.session ?? '',
    finding.history ? 1 : 0,
    foundAt ?? 0,
    // From 1, because findings that were stored before the column existed have 0.
    offset + 1,
    JSON.stringify(finding),
  ]
}

/** The row of an excerpt. `named`: a finding names its event. */
export function excerptRow({ tenant, event_id, place, kind, identity, text, receipt_time }: Excerpt, named: boolean) {
  const keptMs = named ? LIMITS.excerpt_kept_with_finding_ms : LIMITS.excerpt_kept_ms
  return [tenant, event_id, place, kind, identity, text, receipt_time, Math.floor((receipt_time + keptMs) / 1000)]
}

export const deadLetterRow = (letter: DeadLetter): readonly unknown[] =>
  DEAD_LETTER_COLUMNS.map((column) => letter[column.name as keyof DeadLetter])

/**
 * Rows of {identity:String} in the tables that know one. Its events come in order, those of after it was forgotten behind that;
 * its findings come from elsewhere: only those found before {before:Int64} (ms since 1970) are meant.
 */
export const ROWS_OF_IDENTITY = {
  events: 'identity = {identity:String}',
  excerpts: "identity = {identity:String} AND receipt_time <= fromUnixTimestamp64Milli({before:Int64}, 'UTC')",
  findings: "agent = {identity:String} AND found_at <= fromUnixTimestamp64Milli({before:Int64}, 'UTC')",
} as const satisfies Partial<Record<TableName, string>>
