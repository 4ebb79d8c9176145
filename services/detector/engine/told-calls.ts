/**
 * Tool calls that are recorded twice: by a record of a log and by a span of a trace. Frameworks write both, and a call
 * that is judged twice counts twice in every habit. Two records are one call if identity, conversation, id of the call,
 * sender and action are the same, one is a log record and the other a span, and their times are at most ten minutes
 * apart. The one that comes first is the event; the other is skipped.
 *
 * The other is skipped only if it says nothing beyond the first. A record that says more (arguments where the first had
 * none, a result, another target, a denial) is judged like any event, so that nobody can hide a call behind an emptier or
 * milder record of it. Each record covers only one other, so calls are covered only by as many judged calls.
 *
 * Rows of the partition are kept in arrival order, bounded in number and in characters. A call whose row has been dropped
 * counts twice.
 */
import { EVENT_COLUMNS, EVENT_SCHEMA_VERSION, blankEvent, type Event, type EventRow } from '../../../schemas/event.ts'
import { eventRows, isEventSchema } from '../../../schemas/event-rows.ts'
import { LIMITS } from '../../../schemas/limits.ts'

export interface ToldCallsDump {
  /** Version of the event schema of the rows. */
  readonly schema: number
  /** Oldest first. */
  readonly rows: readonly EventRow[]
}

type Column = keyof Event
type Rule = (first: EventRow, second: EventRow, at: number) => boolean

const at = new Map(EVENT_COLUMNS.map(({ name }, index) => [name as Column, index]))
const place = (column: Column): number => at.get(column) ?? -1
const BLANK = EVENT_COLUMNS.map(({ name }) => blankEvent()[name as Column])
const EVENT_ID = place('event_id')
const TENANT = place('tenant')
const IDENTITY = place('identity')
const SESSION = place('session')
const SOURCE_ID = place('source_id')
const CALL_RECORD = place('call_record')
const TIME = place('time')
const TIME_FLAG = place('time_flag')
const HASHES = place('value_hashes')
const KINDS = place('value_kinds')

const any: Rule = () => true
const same: Rule = (first, second, column) => first[column] === second[column]
const notMore: Rule = (first, second, column) => (second[column] as number) <= (first[column] as number)
const someBits: Rule = (first, second, column) => ((second[column] as number) & ~(first[column] as number)) === 0
const someItems: Rule = (first, second, column) => {
  const held = first[column] as readonly string[]
  return (second[column] as readonly string[]).every((item) => held.includes(item))
}
/** The same value, or the blank of a record that does not say it. */
const sameOrBlank: Rule = (first, second, column) =>
  second[column] === first[column] || second[column] === BLANK[column]

const ordered: Rule = (first, second, column) => {
  const [held, said] = [first[column] as readonly string[], second[column] as readonly string[]]
  return said.length === 0 || (said.length === held.length && said.every((item, n) => item === held[n]))
}

/** Values with their kinds. */
const someValues: Rule = (first, second) => {
  const pairs = (row: EventRow): string[] =>
    (row[HASHES] as readonly string[]).map((hash, n) => `${(row[KINDS] as readonly number[])[n]}/${hash}`)
  const held = new Set(pairs(first))
  return pairs(second).every((pair) => held.has(pair))
}

/** A span that says mcp or a2a is more exact than a log record that says tool. */
const sameOrTool: Rule = (first, second, column) => same(first, second, column) || second[column] === 'tool'
/** Only a success covers a telling without an end: a denial that was made up would make the call milder. */
const sameOrOpen: Rule = (first, second, column) =>
  same(first, second, column) || (second[column] === 'unknown' && first[column] === 'success')

/** When a column of the second record says nothing beyond the first; `sameOrBlank` for unlisted columns. */
const TABLE: readonly (readonly [Rule, readonly Column[]])[] = [
  [any, ['event_id', 'content_id', 'time', 'time_ns', 'receipt_time', 'sequence', 'call_record']],
  [any, ['extractor_version', 'value_kinds', 'source_network', 'user_agent_family']],
  [same, ['tenant', 'identity', 'session', 'session_derived', 'source', 'source_id', 'sender', 'history']],
  [same, ['principal_kind', 'identity_assurance', 'action', 'time_flag']],
  // Without its approval an act is judged harder, so that a telling without one is no part of a telling with one.
  [same, ['approval', 'approver', 'approval_factors', 'approval_expires']],
  [notMore, ['bytes_in', 'bytes_out', 'cost', 'tokens_in', 'tokens_out']],
  [sameOrTool, ['kind']],
  [sameOrOpen, ['outcome']],
  [ordered, ['on_behalf_of']],
  [someItems, ['peer_domains']],
  [someBits, ['content_classes']],
  [someValues, ['value_hashes']],
]
const RULES = new Map(TABLE.flatMap(([rule, columns]) => columns.map((column) => [column, rule] as const)))
const rules = EVENT_COLUMNS.map(({ name }) => RULES.get(name as Column) ?? sameOrBlank)

const saysNothingMore = (first: EventRow, second: EventRow): boolean =>
  rules.every((rule, column) => rule(first, second, column))

const keyOf = (row: EventRow): string =>
  `${row[TENANT] as string}\u0000${row[IDENTITY] as string}\u0000${row[SESSION] as string}\u0000${row[SOURCE_ID] as string}`

/** Characters that a row keeps in memory, about. */
function charsOf(row: EventRow): number {
  let sum = 0
  for (const value of row) {
    if (typeof value === 'string') sum += value.length
    else sum += Array.isArray(value) ? value.length * 24 : 8
  }
  return sum
}

/** A record of a call, with what finds it and what it weighs. */
interface Told {
  readonly row: EventRow
  readonly key: string
  readonly chars: number
}

const distanceMs = (a: EventRow, b: EventRow): number => Math.abs((a[TIME] as number) - (b[TIME] as number))

export class ToldCalls {
  /** By event id, oldest first. */
  readonly #told = new Map<string, Told>()
  readonly #byCall = new Map<string, Told[]>()
  #chars = 0

  /** True if the row repeats an earlier call and says nothing more. Otherwise it is kept as a record of its call. */
  isRetold(row: EventRow): boolean {
    if (row[CALL_RECORD] === 'unknown' || row[SOURCE_ID] === '' || row[SESSION] === '' || row[TIME_FLAG] !== 'ok') {
      return false
    }
    const key = keyOf(row)
    const first = this.#byCall.get(key)?.find((held) => this.#covers(held.row, row))
    if (first !== undefined) {
      this.#drop(first)
      return true
    }
    this.#keep(key, row)
    return false
  }

  #covers(first: EventRow, second: EventRow): boolean {
    return (
      first[CALL_RECORD] !== second[CALL_RECORD] &&
      distanceMs(first, second) <= LIMITS.told_call_ms_max &&
      saysNothingMore(first, second)
    )
  }

  #keep(key: string, row: EventRow): void {
    const id = row[EVENT_ID] as string
    // A copy of an event with other content is judged by itself, and covers nothing.
    if (this.#told.has(id)) return
    const told = { row, key, chars: charsOf(row) }
    this.#told.set(id, told)
    this.#chars += told.chars
    const same = this.#byCall.get(key)
    if (same === undefined) this.#byCall.set(key, [told])
    else same.push(told)
    if (same !== undefined && same.length > LIMITS.told_calls_per_id_max) this.#drop(same[0] as Told)
    while (
      this.#told.size > LIMITS.told_calls_per_partition_max ||
      this.#chars > LIMITS.told_call_chars_per_partition_max
    ) {
      const [oldest] = this.#told.values()
      if (oldest === undefined) return
      this.#drop(oldest)
    }
  }

  #drop(told: Told): void {
    const { row, key, chars } = told
    if (!this.#told.delete(row[EVENT_ID] as string)) return
    this.#chars -= chars
    const rest = (this.#byCall.get(key) ?? []).filter((one) => one !== told)
    if (rest.length === 0) this.#byCall.delete(key)
    else this.#byCall.set(key, rest)
  }

  forget(tenant: string, identity: string): void {
    for (const told of this.#told.values()) {
      if (told.row[TENANT] === tenant && told.row[IDENTITY] === identity) this.#drop(told)
    }
  }

  /** In memory, about. */
  get bytes(): number {
    return this.#chars * 2
  }

  /** For the snapshot. */
  dump(): ToldCallsDump {
    return { schema: EVENT_SCHEMA_VERSION, rows: Array.from(this.#told.values(), ({ row }) => row) }
  }

  /** Rows of a schema that this version does not read are dropped; their calls count as new. */
  restore({ schema, rows }: ToldCallsDump): void {
    if (!isEventSchema(schema)) return
    for (const row of eventRows(schema, rows)) this.#keep(keyOf(row), row)
  }
}
