/**
 * The detector: holds partitions of `events` and `signals`, as the group gives them out. It works in a thread of its own. Its
 * work comes in pieces of some milliseconds, its state is most of what a collection of garbage has to look at, and a snapshot of
 * many identities stands still for a second: on the event loop all of that would keep senders, probes and brokers waiting. Here
 * it has its own heap, and reads a log that is lent to it.
 *
 * A thread that ends by itself, or gives no sign for long, is begun again after a while, and continues from its snapshots. If
 * it was at the same record both times, the next one goes on without that record: one sender must not stop detection for all.
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import { LIMITS } from '../../../schemas/limits.ts'
import { createUnderWay, nameOfRecord, recordUnderWay, restartDelayMs, type UnderWay } from '../../detector/index.ts'
import { type Calls, createCalls } from '../../lib/calls.ts'
import { type Lender, lendLog } from '../../lib/log/lent/lender.ts'
import { applyChange } from '../../lib/told-metrics.ts'
import type { Role, RoleTools } from '../role.ts'
import type { ProcessProcedures, ThreadData, ThreadProcedures, ToldStatus } from './protocol.ts'

export interface DetectorRole extends Role {
  /** Identities of a tenant in the partitions that are held here, at least those that were known at the newest finding. */
  identitiesOf(tenant: string): number
}

interface Thread {
  readonly worker: Worker
  readonly lender: Lender
  readonly calls: Calls<ThreadProcedures>
  readonly underWay: UnderWay
  /** ms since 1970. */
  readonly began: number
  /** How many looks ago it gave its last sign; null until the first. Looks count, not time: a stopped process has made none. */
  looks: number | null
}

type Tools = Pick<RoleTools, 'log' | 'codeVersion' | 'acceptGaps' | 'clock' | 'logger' | 'metrics'>

/** The role between its start and its stop. */
interface Running {
  readonly tools: Tools
  readonly options: Required<ThreadOptions>
  thread: Thread | undefined
  status: ToldStatus
  identities: ReadonlyMap<string, number>
  stopping: boolean
  /** In a row, each soon after the one before. */
  failures: number
  /** Names of records at which a thread has ended, the newest last. */
  readonly endedAt: Set<string>
  /** Of those, the ones at which two have. */
  readonly givenUp: Set<string>
  again: NodeJS.Timeout | undefined
  watch: NodeJS.Timeout | undefined
}

export interface ThreadOptions {
  /** What the thread runs. */
  readonly entry?: URL
  /** How often it is looked at. Default: `LIMITS.detector_look_every_ms`. */
  readonly lookEveryMs?: number
}

const ENTRY = new URL('thread.ts', import.meta.url)
const ENDED_AT_MAX = 64

function createThread(running: Running): Thread {
  const { log, codeVersion, acceptGaps = false, logger, metrics, clock } = running.tools
  const [lent, called] = [new MessageChannel(), new MessageChannel()]
  const data: ThreadData = {
    log: lent.port2,
    calls: called.port2,
    codeVersion,
    acceptGaps,
    logLevel: logger.level,
    underWay: createUnderWay(),
    givenUp: running.givenUp,
  }
  const procedures: ProcessProcedures = {
    status(status) {
      // One that was given up may still speak.
      if (running.thread !== thread) return
      thread.looks = 0
      running.status = status
    },
    identities(identities) {
      if (running.thread === thread) running.identities = identities
    },
    metric: (change) => applyChange(metrics, change),
  }
  const worker = new Worker(running.options.entry, {
    workerData: data,
    name: 'detector',
    transferList: [lent.port2, called.port2],
  })
  const thread: Thread = {
    worker,
    lender: lendLog(log, lent.port1),
    calls: createCalls<ThreadProcedures>(called.port1, procedures),
    underWay: data.underWay,
    began: clock.now(),
    looks: null,
  }
  worker.on('error', (error: unknown) => ended(running, thread, error instanceof Error ? error.message : String(error)))
  worker.on('exit', (code) => ended(running, thread, `exit code ${code}`))
  return thread
}

/**
 * Throws LogError where the log cannot be read, or the thread ends before it gives a sign. If it ends after one, the next thread is
 * on its way.
 */
async function begin(running: Running): Promise<void> {
  const thread = createThread(running)
  running.thread = thread
  try {
    await thread.calls.ask('start', null)
  } catch (error) {
    if (running.thread === thread || thread.looks === null) throw error
  }
}

/** Ends a thread, if it has not ended by itself, and closes what belongs to it: what waits for its answers fails then. */
async function close({ lender, calls, worker }: Thread): Promise<void> {
  await worker.terminate()
  calls.close()
  await lender.close()
}

/** The second thread that ends at a record is the last: the next ones leave it out. */
function blame({ endedAt, givenUp }: Running, { underWay }: Thread): void {
  const place = recordUnderWay(underWay)
  if (place === undefined) return
  const name = nameOfRecord(place)
  if (endedAt.delete(name)) givenUp.add(name)
  else endedAt.add(name)
  for (const oldest of endedAt) if (endedAt.size > ENDED_AT_MAX) endedAt.delete(oldest)
}

function ended(running: Running, thread: Thread, reason: string): void {
  if (running.thread !== thread || running.stopping) return
  blame(running, thread)
  const { logger, metrics, clock } = running.tools
  logger.error({ reason }, 'the thread of detection has ended; it begins again from its snapshots')
  running.thread = undefined
  running.status = { state: 'waiting', reason, halted: [] }
  metrics.detectorRunning.set(0)
  void close(thread)
  if (clock.now() - thread.began > LIMITS.detector_restart_ms_max) running.failures = 0
  beginLater(running)
}

/** Ends a thread that has given no sign for so many looks: nothing that detection does takes so long. */
function look(running: Running): void {
  const { thread, options } = running
  if (thread === undefined || thread.looks === null || ++thread.looks < LIMITS.detector_looks_max) return
  ended(running, thread, `no sign for ${(LIMITS.detector_looks_max * options.lookEveryMs) / 1000} s`)
}

function beginLater(running: Running): void {
  const again = (): void => {
    running.tools.metrics.detectorRestarts.inc()
    begin(running).catch((error: unknown) => beganInVain(running, error))
  }
  running.again = setTimeout(again, restartDelayMs(running.failures++)).unref()
}

/** A thread that lives and could not start tries again as one that ended does. */
function beganInVain(running: Running, error: unknown): void {
  const { thread } = running
  if (thread !== undefined) ended(running, thread, error instanceof Error ? error.message : String(error))
}

async function stop(running: Running): Promise<void> {
  running.stopping = true
  clearTimeout(running.again)
  clearInterval(running.watch)
  const { thread } = running
  if (thread === undefined) return
  // One that has just ended can stop nothing.
  await thread.calls.ask('stop', null).catch((err: unknown) => {
    running.tools.logger.warn({ err }, 'detection could not be stopped in order; it continues from its last snapshots')
  })
  await close(thread)
}

/** Why detection does not run, or not everywhere. */
const reasonsOf = ({ state, reason, halted }: ToldStatus): readonly string[] =>
  state === 'running' ? halted : [`detection is ${state}: ${reason}`]

export function createDetectorRole(tools: Tools, options: ThreadOptions = {}): DetectorRole {
  const running: Running = {
    tools,
    options: { entry: ENTRY, lookEveryMs: LIMITS.detector_look_every_ms, ...options },
    thread: undefined,
    status: { state: 'stopped', reason: 'it has not been started', halted: [] },
    identities: new Map(),
    stopping: false,
    failures: 0,
    endedAt: new Set(),
    givenUp: new Set(),
    again: undefined,
    watch: undefined,
  }
  return {
    start() {
      running.watch = setInterval(look, running.options.lookEveryMs, running).unref()
      return begin(running)
    },
    reasons: () => reasonsOf(running.status),
    stop: () => stop(running),
    identitiesOf: (tenant) => running.identities.get(tenant) ?? 0,
  }
}
