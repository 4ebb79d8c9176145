/**
 * The log port: what every service knows of the log, whichever engine carries it. Two adapters implement it: SQLite
 * (embedded) and Apache Kafka. `test/conformance/log.ts` is its contract; an adapter that passes it can be plugged in.
 *
 * Semantics. A topic has a fixed number of partitions. A partition is an ordered sequence of records with rising offsets
 * (gaps are allowed: compaction and retention remove records). An append names one partition, and its promise resolves
 * only when the records survive kill -9 and power loss. Delivery is at least once, in order, one batch of a partition at a
 * time. Recovery never reads committed offsets: they serve lag displays only.
 */
import type { TopicSpec } from '../../../schemas/topics.ts'

export interface RecordInput {
  /** Compacted topics keep the newest record of a key. */
  readonly key: string | null
  /** null is a tombstone: compaction removes the key. */
  readonly value: Buffer | null
}

export interface LogRecord extends RecordInput {
  readonly offset: number
  /** When the log took it, ms since 1970. Serves retention; nothing deterministic may read it. */
  readonly appendedAt: number
}

export interface Batch {
  readonly topic: string
  readonly partition: number
  /** Rising offsets, never empty. */
  readonly records: readonly LogRecord[]
  /** Offset that the next appended record of the partition would get, as known when the batch was read. */
  readonly endOffset: number
}

export interface BatchContext {
  /**
   * Throws lease_lost if the partition is no longer this consumer's. Call it before every side effect and rethrow what it
   * throws. It also tells the broker that the consumer is alive.
   */
  heartbeat(): Promise<void>
  readonly signal: AbortSignal
}

/** What a consumer does with one partition, from getting it to losing it. */
export interface PartitionHandler {
  /**
   * Called once before the first batch of each ownership of the partition: restores state and says where to read on.
   */
  start(): Promise<number | 'earliest' | 'latest' | 'committed'>
  /** One batch at a time. What it throws stops the consumer (see `onStopped`). */
  process(batch: Batch, context: BatchContext): Promise<void>
  /** The partition goes to somebody else, or the consumer closes. */
  stop(): Promise<void>
}

export interface ConsumeOptions {
  /** Members of one group share the partitions of its topics. */
  readonly group: string
  readonly topics: readonly string[]
  handler(topic: string, partition: number): PartitionHandler
  readonly batchRecordsMax?: number
  readonly batchBytesMax?: number
  /**
   * The consumer stopped unasked: a handler threw, or the engine gave up. The service exits or creates a new one. A
   * LogError that ended the consuming of one partition names it.
   */
  onStopped(reason: Error): void
}

export interface Consumer {
  /** Partitions owned at the moment. */
  owned(): readonly { topic: string; partition: number }[]
  /** `offset` is the next one to read. For lag displays and autoscaling. */
  commit(topic: string, partition: number, offset: number): Promise<void>
  /** Reads on from here after the current batch. */
  seek(topic: string, partition: number, offset: number): void
  pause(topic: string, partition: number): void
  resume(topic: string, partition: number): void
  /** Finishes the current batches, stops the handlers, leaves the group. */
  close(): Promise<void>
}

export interface PartitionBounds {
  /** Lowest offset that can still be read. */
  readonly start: number
  /** Offset that the next record gets. */
  readonly end: number
}

export interface Log {
  /** Creates missing topics; throws topic_mismatch if one exists with other partitions or cleanup. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>
  partitions(topic: string): number
  /**
   * Appends to exactly one partition and resolves with the offset of the first record once all are durable. Throws
   * a retriable LogError for trouble that may pass, `record_too_large` for what never will. Concurrent appends to
   * one partition are kept in the order of the calls.
   */
  append(topic: string, partition: number, records: readonly RecordInput[]): Promise<number>
  /** Bounded read for compacted topics and tools: from `from` (or start) up to the end as it was at the call. */
  read(topic: string, partition: number, from?: number): AsyncIterable<LogRecord>
  bounds(topic: string, partition: number): Promise<PartitionBounds>
  committed(group: string, topic: string, partition: number): Promise<number | null>
  consume(options: ConsumeOptions): Promise<Consumer>
  /** Whether appends are possible at the moment, and if not why, for /readyz. */
  health(): Promise<{ ok: true } | { ok: false; reason: string }>
  /** Applies retention and compaction now. The engine also does so unasked. */
  maintain(): Promise<void>
  close(): Promise<void>
}

/** Codes are closed; `retriable` says whether the same call may succeed later. */
export type LogErrorCode =
  | 'log_unavailable'
  | 'lease_lost'
  | 'record_too_large'
  | 'topic_mismatch'
  | 'offset_out_of_range'
  | 'log_corrupt'

export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode
  readonly retriable: boolean
  /** The partition that can no longer be consumed; undefined if the error is not about one. */
  place: { readonly topic: string; readonly partition: number } | undefined
  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.retriable = code === 'log_unavailable'
  }
}
