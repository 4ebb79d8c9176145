/**
 * One partition in the hands of one consumer, from getting it to losing it: starts the handler, reads a batch when
 * there is something new, waits for the handler, reads on. It holds one batch at a time, which is what bounds the
 * memory of a slow consumer, and asks the reader for nothing while the partition has nothing new.
 */
import { type Batch, LogError, type PartitionHandler } from '../port.ts'
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
  /** The lease is lost now: the current batch is told so. */
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

export function startRunner(options: RunnerOptions): Runner {
  const { topic, partition, catalog, fetch, batchRecordsMax, batchBytesMax } = options
  const slot = catalog.slot(topic, partition)
  const lease = new AbortController()
  let position = -1
  let sought: number | undefined
  let paused = false
  /** Aborted when the current batch is to be the last. */
  const leaving = new AbortController()
  let wake: (() => void) | undefined
  const changed = (): void => wake?.()
  const unwatch = catalog.watch(slot, changed)

  const context = {
    signal: lease.signal,
    async heartbeat(): Promise<void> {
      if (lease.signal.aborted) throw new LogError('lease_lost', `${topic}/${partition} is no longer this consumer's`)
    },
  }

  function firstPosition(from: Awaited<ReturnType<PartitionHandler['start']>>): number {
    if (from === 'earliest') return catalog.start(slot)
    if (from === 'latest') return catalog.end(slot)
    if (from === 'committed') return options.committed() ?? catalog.start(slot)
    return from
  }

  async function nextBatch(): Promise<Batch | undefined> {
    if (sought !== undefined) position = sought
    sought = undefined
    catalog.checkOffset(topic, partition, position)
    if (paused || position >= catalog.end(slot)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      wake = undefined
      return undefined
    }
    const endOffset = catalog.end(slot)
    const { records, next } = await fetch(slot, position, endOffset, batchRecordsMax, batchBytesMax)
    if (leaving.signal.aborted || paused || sought !== undefined) return undefined
    position = next
    return records.length === 0 ? undefined : { topic, partition, records, endOffset }
  }

  async function consume(handler: PartitionHandler): Promise<void> {
    position = firstPosition(await handler.start())
    try {
      while (!leaving.signal.aborted) {
        const batch = await nextBatch()
        if (batch !== undefined) await handler.process(batch, context)
      }
    } catch (error) {
      lease.abort()
      // The first error is the cause; one of stopping after it would only hide it.
      await handler.stop().catch(() => {})
      throw error
    }
    lease.abort()
    await handler.stop()
  }

  async function run(): Promise<unknown> {
    try {
      // One turn later, so that the caller holds the consumer before its handlers are called.
      await Promise.resolve()
      if (!leaving.signal.aborted) await consume(options.handler(topic, partition))
      return undefined
    } catch (error) {
      if (error instanceof LogError) error.place ??= { topic, partition }
      return error ?? new Error(`the handler of ${topic}/${partition} threw nothing`)
    } finally {
      lease.abort()
      unwatch()
    }
  }

  return {
    topic,
    partition,
    seek(offset) {
      sought = offset
      changed()
    },
    pause() {
      paused = true
    },
    resume() {
      paused = false
      changed()
    },
    stop() {
      leaving.abort()
      changed()
    },
    revoke() {
      leaving.abort()
      lease.abort()
      changed()
    },
    done: run(),
  }
}
