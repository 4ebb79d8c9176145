/**
 * The warehouse as the services see it: rows go in by table, questions have parameters. Behind it is ClickHouse, in the
 * process (chdb) or as a server. It is a projection of the log that may be away, be dropped and be rebuilt. So every call
 * can fail with a WarehouseError, and no service may depend on it to start or to continue.
 */
import type { TableName } from './tables.ts'

/**
 * Codes are closed. unavailable: away, or not open yet; try later. refused: these rows will never be taken. too_heavy:
 * the question passed its limits of time or memory. busy: too many questions wait. incomplete: it lacks what the log holds
 * and is being filled again. failed: anything else, a bug or an engine in trouble; try later, and a person should look.
 */
export type WarehouseErrorCode = 'unavailable' | 'refused' | 'too_heavy' | 'busy' | 'incomplete' | 'failed'

export class WarehouseError extends Error {
  override readonly name = 'WarehouseError'
  readonly code: WarehouseErrorCode
  /** Whether the same call may succeed later. */
  readonly retriable: boolean
  constructor(code: WarehouseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.retriable = code !== 'refused'
  }
}

export interface Question {
  /** Whose it is: tenants take turns where questions wait. Absent: nobody's in particular. */
  readonly tenant?: string
  /** Names the question in metrics and errors. */
  readonly name: string
  /** One SELECT with {parameter:Type} placeholders, without SETTINGS and FORMAT. It contains no caller's value. */
  readonly sql: string
  readonly params: Readonly<Record<string, string | number | readonly string[]>>
}

export type WarehouseState = 'opening' | 'up' | 'down' | 'closed'

export interface WarehouseStatus {
  readonly state: WarehouseState
  /** Why it is not up; '' while it is. */
  readonly reason: string
  /** What was received before this is missing for good; ms since 1970. Absent if nothing is known to be missing. */
  readonly wholeSince?: number
}

export interface Warehouse {
  status(): WarehouseStatus
  /** How often it was opened so far. What another opening answers may be another warehouse's. */
  openings(): number
  /** Resolves once the attempt to open that is under way has ended, well or not. */
  settled(): Promise<WarehouseStatus>
  /** Answers with one object per row; 64-bit integers come as decimal strings. Throws WarehouseError. */
  ask<Row>(question: Question): Promise<Row[]>
  /**
   * Stores rows given as JSONCompactEachRow lines (one JSON array a line, columns in the order of `TABLES`). The same
   * bytes sent again within the engine's window are stored once. Throws WarehouseError; then nothing is known of the rows.
   */
  insert(table: TableName, lines: Buffer): Promise<void>
  /**
   * Deletes an identity's events, and what was found about it up to a time in ms since 1970. It also leaves the disk:
   * ClickHouse rewrites the parts that hold it. Throws WarehouseError.
   */
  forget(tenant: string, identity: string, foundBefore: number): Promise<void>
  /** Keeps the excerpts of these events as long as a finding that names them. Throws WarehouseError. */
  keepExcerpts(tenant: string, eventIds: readonly string[]): Promise<void>
  /**
   * Keeps the rows as they are, for a copy, in `shadow/NAME` of the engine's own directory; see frozen.ts. `name`: small
   * letters and digits. Throws WarehouseError.
   */
  freeze(name: string): Promise<void>
  /** Lets questions and inserts under way end, then leaves the engine. */
  close(): Promise<void>
}
