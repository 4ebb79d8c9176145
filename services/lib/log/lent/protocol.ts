/**
 * What goes between the thread that holds a log and one that has borrowed it. A consumer, and a handler of a partition, has
 * a number on both sides: the borrower numbers its consumers, the lender the handlers that its log asks for.
 */
import type { TopicSpec } from '../../../../schemas/topics.ts'
import type { ThrownError } from '../../calls.ts'
import type { PackedRecords, PackedValues } from '../packed-records.ts'
import type { PartitionBounds, PartitionHandler } from '../port.ts'

export interface Place {
  readonly topic: string
  readonly partition: number
}

/** Records up to a bound. `next`: where to read on; undefined where there is no more. */
export interface Page {
  readonly records: PackedRecords
  readonly next: number | undefined
}

export interface Joining {
  readonly consumer: number
  readonly group: string
  readonly topics: readonly string[]
  readonly batchRecordsMax?: number
  readonly batchBytesMax?: number
}

/** What a borrower may ask for. */
export type LenderProcedures = {
  /** How many partitions each of these topics has, of those that there are. */
  readonly topics: (names: readonly string[]) => readonly (readonly [name: string, partitions: number])[]
  readonly ensureTopics: (specs: readonly TopicSpec[]) => Promise<void>
  readonly append: (given: Place & { readonly values: PackedValues }) => Promise<number>
  /** Reads from `from` (undefined: the start) up to, not including, `end`. */
  readonly page: (given: Place & { readonly from: number | undefined; readonly end: number }) => Promise<Page>
  readonly bounds: (place: Place) => Promise<PartitionBounds>
  readonly committed: (given: Place & { readonly group: string }) => Promise<number | null>
  readonly health: (none: null) => Promise<{ ok: true } | { ok: false; reason: string }>
  readonly maintain: (none: null) => Promise<void>
  readonly join: (joining: Joining) => Promise<void>
  readonly commit: (given: Place & { readonly consumer: number; readonly offset: number }) => Promise<void>
  readonly seek: (given: Place & { readonly consumer: number; readonly offset: number }) => void
  readonly pause: (given: Place & { readonly consumer: number }) => void
  readonly resume: (given: Place & { readonly consumer: number }) => void
  readonly leave: (consumer: number) => Promise<void>
  readonly heartbeat: (handler: number) => Promise<void>
}

/** What a lender asks the borrower's consumers for. */
export type BorrowerProcedures = {
  readonly start: (
    given: Place & { readonly consumer: number; readonly handler: number },
  ) => ReturnType<PartitionHandler['start']>
  readonly process: (
    given: Place & { readonly handler: number; readonly records: PackedRecords; readonly endOffset: number },
  ) => Promise<void>
  /** The lease of a handler's partition is lost. */
  readonly abort: (handler: number) => void
  readonly stop: (handler: number) => Promise<void>
  /** A consumer stopped unasked. */
  readonly stopped: (given: { readonly consumer: number; readonly error: ThrownError }) => void
}
