/**
 * The contract of a stage: a deterministic function of (snapshot, ordered records). It reads no clock, random number,
 * file, network or other partition.
 *
 * Stage one takes the records of one partition of `events`, stage two those of one partition of `signals`. The caller
 * feeds it record after record, writes its output, and appends a tick while `pending` is true.
 */
import type { Detector } from '../../../detectors/detector.ts'
import type { Agents } from '../../../detectors/lib/agent-registry.ts'
import type { LeakedCredentials } from '../../../detectors/lib/leaked-credentials.ts'
import type { SectionContent } from '../../../detectors/lib/sections.ts'
import type { DetectionConfiguration } from '../../../schemas/configuration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Row } from '../../../schemas/frame.ts'
import type { Words } from '../../../schemas/keyed-hash.ts'
import type { Signal } from '../../../schemas/signal.ts'

export interface StageOptions {
  readonly detectors: readonly Detector[]
  /** Hash of the engine, the detectors and all that they import; part of the epoch. */
  readonly codeVersion: string
  readonly partition: number
  /** Configuration in force until the first control record says otherwise, by tenant; '' is every tenant's. */
  readonly configuration?: DetectionConfiguration
  /** Leak list in force until then, every tenant's. */
  readonly leaked?: LeakedCredentials
  /** Trust registry in force until then, every tenant's. */
  readonly agents?: Agents
  /** The sections that the snapshot names (`sectionsIn`), by hash. */
  readonly held?: ReadonlyMap<string, SectionContent>
  /** Most identities that the partition keeps; LIMITS.identities_per_partition_max unless told. */
  readonly identitiesMax?: number
  /**
   * Keys the hash that finds the rows of identities, sessions and second-stage keys, until a snapshot brings the one that its
   * rows were made with. Secret and chance where others send; it changes no result. Absent: a fixed one, for tools.
   */
  readonly rowKey?: Words
}

/** A record as the log holds it. */
export interface StageRecord {
  readonly offset: number
  readonly value: Buffer
  /** Of a frame of events: its rows, where whoever hands it in has read them already. */
  readonly rows?: readonly Row[]
}

/** What one record brought about, in order. */
export interface Applied {
  readonly findings: readonly Finding[]
  /** Stage one only: to be written to `signals`, each to the partition of its key (`signalKey`). */
  readonly signals: readonly Signal[]
  /** Events or signals taken in (repeats not counted). */
  readonly count: number
  /** Events that came again, and calls that were told by a log record and a span, once each. */
  readonly repeats: number
  /** Live events far behind their key's newest: judged and not learned. */
  readonly behind: number
  /** Rows that the stage could not take; the caller dead-letters them. */
  readonly problems: readonly { readonly row: number; readonly reason: string }[]
}

/** Yields after every few rows; returns when the record is applied. */
export type Steps<T> = Generator<undefined, T, undefined>

/** Rows between two steps. */
export const STEP_ROWS = 16

/** Takes all steps at once. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** State as named columns: what a snapshot is made of. Names are `detector@version/field/column`, or the engine's own. */
export interface StageSnapshot {
  readonly stage: 'events' | 'signals'
  readonly partition: number
  /** Offset of the first record that is not in the state. */
  readonly offset: number
  readonly epoch: string
  readonly columns: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

export interface StageStats {
  readonly identities: number
  readonly sessions: number
  readonly openWindows: number
  readonly candidates: number
  readonly evicted: number
  /** Bytes of all columns and indexes. */
  readonly stateBytes: number
}

export interface Stage {
  readonly stage: 'events' | 'signals'
  readonly partition: number
  /**
   * Takes one record. `content` is what a config control record names by its hash; the caller loads it first, because the
   * stage does no I/O. Throws FrameError for a record that is not ours: the caller dead-letters it and continues.
   */
  apply(record: StageRecord, content?: SectionContent): Applied
  /**
   * The same step by step, for callers whose event loop others need, too: a frame of some hundred events can take a tenth of a
   * second. Nothing else may be asked of the stage between two steps than how much it holds, and all steps must be taken.
   */
  applySteps(record: StageRecord, content?: SectionContent): Steps<Applied>
  /** Highest receipt time seen in ms; in stage two the highest tick, which alone promises that nothing earlier is on its way. */
  readonly logTime: number
  /** Something waits for log time: an open window or session, a candidate. */
  readonly pending: boolean
  /** Something waits for a decision (candidates of stage two): ticks should come quickly. */
  readonly urgent: boolean
  readonly epoch: string
  /** Offset of the next record to apply. */
  readonly offset: number
  readonly stats: StageStats
  /** How many identities of each tenant the state knows; empty in stage two. */
  identities(): ReadonlyMap<string, number>
  /**
   * Time of the first event of an identity, in ms since 1970; undefined where the stage does not know it. Stage two knows it of
   * those whom the findings of the last record are about, where the signals came from themselves.
   */
  knownSince(tenant: string, identity: string): number | undefined
  snapshot(): StageSnapshot
}

/**
 * Makes a stage, empty or from a snapshot. Columns are matched by name: missing ones start empty, unknown ones are
 * dropped.
 */
export type StageFactory = (options: StageOptions, snapshot?: StageSnapshot) => Stage
