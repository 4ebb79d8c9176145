/**
 * One partition held by one consumer, from assignment to loss: starts the handler, reads a batch when there is something
 * new, waits for the handler, and reads on. It holds one batch at a time, which bounds the memory of a slow consumer.
 * While the partition has nothing new, it asks the reader for nothing.
 */
import { type Batch, type BatchContext, LogError, type PartitionHandler } from '../port.ts'
import type { Catalog } from './catalog.ts'
import type { Fetch } from './fetch.ts'

export interface Runner {
  readonly topic: string
  readonly partition: number
  seek(offset: number): void
  pause(): void
  resume(): void
  /** Ends after the current batch. */
  stop(): void
  /** The lease is lost now; the current batch is informed. */
  revoke(): void
  /** Settles when the handler has stopped, with what went wrong, if anything did. Never rejects. */
  readonly done: Promise<unknown>
}

export interface RunnerOptions {
  readonly topic: string
  readonly partition: number
  readonly catalog: Catalog
  readonly fetch: Fetch
  readonly batchRecordsMax: number
  readonly batchBytesMax: number
  handler(topic: string, partition: number): PartitionHandler
  committed(): number | undefined
}

/** Where the runner is in its partition, and what it learns from outside while its handler works. */
interface Running {
  readonly options: RunnerOptions
  readonly slot: number
  readonly lease: AbortController
  position: number
  sought: number | undefined
  paused: boolean
  /** Aborted when the current batch is to be the last. */
  readonly leaving: AbortController
  wake: (() => void) | undefined
}

const changed = (running: Running): void => running.wake?.()

function firstPosition(running: Running, from: Awaited<ReturnType<PartitionHandler['start']>>): number {
  const { catalog } = running.options
  if (from === 'earliest') return catalog.start(running.slot)
  if (from === 'latest') return catalog.end(running.slot)
  if (from === 'committed') return running.options.committed() ?? catalog.start(running.slot)
  return from
}

async function nextBatch(running: Running): Promise<Batch | undefined> {
  const { catalog, topic, partition, fetch, batchRecordsMax, batchBytesMax } = running.options
  if (running.sought !== undefined) running.position = running.sought
  running.sought = undefined
  catalog.checkOffset(topic, partition, running.position)
  if (running.paused || running.position >= catalog.end(running.slot)) {
    await new Promise<void>((resolve) => {
      running.wake = resolve
    })
    running.wake = undefined
    return undefined
  }
  const endOffset = catalog.end(running.slot)
  const { records, next } = await fetch(running.slot, running.position, endOffset, batchRecordsMax, batchBytesMax)
  if (running.leaving.signal.aborted || running.paused || running.sought !== undefined) return undefined
  running.position = next
  return records.length === 0 ? undefined : { topic, partition, records, endOffset }
}

/** What the handler is given with each batch. */
const contextOf = ({ options, lease }: Running): BatchContext => ({
  signal: lease.signal,
  async heartbeat() {
    if (lease.signal.aborted) {
      throw new LogError('lease_lost', `${options.topic}/${options.partition} is no longer this consumer's`)
    }
  },
})

async function consume(running: Running, handler: PartitionHandler): Promise<void> {
  const context = contextOf(running)
  running.position = firstPosition(running, await handler.start())
  try {
    while (!running.leaving.signal.aborted) {
      const batch = await nextBatch(running)
      if (batch !== undefined) await handler.process(batch, context)
    }
  } catch (error) {
    running.lease.abort()
    // The first error is the cause; one of stopping after it would only hide it.
    await handler.stop().catch(() => {})
    throw error
  }
  running.lease.abort()
  await handler.stop()
}

async function run(running: Running): Promise<unknown> {
  const { catalog, topic, partition } = running.options
  const unwatch = catalog.watch(running.slot, () => changed(running))
  try {
    // One turn later, so that the caller holds the consumer before its handlers are called.
    await Promise.resolve()
    if (!running.leaving.signal.aborted) await consume(running, running.options.handler(topic, partition))
    return undefined
  } catch (error) {
    if (error instanceof LogError) error.place ??= { topic, partition }
    return error ?? new Error(`the handler of ${topic}/${partition} threw nothing`)
  } finally {
    running.lease.abort()
    unwatch()
  }
}

export function startRunner(options: RunnerOptions): Runner {
  const running: Running = {
    options,
    slot: options.catalog.slot(options.topic, options.partition),
    lease: new AbortController(),
    position: -1,
    sought: undefined,
    paused: false,
    leaving: new AbortController(),
    wake: undefined,
  }

  return {
    topic: options.topic,
    partition: options.partition,
    seek(offset) {
      running.sought = offset
      changed(running)
    },
    pause() {
      running.paused = true
    },
    resume() {
      running.paused = false
      changed(running)
    },
    stop() {
      running.leaving.abort()
      changed(running)
    },
    revoke() {
      running.leaving.abort()
      running.lease.abort()
      changed(running)
    },
    done: run(running),
  }
}
