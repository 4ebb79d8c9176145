/**
 * The main side of a worker: requests whose answers are promises. If a worker dies, its open requests and all later ones
 * fail.
 */
import { Worker } from 'node:worker_threads'
import { LogError } from '../port.ts'
import type { ErrorReply, Notice, Reply, WorkerData } from './protocol.ts'

export interface WorkerClient {
  /** `transfer` names memory that is handed over and no longer ours. */
  request<T>(message: object, transfer?: ArrayBuffer[]): Promise<T>
  /** Answer to the request with id 0, which the worker makes of itself when it has opened. */
  readonly opened: Promise<unknown>
  /** Ends the thread at once. What is durable remains so. */
  terminate(): Promise<void>
}

interface PendingRequest {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

const toError = ({ code, message }: ErrorReply): Error =>
  code === null ? new Error(message) : new LogError(code, message)

export function startWorker(entry: URL, data: WorkerData, onNotice: (notice: Notice) => void = () => {}): WorkerClient {
  const worker = new Worker(entry, { workerData: data, name: 'log' })
  const waiting = new Map<number, PendingRequest>()
  let dead: Error | undefined
  let lastId = 0
  const wait = (id: number): Promise<never> =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
    })
  const die = (cause: unknown): void => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    dead ??= new LogError('log_unavailable', `the log's worker has ended (${reason}): restart the service`, { cause })
    for (const { reject } of waiting.values()) reject(dead)
    waiting.clear()
  }
  worker.on('message', (message: Reply | Notice) => {
    if ('kind' in message) {
      onNotice(message)
      return
    }
    const { id, result, error } = message
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(result as never)
    else asked?.reject(toError(error))
  })
  worker.on('error', die)
  worker.on('exit', (code) => die(`exit code ${code}`))
  const opened = wait(0)
  // Only one of the two workers says that it has opened; nobody may be waiting when the other one ends.
  opened.catch(() => {})
  return {
    opened,
    request(message, transfer = []) {
      if (dead !== undefined) return Promise.reject(dead)
      const id = ++lastId
      worker.postMessage({ ...message, id }, transfer)
      return wait(id)
    },
    async terminate() {
      await worker.terminate()
    },
  }
}
