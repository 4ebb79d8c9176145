/** Threads that read units side by side. */
import { MessageChannel, Worker } from 'node:worker_threads'
import { type Calls, createCalls } from '../../../lib/calls.ts'
import type { Mapping } from '../../../lib/mappings/schema.ts'
import { asBuffer, type ThreadData, type ThreadProcedures } from './protocol.ts'
import type { Unit, UnitRead } from './unit.ts'

export interface Threads {
  /** In whichever thread has the least to do. Rejects where a thread ends, as one without memory does. */
  read(unit: Unit): Promise<UnitRead>
  close(): Promise<void>
}

interface Thread {
  readonly worker: Worker
  readonly calls: Calls<ThreadProcedures>
  /** Rejects when the thread ends by itself. */
  readonly ended: Promise<never>
  underWay: number
}

const ENTRY = new URL('thread.ts', import.meta.url)

function createThread(mappings: readonly Mapping[]): Thread {
  const { port1, port2 } = new MessageChannel()
  const data: ThreadData = { calls: port2, mappings }
  const worker = new Worker(ENTRY, { workerData: data, name: 'read', transferList: [port2] })
  const { promise: ended, reject } = Promise.withResolvers<never>()
  worker.on('error', (cause) => reject(new Error('a thread that reads files has ended', { cause })))
  ended.catch(() => undefined)
  return { worker, calls: createCalls<ThreadProcedures>(port1, {}), ended, underWay: 0 }
}

async function readIn(thread: Thread, { file, requests }: Unit): Promise<UnitRead> {
  thread.underWay++
  try {
    const read = await Promise.race([thread.calls.ask('read', { file, requests }), thread.ended])
    return { ...read, blocks: read.blocks.map(asBuffer) }
  } finally {
    thread.underWay--
  }
}

export function createThreads(count: number, mappings: readonly Mapping[]): Threads {
  const threads = Array.from({ length: count }, () => createThread(mappings))
  return {
    async read(unit) {
      const [idlest] = threads.toSorted((a, b) => a.underWay - b.underWay)
      if (idlest === undefined) throw new Error('no thread reads')
      return readIn(idlest, unit)
    },
    async close() {
      for (const { calls } of threads) calls.close()
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }
}
