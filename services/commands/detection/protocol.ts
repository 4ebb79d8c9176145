/** What goes between a command and a thread that holds some partitions of stage one for it. */
import type { DetectionConfiguration } from '../../../schemas/configuration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { LocalFirst, SignalRecord } from '../../detector/index.ts'
import type { CalledThreadData } from '../lib/called-thread.ts'

export interface ThreadData extends CalledThreadData {
  /** Ids of detectors. */
  readonly detectors: readonly string[]
  readonly codeVersion: string
  readonly configuration?: DetectionConfiguration
  readonly partitions: number
  /** ms since 1970. */
  readonly receiptTime: number
  /** It holds the partitions which have this remainder. */
  readonly share: { readonly remainder: number; readonly of: number }
}

/** What came of a part of the input. */
export interface Found {
  /** Rows that were looked at. */
  readonly rows: number
  readonly findings: readonly Finding[]
  readonly signals: readonly SignalRecord[]
}

export interface Finished extends Found, Pick<LocalFirst, 'counts'> {
  readonly stats: ReturnType<LocalFirst['stats']>
}

/** What the thread may be asked for. */
export type ThreadProcedures = {
  /** Takes a block of a spool: those rows of it that belong to its partitions. */
  readonly take: (block: Uint8Array) => Found
  readonly finish: (none: null) => Finished
}
