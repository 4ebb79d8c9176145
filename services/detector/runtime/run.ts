/** One life of the consumer, from a start to the failure or stop that ends it. */
import type { Detector } from '../../../detectors/detector.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { chanceKey } from '../../lib/chance-key.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Consumer, Log } from '../../lib/log/port.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { Partitioning } from '../../lib/partitioning.ts'
import { createTurns, type Turns } from '../../lib/turns.ts'
import { createStageOne, createStageTwo } from '../engine/index.ts'
import { type Commits, createCommits } from './commits.ts'
import { createGate, type Gate } from './gate.ts'
import { hold, type Holdings, showHoldings, workersOf } from './holdings.ts'
import type { WorkerDeps } from './partition-worker.ts'
import type { SectionReader } from './sections.ts'
import { createSnapshotStore } from './snapshot-store.ts'
import { STAGE_TOPICS } from './stage-topics.ts'
import { createTicker, type Ticker } from './ticker.ts'
import { createUnderWay, type UnderWay } from './under-way.ts'
import { createWatermark } from './watermark.ts'

/** What the creator of the detector service passes in. */
export interface Given {
  readonly log: Log
  readonly partitioning: Partitioning
  readonly detectors: readonly Detector[]
  /** Hash of the code that decides, part of the epoch. */
  readonly codeVersion: string
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** Shared with other work of the process. Default: of its own. */
  readonly turns?: Turns
  /** Where it notes the record that it works on. Default: nobody else sees it. */
  readonly underWay?: UnderWay
  /** Names of records at which detection has ended before: they become dead letters, and it goes on without them. */
  readonly givenUp?: ReadonlySet<string>
}

export interface RunDeps extends Given {
  readonly acceptGaps: boolean
  readonly section: SectionReader
  /** Offsets of records that a bug met, kept from one life to the next. */
  readonly poisoned: Set<string>
  readonly holdings: Holdings
  /** How far a tick stays behind the clock, ms. */
  marginMs(): number
}

export interface Run {
  readonly ticker: Ticker
  readonly gate: Gate
  readonly deps: WorkerDeps
  readonly commits: Commits
  consumer: Consumer | undefined
  ended: boolean
  /** ms since 1970. */
  readonly began: number
}

const GROUP = 'detector'

const stagesOf =
  ({ detectors, codeVersion }: RunDeps): WorkerDeps['createStage'] =>
  (topic, partition, snapshot, held) => {
    const create = topic === 'events' ? createStageOne : createStageTwo
    return create({ detectors, codeVersion, partition, rowKey: chanceKey(), held }, snapshot)
  }

function tickerOf({ log, clock, logger, metrics, holdings, marginMs }: RunDeps): Ticker {
  const processed = (partition: number): number | undefined => holdings.workers.events.get(partition)?.position
  const watermark = createWatermark({ log, clock, group: GROUP, processed, marginMs })
  return createTicker({ log, clock, logger, metrics, watermark })
}

/** Makes a life that consumes nothing yet. */
export function createRun(deps: RunDeps): Run {
  const { log, partitioning, clock, logger, metrics, acceptGaps, section, poisoned, holdings } = deps
  const ticker = tickerOf(deps)
  const gate = createGate(1)
  const commits = createCommits({
    workers: () => workersOf(holdings),
    isShared: () => holdings.workers.events.size < log.partitions('events'),
    showMetrics: () => showHoldings(holdings, deps),
  })
  const shared = { log, partitioning, clock, logger, metrics, gate, ticker, section, poisoned, acceptGaps }
  const workerDeps: WorkerDeps = {
    ...shared,
    turns: deps.turns ?? createTurns(),
    underWay: deps.underWay ?? createUnderWay(),
    givenUp: deps.givenUp ?? new Set(),
    createStage: stagesOf(deps),
    store: createSnapshotStore(log),
    onProgress: () => commits.plan(),
  }
  return { ticker, gate, deps: workerDeps, commits, consumer: undefined, ended: false, began: clock.now() }
}

/** Begins to consume. Throws LogError where the log cannot be read. */
export async function beginRun(run: Run, holdings: Holdings, onStopped: (error: Error) => void): Promise<void> {
  const consumer = await run.deps.log.consume({
    group: GROUP,
    topics: STAGE_TOPICS,
    handler: (topic, partition) => hold(holdings, topic, partition, run.deps),
    onStopped,
  })
  run.consumer = consumer
  run.commits.into(consumer)
  // It may have failed, or the service may have been stopped, before there was a consumer.
  if (run.ended) await consumer.close()
}

/** Ends the current batches and writes snapshots of what has changed. */
export async function endRun(run: Run): Promise<void> {
  run.ended = true
  await run.ticker.stop()
  run.gate.widen(LIMITS.snapshots_at_stop_max)
  // Side by side: a commit that hangs must not keep the snapshots from being written, which closing does.
  await Promise.all([run.commits.stop(), run.consumer?.close()])
}
