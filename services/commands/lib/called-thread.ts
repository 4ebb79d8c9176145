/** A thread that a command has do a part of its work. */
import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { type Calls, createCalls, type Procedures } from '../../lib/calls.ts'
import { LogError } from '../../lib/log/port.ts'

/** What every such thread is given. */
export interface CalledThreadData {
  /** Where it is asked. */
  readonly calls: MessagePort
}

export interface CalledThread<Theirs extends Procedures> {
  /** Rejects with what the procedure threw, or where the thread ends, as one without memory does. */
  readonly ask: Calls<Theirs>['ask']
  end(): Promise<void>
}

/** Each has a heap of its own, of some hundred megabytes where it reads large requests. */
const THREADS_MAX = 4
/** Of garbage: with V8's own limit a thread takes 80 MB more and is no faster. */
const HEAP = { maxYoungGenerationSizeMb: 48 }

/** How many threads share the work of a command: one for each core, up to four. */
export const threadsOfMachine = (): number => Math.min(availableParallelism(), THREADS_MAX)

/** `name`: what it does, for whoever looks at the threads of the process. */
export function createCalledThread<Theirs extends Procedures>(
  entry: URL,
  name: string,
  data: object,
): CalledThread<Theirs> {
  const { port1, port2 } = new MessageChannel()
  const workerData: CalledThreadData = { ...data, calls: port2 }
  const worker = new Worker(entry, { workerData, name, transferList: [port2], resourceLimits: HEAP })
  let reason: Error | undefined
  worker.on('error', (cause) => {
    reason = new Error(`a thread of the command has ended: ${String(cause)}`, { cause })
  })
  const { promise: ended, resolve } = Promise.withResolvers<unknown>()
  worker.on('exit', resolve)
  const calls = createCalls<Theirs>(port1, {})
  return {
    ask: (...asked) =>
      calls.ask(...asked).catch(async (error: unknown) => {
        if (!(error instanceof LogError && error.code === 'log_unavailable')) throw error
        // The port closes before the thread tells why it ends.
        await ended
        throw reason ?? error
      }),
    async end() {
      calls.close()
      await worker.terminate()
    },
  }
}
