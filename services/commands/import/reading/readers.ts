/**
 * Reads requests on all cores of the machine, because reading is most of what an import computes. What is the first run and the
 * last is read in the caller's thread: another one takes about as long to begin as a megabyte takes to be read.
 */
import { availableParallelism } from 'node:os'
import { MessageChannel, Worker } from 'node:worker_threads'
import { type Calls, createCalls } from '../../../lib/calls.ts'
import type { Mapping } from '../../../lib/mappings/schema.ts'
import type { Request, Unreadable } from '../requests.ts'
import { createRead, type Reading } from './read.ts'
import type { ThreadData, ThreadProcedures } from './thread.ts'

/** Each has a heap of its own. */
const THREADS_MAX = 8

export interface Readers {
  /** How many runs may be read at a time. */
  readonly places: number
  /** Rejects where a thread ended. `isLast`: nothing comes behind it. */
  read(requests: readonly (Request | Unreadable)[], isLast: boolean): Promise<Reading>
  /** Ends the threads; what is being read then fails. */
  close(): Promise<void>
}

interface Thread {
  readonly worker: Worker
  readonly calls: Calls<ThreadProcedures>
  /** Runs that it was given and has not read. */
  waiting: number
  /** Why it ended. */
  ended?: string
}

const ENTRY = new URL('thread.ts', import.meta.url)

function begin(mappings: readonly Mapping[]): Thread {
  const { port1, port2 } = new MessageChannel()
  const data: ThreadData = { mappings, calls: port2 }
  const worker = new Worker(ENTRY, { workerData: data, name: 'reading', transferList: [port2] })
  const thread: Thread = { worker, calls: createCalls<ThreadProcedures>(port1, {}), waiting: 0 }
  worker.on('error', (error) => {
    thread.ended = error instanceof Error ? error.message : String(error)
  })
  return thread
}

async function readIn(thread: Thread, requests: readonly (Request | Unreadable)[]): Promise<Reading> {
  thread.waiting++
  try {
    return await thread.calls.ask('read', requests)
  } catch (cause) {
    if (thread.ended === undefined) throw cause
    throw new Error(`a thread that reads the files has ended: ${thread.ended}`, { cause })
  } finally {
    thread.waiting--
  }
}

export function createReaders(mappings: readonly Mapping[]): Readers {
  const places = Math.min(availableParallelism(), THREADS_MAX)
  const threads: Thread[] = []
  const readHere = createRead(mappings)
  const idle = (): Thread | undefined => threads.find(({ waiting }) => waiting === 0)

  /** The thread with the least to do; another one as long as all are busy and one may be begun. */
  function threadFor(): Thread {
    const found = idle()
    if (found !== undefined) return found
    if (threads.length < places) threads.push(begin(mappings))
    return threads.reduce((least, thread) => (thread.waiting < least.waiting ? thread : least))
  }

  return {
    places,
    read: async (requests, isLast) =>
      threads.length === 0 && (isLast || places === 1) ? readHere(requests) : readIn(threadFor(), requests),
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
      for (const { calls } of threads) calls.close()
    },
  }
}
