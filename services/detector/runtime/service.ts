/**
 * The detector service: consumes `events` and `signals`, one worker for each partition that it owns. When a worker fails
 * it starts again from its snapshots after a while; what it wrote twice is dropped by those who read it.
 *
 * Where the log itself cannot be read on (records gone before they were processed, a damaged batch), waiting mends nothing
 * and going on would skip something. That partition is halted until the process is started again, and says so; the others
 * go on.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Detector } from '../../../detectors/detector.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { chanceKey } from '../../lib/chance-key.ts'
import type { Clock } from '../../lib/clock.ts'
import { type Consumer, type Log, LogError, type PartitionHandler } from '../../lib/log/port.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Metrics } from '../../lib/metrics.ts'
import type { Partitioning } from '../../lib/partitioning.ts'
import { createStageOne, createStageTwo, type Stage, type StageStats } from '../engine/index.ts'
import { createGate } from './gate.ts'
import { sumStats } from './local-pipeline.ts'
import { createPace } from './pace.ts'
import { createPartitionWorker, type PartitionWorker, type WorkerDeps } from './partition-worker.ts'
import { createSectionReader } from './sections.ts'
import { createSnapshotStore } from './snapshot-store.ts'
import { createTicker } from './ticker.ts'
import { createWatermark } from './watermark.ts'

export interface DetectorServiceOptions {
  readonly log: Log
  readonly partitioning: Partitioning
  readonly detectors: readonly Detector[]
  /** Hash of the code that decides, part of the epoch. */
  readonly codeVersion: string
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** A person's decision to keep the state and go on where records are gone that no one has processed. Default: false. */
  readonly acceptGaps?: boolean
}

export interface DetectorStatus {
  /** waiting: it stopped by itself and begins again soon; the reason says why. */
  readonly state: 'stopped' | 'running' | 'waiting'
  readonly reason: string
  /** Why partitions stand still until the process is started again, one sentence each; they are not processed meanwhile. */
  readonly halted: readonly string[]
  /** Partitions owned whose state is restored. */
  readonly partitions: Readonly<Record<Stage['stage'], number>>
  /** The stages' figures added up. */
  readonly stats: StageStats
  /** Times that it began again. */
  readonly restarts: number
}

export interface DetectorService {
  /** Begins to consume. Throws LogError where the log cannot be read. */
  start(): Promise<void>
  /** Ends the current batches, writes snapshots of what has changed, and stops. */
  stop(): Promise<void>
  status(): DetectorStatus
  /** Records of the partitions owned that are not processed yet, with all that came of them, by what the log holds now. */
  lag(): Promise<Readonly<Record<Stage['stage'], number>>>
  /** Identities of a tenant that the partitions of this process know. */
  identitiesOf(tenant: string): number
  /** Time of the first event of an identity, in ms since 1970; undefined where none of these partitions knows it. */
  knownSince(tenant: string, identity: string): number | undefined
}

const GROUP = 'detector'
const TOPICS = ['events', 'signals'] as const satisfies readonly Stage['stage'][]

const UNREADABLE = ['offset_out_of_range', 'log_corrupt']
/** Holds a place in the group, and moves and commits nothing. */
const HALTED: PartitionHandler = {
  start: async () => 'latest',
  process: async () => undefined,
  stop: async () => undefined,
}

const statsOf = (workers: readonly PartitionWorker[]): StageStats =>
  sumStats(workers.flatMap((worker) => worker.stage?.stats ?? []))

export function createDetectorService(options: DetectorServiceOptions): DetectorService {
  const { partitioning, clock, logger, metrics, detectors, codeVersion } = options
  const { log, marginMs } = createPace(options.log, clock)
  const workers: Record<Stage['stage'], Map<number, PartitionWorker>> = { events: new Map(), signals: new Map() }
  const poisoned = new Set<string>()
  const halted: Record<Stage['stage'], Map<number, string>> = { events: new Map(), signals: new Map() }
  const section = createSectionReader(log)
  let stopping = new AbortController()
  let state: DetectorStatus['state'] = 'stopped'
  let reason = ''
  let restarts = 0
  /** In a row, each soon after the one before. */
  let failures = 0
  let running: Run | undefined

  function setState(next: DetectorStatus['state'], why: string): void {
    state = next
    reason = why
    metrics.detectorRunning.set(next === 'running' ? 1 : 0)
  }

  const all = (): PartitionWorker[] => TOPICS.flatMap((topic) => [...workers[topic].values()])
  async function lagOf(topic: Stage['stage']): Promise<number> {
    const lags = [...workers[topic].values()].map(async (worker) => {
      const { end } = await log.bounds(topic, worker.partition)
      return Math.max(0, end - worker.position)
    })
    return (await Promise.all(lags)).reduce((sum, lag) => sum + lag, 0)
  }

  const restored = (topic: Stage['stage']): number =>
    [...workers[topic].values()].filter((worker) => worker.stage !== undefined).length

  async function showMetrics(): Promise<void> {
    for (const topic of TOPICS) {
      const mine = [...workers[topic].values()]
      metrics.consumerLag.set({ service: 'detector', topic }, await lagOf(topic))
      const oldest = Math.min(...mine.map((worker) => worker.unsavedSince ?? Number.POSITIVE_INFINITY))
      const age = Number.isFinite(oldest) ? (clock.now() - oldest) / 1000 : 0
      metrics.snapshotAgeSeconds.set({ stage: topic }, age)
      const { identities, candidates, evicted, stateBytes } = statsOf(mine)
      if (topic === 'events') metrics.detectorIdentities.set(identities)
      else metrics.detectorCandidates.set(candidates)
      metrics.detectorEvicted.set({ stage: topic }, evicted)
      metrics.detectorStateBytes.set({ stage: topic }, stateBytes)
      metrics.snapshotBytes.set(
        { stage: topic },
        mine.reduce((sum, w) => sum + w.snapshotBytes, 0),
      )
    }
  }

  const createStage: WorkerDeps['createStage'] = (topic, partition, snapshot, held) => {
    const create = topic === 'events' ? createStageOne : createStageTwo
    return create({ detectors, codeVersion, partition, rowKey: chanceKey(), held }, snapshot)
  }

  function startRun(): Run {
    const watermark = createWatermark({
      log,
      clock,
      group: GROUP,
      processed: (partition) => workers.events.get(partition)?.position,
      marginMs,
    })
    const ticker = createTicker({ log, clock, logger, metrics, watermark })
    const gate = createGate(1)
    const deps = {
      log,
      partitioning,
      clock,
      logger,
      metrics,
      gate,
      ticker,
      createStage,
      section,
      poisoned,
      acceptGaps: options.acceptGaps ?? false,
      store: createSnapshotStore(log),
      onProgress: () => commits.plan(),
    }
    const commits = createCommits({
      workers: all,
      isShared: () => workers.events.size < log.partitions('events'),
      showMetrics,
    })
    return { ticker, gate, deps, commits, consumer: undefined, ended: false, began: clock.now() }
  }

  async function consume(): Promise<void> {
    const run = startRun()
    running = run
    const consumer = await log.consume({
      group: GROUP,
      topics: TOPICS,
      handler(topic, partition) {
        const stage = topic as Stage['stage']
        if (halted[stage].has(partition)) return HALTED
        const worker = createPartitionWorker(stage, partition, run.deps)
        workers[stage].set(partition, worker)
        return {
          start: () => worker.start(),
          process: (batch, context) => worker.process(batch, context),
          async stop() {
            if (workers[stage].get(partition) === worker) workers[stage].delete(partition)
            await worker.stop()
          },
        }
      },
      onStopped(error) {
        if (!stopping.signal.aborted) void again(error, run)
      },
    })
    run.consumer = consumer
    run.commits.into(consumer)
    // It may have failed, or the service may have been stopped, before there was a consumer.
    if (run.ended) return consumer.close()
    setState('running', '')
  }

  async function endRun(run: Run): Promise<void> {
    run.ended = true
    await run.ticker.stop()
    run.gate.widen(LIMITS.snapshots_at_stop_max)
    // Side by side: a commit that hangs must not keep the snapshots from being written, which closing does.
    await Promise.all([run.commits.stop(), run.consumer?.close()])
  }

  /** Whether one partition alone is what cannot go on; from now on it stands still. */
  function halts(error: Error): boolean {
    if (!(error instanceof LogError) || !UNREADABLE.includes(error.code) || error.place === undefined) return false
    const stage = error.place.topic as Stage['stage']
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

  /** Begins again until it works or the service is stopped. */
  async function again(error: Error, failed: Run): Promise<void> {
    setState('waiting', error.message)
    // What was given up is not met again: there is nothing to wait for.
    const isGivenUp = error.name === 'PoisonError' || halts(error)
    if (!isGivenUp) {
      logger.error({ err: error }, 'detection stopped; it begins again from its snapshots, and repeats change nothing')
    }
    await endRun(failed).catch(() => undefined)
    // What ran well for a while starts over with a short wait.
    if (clock.now() - failed.began > LIMITS.detector_restart_ms_max) failures = 0
    while (!stopping.signal.aborted) {
      const pause = isGivenUp ? 0 : LIMITS.detector_restart_ms_min * 2 ** failures++
      await wait(Math.min(pause, LIMITS.detector_restart_ms_max), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      )
      if (stopping.signal.aborted) return
      try {
        restarts++
        metrics.detectorRestarts.inc()
        await consume()
        return
      } catch (cause) {
        reason = (cause as Error).message
        logger.warn({ reason }, 'the log cannot be read yet')
      }
    }
  }

  return {
    async start() {
      if (state !== 'stopped') throw new Error('the detector runs already')
      stopping = new AbortController()
      await consume()
    },
    async stop() {
      stopping.abort()
      if (running !== undefined) await endRun(running)
      running = undefined
      setState('stopped', reason)
    },
    status: () => ({
      state,
      reason,
      halted: TOPICS.flatMap((topic) => [...halted[topic].values()]),
      partitions: { events: restored('events'), signals: restored('signals') },
      stats: statsOf(all()),
      restarts,
    }),
    lag: async () => ({ events: await lagOf('events'), signals: await lagOf('signals') }),
    knownSince: (tenant, identity) =>
      all()
        .map((worker) => worker.stage?.knownSince(tenant, identity))
        .find((since) => since !== undefined),
    identitiesOf: (tenant) => all().reduce((sum, worker) => sum + (worker.stage?.identitiesOf(tenant) ?? 0), 0),
  }
}

/** One life of the consumer, from a start to the failure or stop that ends it. */
interface Run {
  readonly ticker: ReturnType<typeof createTicker>
  readonly gate: ReturnType<typeof createGate>
  readonly deps: WorkerDeps
  readonly commits: Commits
  consumer: Consumer | undefined
  ended: boolean
  /** ms since 1970. */
  readonly began: number
}

interface Commits {
  /** Something has moved: positions are committed soon. */
  plan(): void
  into(consumer: Consumer): void
  stop(): Promise<void>
}

interface CommitOptions {
  workers(): readonly PartitionWorker[]
  /** Whether other processes hold partitions of `events`: their candidates wait for what is committed here. */
  isShared(): boolean
  showMetrics(): Promise<void>
}

/** Commits positions from time to time, for lag displays and other processes' watermarks; recovery never reads them. */
function createCommits({ workers, isShared, showMetrics }: CommitOptions): Commits {
  const committed = new Map<string, number>()
  let consumer: Consumer | undefined

  /** All at once: the log puts what comes together into one request. */
  async function commit(): Promise<void> {
    const into = consumer
    if (into === undefined) return
    const moved = workers().filter(
      ({ topic, partition, position }) => committed.get(`${topic}/${partition}`) !== position,
    )
    const commits = moved.map(({ topic, partition, position }) =>
      into.commit(topic, partition, position).then(() => committed.set(`${topic}/${partition}`, position)),
    )
    const ends = await Promise.allSettled(commits)
    // Others may wait for what was not committed, and nothing more need come that would be.
    if (ends.some(({ status }) => status === 'rejected')) committing.plan()
  }
  // A display that fails is made good by the next one.
  const show = (): Promise<void> => showMetrics().catch(() => undefined)
  const committing = createLater(commit, () =>
    isShared() ? LIMITS.detector_commit_shared_every_ms : LIMITS.detector_commit_every_ms,
  )
  const showing = createLater(show, () => LIMITS.detector_commit_every_ms)

  return {
    plan() {
      committing.plan()
      showing.plan()
    },
    into(mine) {
      consumer = mine
    },
    async stop() {
      await Promise.all([committing.stop(), showing.stop()])
    },
  }
}

interface Later {
  plan(): void
  /** Does it a last time, and never again. */
  stop(): Promise<void>
}

/** Does something some time after it was first wanted, however often it is wanted until then, and once at a time. */
function createLater(work: () => Promise<void>, afterMs: () => number): Later {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  return {
    plan() {
      if (timer !== undefined || stopped) return
      timer = setTimeout(() => {
        timer = undefined
        running = running.then(work)
      }, afterMs())
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
      await work()
    },
  }
}
