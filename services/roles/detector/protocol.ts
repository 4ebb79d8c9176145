/** What goes between a process and its thread of detection, besides the log. */
import type { MessagePort } from 'node:worker_threads'
import type { DetectorStatus, UnderWay } from '../../detector/index.ts'
import type { MetricChange } from '../../lib/told-metrics.ts'

export interface ThreadData {
  /** Where the log is lent. */
  readonly log: MessagePort
  readonly calls: MessagePort
  readonly codeVersion: string
  readonly acceptGaps: boolean
  readonly logLevel: string
  /** Where the thread notes the record that it works on. */
  readonly underWay: UnderWay
  /** Names of records at which threads ended before: this one goes on without them. */
  readonly givenUp: ReadonlySet<string>
}

/** How detection is, as the thread tells it. */
export type ToldStatus = Pick<DetectorStatus, 'state' | 'reason' | 'halted'>

/** What the thread may be asked for. */
export type ThreadProcedures = {
  readonly start: (none: null) => Promise<void>
  readonly stop: (none: null) => Promise<void>
}

/** What the thread tells. */
export type ProcessProcedures = {
  readonly status: (status: ToldStatus) => void
  /** How many identities of each tenant are known. */
  readonly identities: (identities: ReadonlyMap<string, number>) => void
  readonly metric: (change: MetricChange) => void
}
