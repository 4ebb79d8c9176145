/** The partitions of a stage in memory. */
import type { Detector } from '../../../../detectors/detector.ts'
import type { DetectionConfiguration } from '../../../../schemas/configuration.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { PartitionKey } from '../../../../schemas/partitioning.ts'
import type { StageFactory, Words } from '../../engine/index.ts'
import type { StageTopic } from '../stage-topics.ts'
import { createLane, type Fault, type Lane, type LaneOptions } from './lane.ts'

/** What both stages are told. */
export interface LocalOptions {
  readonly detectors: readonly Detector[]
  readonly codeVersion: string
  /** Receipt time of every frame in ms: later than every event. */
  readonly receiptTime: number
  /** Partitions of each stage; 1 unless told. No result depends on it. */
  readonly partitions?: number
  readonly configuration?: DetectionConfiguration
  /** See StageOptions. */
  readonly rowKey?: Words
  /** Chooses partitions as a log with this key does; none unless told. No result depends on it. */
  readonly partitionKey?: PartitionKey
  /** What goes wrong after a record; nothing unless told. */
  readonly fault?: (stage: StageTopic, partition: number, offset: number) => Fault
}

/** Lanes of these partitions, by partition. */
export function createLanes(
  options: LocalOptions,
  partitions: readonly number[],
  create: StageFactory,
  output: LaneOptions['output'],
): ReadonlyMap<number, Lane> {
  const { detectors, codeVersion, configuration, rowKey, fault } = options
  const given = {
    detectors,
    codeVersion,
    ...(configuration === undefined ? {} : { configuration }),
    ...(rowKey === undefined ? {} : { rowKey }),
  }
  const laneOf = (partition: number): Lane =>
    createLane({ create: (snapshot) => create({ ...given, partition }, snapshot), fault, output })
  return new Map(partitions.map((partition) => [partition, laneOf(partition)]))
}

/** Ticks at the end come this far apart first, and twice as far each time: no result depends on when a window is freed. */
const FIRST_TICK_MS = LIMITS.candidate_delay_ms
/** 2 s doubled 40 times is beyond any window: more would mean that a stage never comes to rest. */
const TICKS_MAX = 40

/** Ticks until nothing is pending. */
export function settle(lane: Lane, { receiptTime }: LocalOptions, tick: (time: number) => void): void {
  let ahead = FIRST_TICK_MS
  for (let ticks = 0; lane.stage.pending; ticks++) {
    if (ticks === TICKS_MAX) throw new Error(`partition ${lane.stage.partition} of ${lane.stage.stage} never rests`)
    tick(receiptTime + ahead)
    ahead *= 2
  }
}
