/**
 * The partitions that this process holds: a worker for each, and the halted ones.
 *
 * If the log itself cannot be read further (records gone before they were processed, a damaged batch), waiting repairs
 * nothing and continuing would skip something. That partition is halted until the process restarts, and reports it; the
 * others continue.
 */
import type { Clock } from '../../lib/clock.ts'
import { type Log, LogError, type PartitionHandler } from '../../lib/log/port.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { StageStats } from '../engine/index.ts'
import { sumStats } from './sum-stats.ts'
import { createPartitionWorker, type PartitionWorker, type WorkerDeps } from './partition-worker.ts'
import { STAGE_TOPICS, type StageTopic } from './stage-topics.ts'

export interface Holdings {
  readonly workers: Record<StageTopic, Map<number, PartitionWorker>>
  /** Why a partition is halted, in a sentence. */
  readonly halted: Record<StageTopic, Map<number, string>>
}

export const noHoldings = (): Holdings => ({
  workers: { events: new Map(), signals: new Map() },
  halted: { events: new Map(), signals: new Map() },
})

export const workersOf = ({ workers }: Holdings): PartitionWorker[] =>
  STAGE_TOPICS.flatMap((topic) => [...workers[topic].values()])

export const restoredIn = ({ workers }: Holdings, topic: StageTopic): number =>
  [...workers[topic].values()].filter((worker) => worker.stage !== undefined).length

export const statsOf = (workers: readonly PartitionWorker[]): StageStats =>
  sumStats(workers.flatMap((worker) => worker.stage?.stats ?? []))

/** How many identities of each tenant the partitions know. */
export function identitiesIn(holdings: Holdings): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { stage } of workersOf(holdings)) {
    for (const [tenant, count] of stage?.identities() ?? []) sums.set(tenant, (sums.get(tenant) ?? 0) + count)
  }
  return sums
}

/** Records of a topic's partitions that are not processed yet, by what the log holds now. */
export async function lagOf({ workers }: Holdings, log: Log, topic: StageTopic): Promise<number> {
  const lags = [...workers[topic].values()].map(async (worker) => {
    const { end } = await log.bounds(topic, worker.partition)
    return Math.max(0, end - worker.position)
  })
  return (await Promise.all(lags)).reduce((sum, lag) => sum + lag, 0)
}

export interface Showing {
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
}

/** Sets the metrics that say how far the partitions are and how much they remember. */
export async function showHoldings(holdings: Holdings, { log, clock, metrics }: Showing): Promise<void> {
  for (const topic of STAGE_TOPICS) {
    const mine = [...holdings.workers[topic].values()]
    metrics.consumerLag.set({ service: 'detector', topic }, await lagOf(holdings, log, topic))
    const oldest = Math.min(...mine.map((worker) => worker.unsavedSince ?? Number.POSITIVE_INFINITY))
    const age = Number.isFinite(oldest) ? (clock.now() - oldest) / 1000 : 0
    metrics.snapshotAgeSeconds.set({ stage: topic }, age)
    const { identities, candidates, evicted, stateBytes } = statsOf(mine)
    if (topic === 'events') metrics.detectorIdentities.set(identities)
    else metrics.detectorCandidates.set(candidates)
    metrics.detectorEvicted.set({ stage: topic }, evicted)
    metrics.detectorStateBytes.set({ stage: topic }, stateBytes)
    const bytes = mine.reduce((sum, worker) => sum + worker.snapshotBytes, 0)
    metrics.snapshotBytes.set({ stage: topic }, bytes)
  }
}

const UNREADABLE = ['offset_out_of_range', 'log_corrupt']

/** Whether only one partition cannot continue; it is then halted. */
export function halts({ halted }: Holdings, error: Error, metrics: Metrics, logger: Logger): boolean {
  if (!(error instanceof LogError) || !UNREADABLE.includes(error.code) || error.place === undefined) return false
  const stage = error.place.topic as StageTopic
  const { partition } = error.place
  if (halted[stage].has(partition)) return false
  halted[stage].set(partition, `${stage}/${partition} stands still: ${error.message}`)
  metrics.partitionsHalted.set({ stage }, halted[stage].size)
  logger.error(
    { err: error, code: error.code, topic: stage, partition },
    'this partition stands still until a person has decided and the process is started again; the others go on',
  )
  return true
}

/** Holds a place in the group, and moves and commits nothing. */
const HALTED: PartitionHandler = {
  start: async () => 'latest',
  process: async () => undefined,
  stop: async () => undefined,
}

/** Takes a partition that the group gives to this process. */
export function hold(
  { workers, halted }: Holdings,
  topic: string,
  partition: number,
  deps: WorkerDeps,
): PartitionHandler {
  const stage = topic as StageTopic
  if (halted[stage].has(partition)) return HALTED
  const worker = createPartitionWorker(stage, partition, deps)
  workers[stage].set(partition, worker)
  return {
    start: () => worker.start(),
    process: (batch, context) => worker.process(batch, context),
    async stop() {
      if (workers[stage].get(partition) === worker) workers[stage].delete(partition)
      await worker.stop()
    },
  }
}
