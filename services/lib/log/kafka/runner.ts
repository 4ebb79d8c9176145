/**
 * One partition in the hands of one consumer, from getting it to losing it: starts the handler, hands it one batch at a
 * time, stops it. Its lease ends when the partition goes to somebody else or the group has given this member up; a
 * handler learns that from `heartbeat`, which also makes sure that the group still counts on it.
 */
import { type Batch, type BatchContext, LogError, type PartitionHandler } from '../port.ts'
import type { Fetcher } from './fetcher.ts'
import type { Offsets } from './offsets.ts'

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
  readonly compacted: boolean
  readonly fetcher: Fetcher
  readonly offsets: Offsets
  readonly batchRecordsMax: number
  readonly batchBytesMax: number
  handler(topic: string, partition: number): PartitionHandler
  committed(): Promise<number | null>
  /** Makes sure that the group still counts on this member; revokes this runner where it does not. */
  confirm(): Promise<void>
}

export function startRunner(options: RunnerOptions): Runner {
  const { topic, partition, compacted, offsets, batchRecordsMax, batchBytesMax } = options
  const lease = new AbortController()
  /** Aborted when the current batch is to be the last. */
  const leaving = new AbortController()
  let sought: number | undefined
  let wake: (() => void) | undefined
  let changes = 0
  const changed = (): void => {
    changes++
    wake?.()
  }
  const source = options.fetcher.open(topic, partition, { compacted, onChange: changed })

  const context: BatchContext = {
    signal: lease.signal,
    async heartbeat() {
      if (!lease.signal.aborted) await options.confirm()
      if (lease.signal.aborted) throw new LogError('lease_lost', `${topic}/${partition} is no longer this consumer's`)
    },
  }

  async function firstPosition(from: Awaited<ReturnType<PartitionHandler['start']>>, latest: number): Promise<number> {
    if (from === 'latest') return latest
    const wanted = from === 'committed' ? ((await options.committed()) ?? 'earliest') : from
    if (wanted === 'earliest') return (await offsets.bounds(topic, partition)).start
    await offsets.check(topic, partition, wanted)
    return wanted
  }

  async function nextBatch(): Promise<Batch | undefined> {
    const seen = changes
    if (sought !== undefined) {
      const offset = sought
      sought = undefined
      source.reset(offset)
      await offsets.check(topic, partition, offset)
    }
    const taken = sought === undefined ? source.take(batchRecordsMax, batchBytesMax) : undefined
    if (taken !== undefined) return { topic, partition, ...taken }
    if (changes === seen && !leaving.signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      wake = undefined
    }
    return undefined
  }

  async function consume(handler: PartitionHandler): Promise<void> {
    // Asked for before the handler starts: whatever is appended after its start is new to it.
    const { end } = await offsets.bounds(topic, partition)
    const from = await handler.start()
    try {
      const position = await firstPosition(from, end)
      if (sought === undefined) source.reset(position)
      while (!leaving.signal.aborted) {
        const batch = await nextBatch()
        if (batch !== undefined && !leaving.signal.aborted) await handler.process(batch, context)
      }
    } catch (error) {
      lease.abort()
      // The first error is the cause; one of stopping after it would only hide it.
      await handler.stop().catch(() => undefined)
      throw error
    }
    lease.abort()
    await handler.stop()
  }

  async function run(): Promise<unknown> {
    try {
      // One turn later, so that the caller holds the consumer before its handlers are called.
      await new Promise((resolve) => setImmediate(resolve))
      if (!leaving.signal.aborted) await consume(options.handler(topic, partition))
      return undefined
    } catch (error) {
      if (error instanceof LogError) error.place ??= { topic, partition }
      return error ?? new Error(`the handler of ${topic}/${partition} threw nothing`)
    } finally {
      lease.abort()
      source.close()
    }
  }

  return {
    topic,
    partition,
    seek(offset) {
      sought = offset
      changed()
    },
    pause: () => source.setPaused(true),
    resume() {
      source.setPaused(false)
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
