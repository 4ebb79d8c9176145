/** The messages between the log's main side and its two workers. */
import type { PackedRecords, PackedValues } from '../packed-records.ts'
import type { LogErrorCode, RecordInput } from '../port.ts'

/** Appends of one tick: `counts[i]` records go to the slot `slots[i]`, in the order of `values`. */
export interface AppendRequest {
  readonly kind: 'append'
  readonly id: number
  readonly nowMs: number
  readonly slots: Int32Array<ArrayBuffer>
  readonly counts: Int32Array<ArrayBuffer>
  readonly values: PackedValues
}

export interface CommitRequest {
  readonly kind: 'commit'
  readonly id: number
  readonly group: string
  readonly slot: number
  readonly offset: number
}

export interface TopicRow {
  readonly name: string
  readonly base: number
  readonly partitions: number
  readonly cleanup: 'delete' | 'compact'
  readonly retentionMs: number
}

export interface TopicsRequest {
  readonly kind: 'topics'
  readonly id: number
  /** New topics, or known ones with another retention; slots are given out by the writer. */
  readonly topics: readonly Omit<TopicRow, 'base'>[]
}

export interface MaintainRequest {
  readonly kind: 'maintain'
  readonly id: number
  readonly nowMs: number
  readonly tombstoneGraceMs: number
  readonly retentionBytesMax: number | null
}

/** Tries to write and remove this many bytes. */
export interface ProbeRequest {
  readonly kind: 'probe'
  readonly id: number
  readonly bytes: number
}

export interface CloseRequest {
  readonly kind: 'close'
  readonly id: number
}

export type WriterRequest =
  | AppendRequest
  | CommitRequest
  | TopicsRequest
  | MaintainRequest
  | ProbeRequest
  | CloseRequest

/** Reads offsets from `from` up to, not including, `to`. At least one record comes if there is one. */
export interface ReadRequest {
  readonly kind: 'read'
  readonly id: number
  readonly slot: number
  /** Topic and partition, for people. */
  readonly place: string
  readonly from: number
  readonly to: number
  readonly recordsMax: number
  readonly bytesMax: number
  /** Offsets of a topic that is not compacted have no gaps: one found means damage. */
  readonly dense: boolean
}

/** Copies what the write-ahead log holds into the database, beside the writer. */
export interface CheckpointRequest {
  readonly kind: 'checkpoint'
  readonly id: number
}

export type ReaderRequest = ReadRequest | CheckpointRequest | CloseRequest

export interface ReadReply extends PackedRecords {
  readonly offsets: Float64Array<ArrayBuffer>
  readonly appendedAt: Float64Array<ArrayBuffer>
  /** Where to read on: `to` if nothing is left below it. */
  readonly next: number
}

export interface ErrorReply {
  readonly code: LogErrorCode | null
  readonly message: string
}

/** Answer to the request `id`. */
export interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: ErrorReply
}

/** Sent by the writer, unasked, when retention removed what is below `start`. */
export interface Trimmed {
  readonly kind: 'trimmed'
  readonly slot: number
  readonly start: number
}

/** Sent by the writer, unasked, when much of the write-ahead log is not in the database yet. */
export interface Backlog {
  readonly kind: 'backlog'
}

export type Notice = Trimmed | Backlog

/** What the log holds when it opens. Index = slot. */
export interface OpenState {
  readonly topics: readonly TopicRow[]
  readonly starts: Float64Array<ArrayBuffer>
  readonly ends: Float64Array<ArrayBuffer>
  readonly commits: readonly { group: string; slot: number; offset: number }[]
}

export interface MaintenanceResult {
  readonly expired: number
  readonly compacted: number
  /** Bytes of the file that hold nothing: they are reused, and given back to the disk where `shrinks`. */
  readonly freeBytes: number
  readonly shrinks: boolean
}

export interface WorkerData {
  readonly directory: string
  readonly databaseBytesMax: number | null
}

/** Bytes that a record counts for in limits and budgets. */
export const recordBytes = (record: RecordInput): number => (record.key?.length ?? 0) + (record.value?.length ?? 0)
