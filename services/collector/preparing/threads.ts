/**
 * Threads that prepare requests, so that a collector uses the cores that the machine has and its event loop is free for
 * requests and log. Tenants take turns, and none has every place in a thread, so that a request of another never waits for
 * the end of somebody's long ones. Still a step of one can be long, and whoever comes behind it waits: so one thread more is
 * for tenants that took little of late (lib/usage.ts), and for nobody else.
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
import { createFairQueue, type FairQueue } from '../../lib/fair-queue.ts'
import type { RefusedJob } from './prepare.ts'
import type { Preparer } from './preparer.ts'
import {
  type Answer,
  type Given,
  JOB,
  type Keys,
  type Kind,
  type Made,
  type Mappings,
  type Order,
  placeIn,
  type Result,
  STEP,
  type ThreadData,
} from './protocol.ts'
import { createUsage, type Usage } from '../../lib/usage.ts'

interface QueuedJob {
  readonly id: number
  readonly order: Order
  readonly body: Buffer
  readonly resolve: (result: Result) => void
  readonly reject: (error: Error) => void
  /** Threads that ended while they had it in progress. */
  deaths: number
}

interface Thread {
  readonly worker: Worker
  /** For tenants that took little. */
  readonly isForLight: boolean
  readonly underWay: Map<number, QueuedJob>
  /** What it works on; shared with it. */
  readonly place: Int32Array
  /** The step at the last look, and how many looks ago it was another one. */
  step: number
  looks: number
  /** Time of a core that it had taken when it was first seen at this step, and when it was last asked, ms; it answers late or never. */
  cpuMs: { readonly first: number; readonly last: number } | undefined
  isAsked: boolean
}

export interface ThreadsOptions {
  readonly keys: TenantKeys
  readonly logger: Logger
  readonly mappings?: readonly Mapping[]
  /** At least 1; the one for tenants that took little comes on top. */
  readonly threads: number
  /** What a thread runs. */
  readonly entry?: URL
  /** How often threads are looked at. Default: `LIMITS.prepare_look_every_ms`. */
  readonly lookEveryMs?: number
}

const THREAD = new URL('thread.ts', import.meta.url)

const DEADLY: RefusedJob = {
  ok: false,
  status: 400,
  detail: 'preparing it ended the thread that tried: it is kept as a dead letter, do not send it again',
  deadly: true,
}

const bytesOf = ({ underWay }: Thread): number => [...underWay.values()].reduce((sum, { body }) => sum + body.length, 0)

/** Whether it is short enough for the thread that keeps nobody waiting. */
const isShort = ({ order, body }: QueuedJob): boolean =>
  order.kind === 'inflate'
    ? order.job.bytesMax <= LIMITS.inflate_light_bytes_max
    : body.length <= LIMITS.prepare_light_body_bytes_max

/** Whether the tenant of a job took little: of a core, and beside what others took. */
function tookLittle({ order }: QueuedJob, usage: Usage): boolean {
  const { tenant } = order.job
  const now = performance.now()
  return (
    usage.isBelow(LIMITS.prepare_light_share, tenant, now) &&
    usage.timesAverage(tenant, now) <= LIMITS.prepare_light_times_average
  )
}

/** Whether a thread has a place for this job: its last one is for another tenant. */
function hasPlace({ underWay, isForLight }: Thread, queued: QueuedJob, usage: Usage): boolean {
  const { tenant } = queued.order.job
  if (isForLight && !(isShort(queued) && tookLittle(queued, usage))) return false
  const own = [...underWay.values()].filter(({ order }) => order.job.tenant === tenant).length
  return underWay.size < LIMITS.prepare_jobs_per_thread_max && own < LIMITS.prepare_jobs_per_thread_max - 1
}

/** Idle threads first, then the one for the light, whose steps are short, then the one with the fewest bytes. */
const byRoom = (a: Thread, b: Thread): number =>
  Math.sign(a.underWay.size) - Math.sign(b.underWay.size) ||
  Number(b.isForLight) - Number(a.isForLight) ||
  bytesOf(a) - bytesOf(b)

/** The job that a thread died of: the one that it worked on, or the only one that it had. */
function culpritOf({ underWay, place }: Thread): QueuedJob | undefined {
  const working = underWay.get(Atomics.load(place, JOB))
  return working ?? (underWay.size === 1 ? [...underWay.values()][0] : undefined)
}

const keysIn =
  (keys: TenantKeys) =>
  (tenant: string): Keys => ({
    indicators: new Uint8Array(keys.forTenant(tenant)),
    credentials: new Uint8Array(keys.forCredentials(tenant)),
  })

/** The threads, and what waits for them. */
interface Pool {
  readonly options: ThreadsOptions
  readonly lookEveryMs: number
  mappings: readonly Mapping[]
  readonly threads: Set<Thread>
  readonly queue: FairQueue<QueuedJob>
  readonly usage: Usage
  closed: boolean
  lastId: number
  readonly keysOf: (tenant: string) => Keys
}

function settle(pool: Pool, thread: Thread, answer: Answer): void {
  const queued = thread.underWay.get(answer.id)
  if (queued === undefined) return
  thread.underWay.delete(answer.id)
  pool.usage.add(queued.order.job.tenant, answer.spentMs, performance.now())
  if (answer.error === undefined) queued.resolve(answer.result)
  else queued.reject(new Error(answer.error))
  dispatch(pool)
}

/** Refuses it for good. */
const refuse = ({ order, resolve }: QueuedJob): void => resolve({ kind: order.kind, made: DEADLY })

function end(pool: Pool, thread: Thread, reason: string): void {
  if (!pool.threads.delete(thread)) return
  const culprit = culpritOf(thread)
  for (const queued of thread.underWay.values()) {
    queued.deaths += 1
    if (pool.closed) queued.reject(new Error('the collector is closing'))
    else if (queued === culprit || queued.deaths >= LIMITS.prepare_deaths_max) refuse(queued)
    else pool.queue.push(queued.order.job.tenant, queued)
  }
  thread.underWay.clear()
  if (pool.closed) return
  pool.options.logger.error(
    { reason, tenant: culprit?.order.job.tenant, bytes: culprit?.body.length },
    'a request ended a thread of the collector; it was refused, and another thread takes up the rest',
  )
  setTimeout(() => begin(pool, thread.isForLight), LIMITS.prepare_restart_ms).unref()
}

/** Asks a thread how much of a core it has taken. One that is in the middle of a step answers, too, unless it is in native code. */
async function measure(thread: Thread): Promise<void> {
  const { step } = thread
  thread.isAsked = true
  const { user, system } = await thread.worker.cpuUsage()
  thread.isAsked = false
  const ms = (user + system) / 1000
  if (thread.step === step) thread.cpuMs = { first: thread.cpuMs?.first ?? ms, last: ms }
}

/** Whether it stands where it is by its own work, or so long that it does not matter. Looks count, not time: a stopped process has made none. */
function isStuck({ looks, cpuMs = { first: 0, last: 0 } }: Thread, lookEveryMs: number): boolean {
  if (looks < LIMITS.prepare_looks_max) return false
  const ownMs = cpuMs.last - cpuMs.first
  return ownMs >= (LIMITS.prepare_looks_max * lookEveryMs) / 2 || looks >= LIMITS.prepare_starved_looks_max
}

/** Ends threads that make no step any more. */
function look(pool: Pool): void {
  const { lookEveryMs } = pool
  for (const thread of pool.threads) {
    const step = Atomics.load(thread.place, STEP)
    const stands = step === thread.step && thread.underWay.has(Atomics.load(thread.place, JOB))
    thread.looks = stands ? thread.looks + 1 : 0
    if (!stands) thread.cpuMs = undefined
    thread.step = step
    // Of one that ends meanwhile nobody wants to know.
    if (stands && !thread.isAsked) measure(thread).catch(() => undefined)
    if (!isStuck(thread, lookEveryMs)) continue
    end(pool, thread, `no step for ${(thread.looks * lookEveryMs) / 1000} s`)
    void thread.worker.terminate()
  }
}

function begin(pool: Pool, isForLight: boolean): void {
  if (pool.closed) return
  const place = placeIn(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  const memoryBytesMax = Math.floor(LIMITS.indicator_memory_bytes_max / (pool.options.threads + 1))
  const data: ThreadData = { memoryBytesMax, isForLight, place: place.buffer, mappings: pool.mappings }
  const resourceLimits = { maxOldGenerationSizeMb: LIMITS.prepare_heap_mb_max }
  const worker = new Worker(pool.options.entry ?? THREAD, { workerData: data, name: 'prepare', resourceLimits })
  const thread: Thread = {
    worker,
    isForLight,
    underWay: new Map(),
    place,
    step: 0,
    looks: 0,
    cpuMs: undefined,
    isAsked: false,
  }
  worker.on('message', (answer: Answer) => settle(pool, thread, answer))
  worker.on('error', (error) => end(pool, thread, error instanceof Error ? error.message : String(error)))
  worker.on('exit', (code) => end(pool, thread, `exit code ${code}`))
  // Callers that wait for an answer keep the process alive; a thread alone does not.
  worker.unref()
  pool.threads.add(thread)
  dispatch(pool)
}

function hand(thread: Thread, queued: QueuedJob): void {
  const { id, order, body } = queued
  const isShared = body.buffer instanceof SharedArrayBuffer
  // The job may begin again in another thread: a body of its own memory is copied, a shared one is only named.
  const own = isShared ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : new Uint8Array(body)
  const given: Given = { id, order, body: own }
  thread.underWay.set(id, queued)
  thread.worker.postMessage(given, isShared ? [] : [own.buffer as ArrayBuffer])
}

/** Gives out what waits, for as long as there are places. */
function dispatch(pool: Pool): void {
  for (;;) {
    let open: Thread[] = []
    const queued = pool.queue.next((_tenant, waiting) => {
      open = [...pool.threads].filter((thread) => hasPlace(thread, waiting, pool.usage))
      return open.length > 0
    })
    const [thread] = open.sort(byRoom)
    if (queued === undefined || thread === undefined) return
    hand(thread, queued)
  }
}

function enqueue<K extends Kind>(pool: Pool, order: Extract<Order, { kind: K }>, body: Buffer): Promise<Made[K]> {
  return new Promise((resolve, reject) => {
    if (pool.closed) reject(new Error('no thread of the collector runs any more'))
    pool.lastId = (pool.lastId + 1) % 0x7fff_ffff || 1
    // A thread answers each order with a result of its kind.
    const taken = ({ made }: Result): void => resolve(made as Made[K])
    pool.queue.push(order.job.tenant, { id: pool.lastId, order, body, resolve: taken, reject, deaths: 0 })
    dispatch(pool)
  })
}

export function createThreads(options: ThreadsOptions): Preparer {
  const pool: Pool = {
    options,
    lookEveryMs: options.lookEveryMs ?? LIMITS.prepare_look_every_ms,
    mappings: options.mappings ?? [],
    threads: new Set(),
    queue: createFairQueue(),
    usage: createUsage(),
    closed: false,
    lastId: 0,
    keysOf: memo(keysIn(options.keys)),
  }

  for (let n = 0; n <= options.threads; n++) begin(pool, n === options.threads)
  const watch = setInterval(look, pool.lookEveryMs, pool).unref()
  return {
    prepare: ({ body, ...job }) => enqueue(pool, { kind: 'prepare', job, keys: pool.keysOf(job.tenant) }, body),
    inflate: ({ body, ...job }) => enqueue(pool, { kind: 'inflate', job }, body),
    useMappings(next) {
      pool.mappings = next
      const message: Mappings = { mappings: pool.mappings }
      for (const { worker } of pool.threads) worker.postMessage(message, [])
    },
    async close() {
      pool.closed = true
      clearInterval(watch)
      for (const { reject } of pool.queue.drain()) reject(new Error('the collector is closing'))
      await Promise.all([...pool.threads].map(({ worker }) => worker.terminate()))
    },
  }
}
