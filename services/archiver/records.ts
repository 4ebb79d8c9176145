/**
 * Turns a log record into the lines that the warehouse takes. Frames of events are forwarded as they are, without parsing a
 * row. Findings and dead letters are parsed, because they have few columns and their bodies are stored whole. What cannot be
 * read becomes a dead letter with its reason, never an exception.
 */
import { type DeadLetter, deadLetterOf, type DeadLetterReason, readDeadLetter } from '../../schemas/dead-letter.ts'
import { EVENT_COLUMNS, EVENT_SCHEMA_VERSION } from '../../schemas/event.ts'
import { eventRows, isEventSchema } from '../../schemas/event-rows.ts'
import { excerptValidator } from '../../schemas/excerpt.ts'
import { readFindingRecord } from '../../schemas/finding.ts'
import { decodeControl, decodeFrame, decodeHeader, type FrameHeader, framePayload } from '../../schemas/frame.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { type ArchivedTopic, deadLetterRow, excerptRow, findingRow } from '../lib/warehouse/tables.ts'

/** A record of the log that waits to be stored. */
export interface UnstoredRecord {
  readonly topic: ArchivedTopic
  readonly partition: number
  readonly offset: number
  readonly value: Buffer
}

/** Whether the record becomes rows, judging by its header. */
export function hasRows({ topic, value }: UnstoredRecord): boolean {
  if (topic !== 'events') return value.length > 0
  try {
    const { kind, count } = decodeHeader(value)
    return kind !== 'control' && count > 0
  } catch {
    return false
  }
}

/** An identity is forgotten: everything received before is removed. */
export interface Forgotten {
  readonly tenant: string
  readonly identity: string
  /** Receipt time of the record that orders it, in ms since 1970. */
  readonly at: number
}

/** What of one topic counts for another, which may be read later. */
export interface Known {
  forget(one: Forgotten): void
  /** Whether what came at this time is from before its identity was forgotten. */
  isForgotten(tenant: string, identity: string, at: number): boolean
  /** A finding names these events. */
  name(tenant: string, eventIds: readonly string[]): void
  isNamed(tenant: string, eventId: string): boolean
}

export function createKnown(): Known {
  const times = new Map<string, number>()
  const named = new Set<string>()
  const keyOf = (tenant: string, id: string): string => `${tenant}\u0000${id}`
  return {
    forget: ({ tenant, identity, at }) => void times.set(keyOf(tenant, identity), at),
    isForgotten: (tenant, identity, at) => at <= (times.get(keyOf(tenant, identity)) ?? -1),
    name(tenant, eventIds) {
      for (const id of eventIds) named.add(keyOf(tenant, id))
      for (const oldest of named) {
        if (named.size <= LIMITS.excerpt_named_events_max) return
        named.delete(oldest)
      }
    },
    isNamed: (tenant, eventId) => named.has(keyOf(tenant, eventId)),
  }
}

/** Events that a finding names. */
export interface Naming {
  readonly tenant: string
  readonly eventIds: readonly string[]
}

/** Lines for the table; or nothing to store (a tick, a control record); or why it cannot be stored. */
export type Unpacked =
  | { readonly kind: 'lines'; readonly lines: Buffer; readonly naming?: Naming }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'forget'; readonly forgotten: Forgotten }
  | { readonly kind: 'dead'; readonly reason: DeadLetterReason; readonly detail: string }

const NOTHING: Unpacked = { kind: 'nothing' }
const dead = (reason: DeadLetterReason, detail: string): Unpacked => ({ kind: 'dead', reason, detail })
const lineOf = (row: readonly unknown[]): Extract<Unpacked, { kind: 'lines' }> => ({
  kind: 'lines',
  lines: Buffer.from(`${JSON.stringify(row)}\n`),
})

const unknownSchema = (version: number): string =>
  `the frame has schema version ${version}, this archiver knows those up to ${EVENT_SCHEMA_VERSION}`

/** Frames of an earlier version have other columns than the table: their rows are rewritten. */
function linesOfOlder(value: Buffer, header: FrameHeader): Buffer {
  const rows = eventRows(header.schema, decodeFrame(value, header).rows)
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

function unpackControl(value: Buffer, header: FrameHeader): Unpacked {
  const control = decodeControl(value)
  if (control.type !== 'forget' || control.key_kind !== 'identity') return NOTHING
  const { tenant, key: identity } = control
  return { kind: 'forget', forgotten: { tenant, identity, at: header.receipt_time } }
}

function unpackFrame(value: Buffer): Unpacked {
  let lines: Buffer
  let header: FrameHeader
  try {
    header = decodeHeader(value)
    if (header.kind === 'control') return unpackControl(value, header)
    if (header.count === 0) return NOTHING
    if (!isEventSchema(header.schema)) return dead('unsupported', unknownSchema(header.schema))
    lines = header.schema === EVENT_SCHEMA_VERSION ? framePayload(value, header) : linesOfOlder(value, header)
  } catch (error) {
    return dead('malformed', (error as Error).message)
  }
  // Frames are joined into one insert, so each must end its last line.
  return { kind: 'lines', lines: lines.at(-1) === 0x0a ? lines : Buffer.concat([lines, Buffer.from('\n')]) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unpackFinding({ value, offset }: UnstoredRecord, known: Known): Unpacked {
  const read = readFindingRecord(value.toString('utf8'))
  if (!read.ok) return dead(read.reason, read.detail)
  const { finding, foundAt = 0 } = read.record
  if (known.isForgotten(finding.tenant, finding.agent, foundAt)) return NOTHING
  const naming = { tenant: finding.tenant, eventIds: finding.evidence.map(({ event_id }) => event_id) }
  known.name(naming.tenant, naming.eventIds)
  return { ...lineOf(findingRow(read.record, offset)), naming }
}

function unpackExcerpt({ value }: UnstoredRecord, known: Known): Unpacked {
  const excerpt = parsed(value.toString('utf8'))
  // Its words must not come to the dead letters, which are kept longer.
  if (!excerptValidator.check(excerpt)) return NOTHING
  if (known.isForgotten(excerpt.tenant, excerpt.identity, excerpt.receipt_time)) return NOTHING
  return lineOf(excerptRow(excerpt, known.isNamed(excerpt.tenant, excerpt.event_id)))
}

function unpackDeadLetter(waiting: UnstoredRecord, now: number): Unpacked {
  const letter = readDeadLetter(parsed(waiting.value.toString('utf8')))
  if (letter !== undefined) return lineOf(deadLetterRow(letter))
  // A dead letter about a dead letter would loop forever, so what is known is stored in its place.
  const detail = 'a dead letter that is not readable itself: see the service that wrote it'
  return lineOf(
    deadLetterRow(
      deadLetterFor(waiting, { reason: 'malformed', detail, record: waiting.value.toString('utf8'), time: now }),
    ),
  )
}

/** What a record holds for its table. `now` (ms since 1970) dates a dead letter that cannot be read itself. */
export function unpack(waiting: UnstoredRecord, now: number, known: Known): Unpacked {
  if (waiting.value.length === 0) return NOTHING
  if (waiting.topic === 'events') return unpackFrame(waiting.value)
  if (waiting.topic === 'excerpts') return unpackExcerpt(waiting, known)
  return waiting.topic === 'findings' ? unpackFinding(waiting, known) : unpackDeadLetter(waiting, now)
}

const TENANT_COLUMN = EVENT_COLUMNS.findIndex((column) => column.name === 'tenant')

/** The tenant of a refused row or finding; '' if unknown. */
function tenantOf(topic: ArchivedTopic, record: string): string {
  const value = topic === 'dead-letters' ? undefined : parsed(record)
  const tenant = Array.isArray(value) ? value[TENANT_COLUMN] : (value as { tenant?: unknown } | undefined)?.tenant
  return typeof tenant === 'string' && tenant.length <= LIMITS.name_chars_max ? tenant : ''
}

/** The dead letter of a whole record, or of one of its rows. Its id is the same on every repeat. */
export function deadLetterFor(
  from: UnstoredRecord,
  why: { reason: DeadLetterReason; detail: string; record: string; time: number; index?: number },
): DeadLetter {
  const origin = `${from.topic}/${from.partition}/${from.offset}`
  return deadLetterOf({ ...why, tenant: tenantOf(from.topic, why.record), service: 'archiver', origin })
}
