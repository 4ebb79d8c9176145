/**
 * The detector service: consumes `events` and `signals`, one worker for each partition that it owns. When a worker fails
 * it starts again from its snapshots after a while; what it wrote twice is dropped by those who read it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../schemas/limits.ts'
import type { StageStats } from '../engine/index.ts'
import { halts, type Holdings, identitiesIn, lagOf, noHoldings, restoredIn, statsOf, workersOf } from './holdings.ts'
import { createAppendTimes } from './append-times.ts'
import { restartDelayMs } from './restart-delay.ts'
import { beginRun, createRun, endRun, type Given, type Run, type RunDeps } from './run.ts'
import { createSectionReader } from './sections.ts'
import { STAGE_TOPICS, type StageTopic } from './stage-topics.ts'

export interface DetectorServiceOptions extends Given {
  /** A person's decision to keep the state and go on where records are gone that no one has processed. Default: false. */
  readonly acceptGaps?: boolean
}

export interface DetectorStatus {
  /** waiting: it stopped by itself and restarts soon; the reason says why. */
  readonly state: 'stopped' | 'running' | 'waiting'
  readonly reason: string
  /** Why partitions are halted until the process restarts, one sentence each; they are not processed meanwhile. */
  readonly halted: readonly string[]
  /** Partitions owned whose state is restored. */
  readonly partitions: Readonly<Record<StageTopic, number>>
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
  lag(): Promise<Readonly<Record<StageTopic, number>>>
  /** How many identities of each tenant the partitions of this process know. */
  identities(): ReadonlyMap<string, number>
}

/** A service between its start and its stop. */
interface Service {
  readonly deps: RunDeps
  readonly holdings: Holdings
  stopping: AbortController
  state: DetectorStatus['state']
  reason: string
  restarts: number
  /** In a row, each soon after the one before. */
  failures: number
  running: Run | undefined
}

function setState(service: Service, next: DetectorStatus['state'], why: string): void {
  service.state = next
  service.reason = why
  service.deps.metrics.detectorRunning.set(next === 'running' ? 1 : 0)
}

async function consume(service: Service): Promise<void> {
  const run = createRun(service.deps)
  service.running = run
  await beginRun(run, service.holdings, (error) => {
    if (!service.stopping.signal.aborted) void again(service, error, run)
  })
  if (!run.ended) setState(service, 'running', '')
}

/** Waits before the next attempt: longer after each failure, not at all if the failure cannot recur. */
async function pause(service: Service, isGivenUp: boolean): Promise<void> {
  const ms = isGivenUp ? 0 : restartDelayMs(service.failures++)
  const { signal } = service.stopping
  await wait(ms, undefined, { signal }).catch(() => undefined)
}

/** Begins again until it works or the service is stopped. */
async function again(service: Service, error: Error, failed: Run): Promise<void> {
  const { logger, metrics, clock } = service.deps
  setState(service, 'waiting', error.message)
  // What was given up does not recur: there is nothing to wait for.
  const isGivenUp = error.name === 'PoisonError' || halts(service.holdings, error, metrics, logger)
  if (!isGivenUp) {
    logger.error({ err: error }, 'detection stopped; it begins again from its snapshots, and repeats change nothing')
  }
  await endRun(failed).catch(() => undefined)
  // What ran well for a while starts over with a short wait.
  if (clock.now() - failed.began > LIMITS.detector_restart_ms_max) service.failures = 0
  while (!service.stopping.signal.aborted) {
    await pause(service, isGivenUp)
    if (service.stopping.signal.aborted) return
    try {
      service.restarts++
      metrics.detectorRestarts.inc()
      await consume(service)
      return
    } catch (cause) {
      service.reason = (cause as Error).message
      logger.warn({ reason: service.reason }, 'the log cannot be read yet')
    }
  }
}

async function start(service: Service): Promise<void> {
  if (service.state !== 'stopped') throw new Error('the detector runs already')
  service.stopping = new AbortController()
  await consume(service)
}

async function stop(service: Service): Promise<void> {
  service.stopping.abort()
  if (service.running !== undefined) await endRun(service.running)
  service.running = undefined
  setState(service, 'stopped', service.reason)
}

function createService({ acceptGaps = false, ...options }: DetectorServiceOptions): Service {
  const holdings = noHoldings()
  const { log, marginMs } = createAppendTimes(options.log)
  const section = createSectionReader(log)
  const deps = { ...options, log, marginMs, acceptGaps, section, poisoned: new Set<string>(), holdings }
  const idle = { stopping: new AbortController(), state: 'stopped', reason: '', restarts: 0, failures: 0 } as const
  return { ...idle, deps, holdings, running: undefined }
}

/** Makes the service; it reads nothing until it is started. */
export function createDetectorService(options: DetectorServiceOptions): DetectorService {
  const service = createService(options)
  const { holdings, deps } = service
  return {
    start: () => start(service),
    stop: () => stop(service),
    status: () => ({
      state: service.state,
      reason: service.reason,
      halted: STAGE_TOPICS.flatMap((topic) => [...holdings.halted[topic].values()]),
      partitions: { events: restoredIn(holdings, 'events'), signals: restoredIn(holdings, 'signals') },
      stats: statsOf(workersOf(holdings)),
      restarts: service.restarts,
    }),
    lag: async () => ({
      events: await lagOf(holdings, deps.log, 'events'),
      signals: await lagOf(holdings, deps.log, 'signals'),
    }),
    identities: () => identitiesIn(holdings),
  }
}
