/**
 * Threads that prepare requests, so that a collector uses the cores that the machine has and its event loop is free for
 * doors and log. A job goes to the thread that has the fewest bytes in hand. A thread that dies fails the jobs that it had,
 * whose senders send them again, and another one takes its place.
 */
import { Worker } from 'node:worker_threads'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../../lib/logger.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { memo } from '../memo.ts'
import type { Preparer } from './index.ts'
import type { Job, Preparation } from './prepare.ts'
import type { Answer, Given, ThreadData } from './protocol.ts'

interface Waiting {
  readonly bytes: number
  readonly resolve: (preparation: Preparation) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
  /** Of the bodies that it has in hand. */
  bytes: number
}

export interface ThreadsOptions {
  readonly keys: TenantKeys
  readonly logger: Logger
  /** At least 1. */
  readonly threads: number
  /** What a thread runs. */
  readonly entry?: URL
}

const THREAD = new URL('thread.ts', import.meta.url)

export function createThreads({ keys, logger, threads: count, entry = THREAD }: ThreadsOptions): Preparer {
  const data: ThreadData = { memoryBytesMax: Math.floor(LIMITS.indicator_memory_bytes_max / count) }
  const threads = new Set<Thread>()
  let closed = false
  let lastId = 0

  const keysOf = memo((tenant): Given['keys'] => ({
    indicators: new Uint8Array(keys.forTenant(tenant)),
    credentials: new Uint8Array(keys.forCredentials(tenant)),
  }))

  function settle(thread: Thread, answer: Answer): void {
    const waiting = thread.waiting.get(answer.id)
    if (waiting === undefined) return
    thread.waiting.delete(answer.id)
    thread.bytes -= waiting.bytes
    if (answer.error === undefined) waiting.resolve(answer.preparation)
    else waiting.reject(new Error(answer.error))
  }

  function end(thread: Thread, reason: string): void {
    if (!threads.delete(thread)) return
    const error = new Error(`the thread that prepared this request has ended: ${reason}`)
    for (const { reject } of thread.waiting.values()) reject(error)
    thread.waiting.clear()
    if (closed) return
    logger.error(
      { reason },
      'a thread of the collector has ended; its requests are sent again, and another one takes its place',
    )
    setTimeout(begin, LIMITS.prepare_restart_ms).unref()
  }

  function begin(): void {
    if (closed) return
    const worker = new Worker(entry, { workerData: data, name: 'prepare' })
    const thread: Thread = { worker, waiting: new Map(), bytes: 0 }
    worker.on('message', (answer: Answer) => settle(thread, answer))
    worker.on('error', (error) => end(thread, error instanceof Error ? error.message : String(error)))
    worker.on('exit', (code) => end(thread, `exit code ${code}`))
    // Whoever waits for an answer keeps the process; a thread alone does not.
    worker.unref()
    threads.add(thread)
  }

  function give(job: Job): Promise<Preparation> {
    const { body, ...rest } = job
    const [thread] = [...threads].sort((a, b) => a.bytes - b.bytes)
    if (thread === undefined) return Promise.reject(new Error('no thread of the collector runs at the moment'))
    const own = new Uint8Array(body)
    const given: Given = { id: ++lastId, job: rest, body: own, keys: keysOf(job.tenant) }
    return new Promise((resolve, reject) => {
      thread.waiting.set(given.id, { bytes: body.length, resolve, reject })
      thread.bytes += body.length
      thread.worker.postMessage(given, [own.buffer])
    })
  }

  for (let n = 0; n < count; n++) begin()
  return {
    prepare: give,
    async close() {
      closed = true
      await Promise.all([...threads].map(({ worker }) => worker.terminate()))
    },
  }
}
