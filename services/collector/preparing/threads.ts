/**
 * Threads that prepare requests, so that a collector uses the cores that the machine has and its event loop is free for
 * doors and log. Tenants take turns, and none has every place in a thread, so that a request of another never waits for
 * the end of somebody's long ones.
 *
 * A thread tells at each step which job it works on. One that dies, or makes no step for long, has met a job that no
 * thread survives: that job is refused for good, because a sender who is asked to repeat it would end the next thread.
 * The others that the thread had in progress begin again in another one.
 */
import { Worker } from 'node:worker_threads'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { memo } from '../memo.ts'
import { createFairQueue } from '../../lib/fair-queue.ts'
import type { Preparer } from './index.ts'
import type { Job, Preparation } from './prepare.ts'
import { type Answer, type Given, JOB, type Mappings, placeIn, STEP, type ThreadData } from './protocol.ts'

interface Waiting {
  readonly id: number
  readonly job: Job
  readonly resolve: (preparation: Preparation) => void
  readonly reject: (error: Error) => void
  /** Threads that ended while they had it in progress. */
  deaths: number
}

interface Thread {
  readonly worker: Worker
  readonly inHand: Map<number, Waiting>
  /** What it works on; shared with it. */
  readonly place: Int32Array
  /** The step at the last look, and how many looks ago it was another one. */
  step: number
  looks: number
}

export interface ThreadsOptions {
  readonly keys: TenantKeys
  readonly logger: Logger
  readonly mappings?: readonly Mapping[]
  /** At least 1. */
  readonly threads: number
  /** What a thread runs. */
  readonly entry?: URL
}

const THREAD = new URL('thread.ts', import.meta.url)

const DEADLY: Preparation = {
  ok: false,
  status: 400,
  detail: 'preparing it ended the thread that tried: it is kept as a dead letter, do not send it again',
  deadly: true,
}

const bytesOf = ({ inHand }: Thread): number => [...inHand.values()].reduce((sum, { job }) => sum + job.body.length, 0)

/** Whether a thread has a place for a job of this tenant: the last one is for others. */
const hasPlace = ({ inHand }: Thread, tenant: string): boolean => {
  const own = [...inHand.values()].filter(({ job }) => job.tenant === tenant).length
  return inHand.size < LIMITS.prepare_jobs_per_thread_max && own < LIMITS.prepare_jobs_per_thread_max - 1
}

/** The job that a thread died of: the one that it worked on, or the only one that it had. */
function culpritOf({ inHand, place }: Thread): Waiting | undefined {
  const working = inHand.get(Atomics.load(place, JOB))
  return working ?? (inHand.size === 1 ? [...inHand.values()][0] : undefined)
}

export function createThreads({
  keys,
  logger,
  threads: count,
  entry = THREAD,
  mappings: first = [],
}: ThreadsOptions): Preparer {
  let mappings = first
  const memoryBytesMax = Math.floor(LIMITS.indicator_memory_bytes_max / count)
  const threads = new Set<Thread>()
  const queue = createFairQueue<Waiting>()
  let closed = false
  let lastId = 0

  const keysOf = memo((tenant): Given['keys'] => ({
    indicators: new Uint8Array(keys.forTenant(tenant)),
    credentials: new Uint8Array(keys.forCredentials(tenant)),
  }))

  function settle(thread: Thread, answer: Answer): void {
    const waiting = thread.inHand.get(answer.id)
    if (waiting === undefined) return
    thread.inHand.delete(answer.id)
    if (answer.error === undefined) waiting.resolve(answer.preparation)
    else waiting.reject(new Error(answer.error))
    dispatch()
  }

  function end(thread: Thread, reason: string): void {
    if (!threads.delete(thread)) return
    const culprit = culpritOf(thread)
    for (const waiting of thread.inHand.values()) {
      waiting.deaths += 1
      if (closed) waiting.reject(new Error('the collector is closing'))
      else if (waiting === culprit || waiting.deaths >= LIMITS.prepare_deaths_max) waiting.resolve(DEADLY)
      else queue.push(waiting.job.tenant, waiting)
    }
    thread.inHand.clear()
    if (closed) return
    logger.error(
      { reason, tenant: culprit?.job.tenant, bytes: culprit?.job.body.length },
      'a request ended a thread of the collector; it was refused, and another thread takes up the rest',
    )
    setTimeout(begin, LIMITS.prepare_restart_ms).unref()
  }

  /** A thread that made no step since so many looks is ended. Looks count, not time: a stopped process has made none. */
  const watch = setInterval(() => {
    for (const thread of threads) {
      const step = Atomics.load(thread.place, STEP)
      const stands = step === thread.step && thread.inHand.has(Atomics.load(thread.place, JOB))
      thread.looks = stands ? thread.looks + 1 : 0
      thread.step = step
      if (thread.looks < LIMITS.prepare_looks_max) continue
      end(thread, `no step for ${(LIMITS.prepare_looks_max * LIMITS.prepare_look_every_ms) / 1000} s`)
      void thread.worker.terminate()
    }
  }, LIMITS.prepare_look_every_ms).unref()

  function begin(): void {
    if (closed) return
    const place = placeIn(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
    const data: ThreadData = { memoryBytesMax, place: place.buffer, mappings }
    const resourceLimits = { maxOldGenerationSizeMb: LIMITS.prepare_heap_mb_max }
    const worker = new Worker(entry, { workerData: data, name: 'prepare', resourceLimits })
    const thread: Thread = { worker, inHand: new Map(), place, step: 0, looks: 0 }
    worker.on('message', (answer: Answer) => settle(thread, answer))
    worker.on('error', (error) => end(thread, error instanceof Error ? error.message : String(error)))
    worker.on('exit', (code) => end(thread, `exit code ${code}`))
    // Whoever waits for an answer keeps the process; a thread alone does not.
    worker.unref()
    threads.add(thread)
    dispatch()
  }

  function hand(thread: Thread, waiting: Waiting): void {
    const { body, ...rest } = waiting.job
    const own = new Uint8Array(body)
    const given: Given = { id: waiting.id, job: rest, body: own, keys: keysOf(rest.tenant) }
    thread.inHand.set(waiting.id, waiting)
    thread.worker.postMessage(given, [own.buffer])
  }

  /** Gives out what waits, for as long as there are places. */
  function dispatch(): void {
    for (;;) {
      const waiting = queue.next((tenant) => [...threads].some((thread) => hasPlace(thread, tenant)))
      if (waiting === undefined) return
      const open = [...threads].filter((thread) => hasPlace(thread, waiting.job.tenant))
      const [thread] = open.sort((a, b) => bytesOf(a) - bytesOf(b))
      if (thread !== undefined) hand(thread, waiting)
    }
  }

  for (let n = 0; n < count; n++) begin()
  return {
    prepare: (job) =>
      new Promise((resolve, reject) => {
        if (closed) reject(new Error('no thread of the collector runs any more'))
        lastId = (lastId + 1) % 0x7fff_ffff || 1
        queue.push(job.tenant, { id: lastId, job, resolve, reject, deaths: 0 })
        dispatch()
      }),
    useMappings(next) {
      mappings = next
      const message: Mappings = { mappings }
      for (const { worker } of threads) worker.postMessage(message, [])
    },
    async close() {
      closed = true
      clearInterval(watch)
      for (const { reject } of queue.drain()) reject(new Error('the collector is closing'))
      await Promise.all([...threads].map(({ worker }) => worker.terminate()))
    },
  }
}
