/** Stage two in memory: takes the records of `signals`, and makes the findings that need more than one identity. */
import type { Finding } from '../../../../schemas/finding.ts'
import { encodeTick } from '../../../../schemas/frame.ts'
import { SIGNAL_SCHEMA_VERSION } from '../../../../schemas/signal.ts'
import { createStageTwo, type StageStats } from '../../engine/index.ts'
import { sumStats } from '../sum-stats.ts'
import { createLanes, type LocalOptions, settle } from './lanes.ts'

export interface SecondOptions extends LocalOptions {
  readonly onFinding: (finding: Finding) => void
  /** Called for every record of `signals`, ticks included, before it is applied. */
  readonly onSignalRecord?: (partition: number, value: Buffer) => void
}

export interface LocalSecond {
  append(partition: number, value: Buffer): void
  /** Ticks until nothing is pending. */
  settle(): void
  stats(): StageStats
}

export function createLocalSecond(options: SecondOptions): LocalSecond {
  const all = Array.from({ length: options.partitions ?? 1 }, (_, partition) => partition)
  const lanes = createLanes(options, all, createStageTwo, ({ findings }) => findings.forEach(options.onFinding))
  const append = (partition: number, value: Buffer): void => {
    options.onSignalRecord?.(partition, value)
    lanes.get(partition)?.append(value)
  }
  return {
    append,
    settle() {
      for (const [partition, lane] of lanes)
        settle(lane, options, (time) => append(partition, encodeTick(SIGNAL_SCHEMA_VERSION, time)))
    },
    stats: () => sumStats([...lanes.values()].map(({ stage }) => stage.stats)),
  }
}
