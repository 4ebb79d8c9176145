/**
 * One partition held by one consumer, from assignment to loss: starts the handler, gives it one batch at a time, and
 * stops it. The lease ends when the partition moves to another member or the group drops this one. A handler learns that
 * from `heartbeat`, which also checks that the group still counts on it.
 */
import { type Batch, type BatchContext, LogError, type PartitionHandler } from '../port.ts'
import type { Fetcher, Source } from './fetcher.ts'
import type { Offsets } from './offsets.ts'

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
  readonly compacted: boolean
  readonly fetcher: Fetcher
  readonly offsets: Offsets
  readonly batchRecordsMax: number
  readonly batchBytesMax: number
  handler(topic: string, partition: number): PartitionHandler
  committed(): Promise<number | null>
  /** Checks that the group still counts on this member; if not, revokes this runner. */
  confirm(): Promise<void>
}

/** What the runner learns from outside while its handler works. */
interface Running {
  readonly options: RunnerOptions
  readonly lease: AbortController
  /** Aborted when the current batch is to be the last. */
  readonly leaving: AbortController
  sought: number | undefined
  wake: (() => void) | undefined
  changes: number
  readonly source: Source
}

const changed = (running: Running): void => {
  running.changes++
  running.wake?.()
}

async function firstPosition(
  running: Running,
  from: Awaited<ReturnType<PartitionHandler['start']>>,
  latest: number,
): Promise<number> {
  const { offsets, topic, partition } = running.options
  if (from === 'latest') return latest
  const wanted = from === 'committed' ? ((await running.options.committed()) ?? 'earliest') : from
  if (wanted === 'earliest') return (await offsets.bounds(topic, partition)).start
  await offsets.check(topic, partition, wanted)
  return wanted
}

async function nextBatch(running: Running): Promise<Batch | undefined> {
  const { offsets, topic, partition, batchRecordsMax, batchBytesMax } = running.options
  const seen = running.changes
  if (running.sought !== undefined) {
    const offset = running.sought
    running.sought = undefined
    running.source.reset(offset)
    await offsets.check(topic, partition, offset)
  }
  const taken = running.sought === undefined ? running.source.take(batchRecordsMax, batchBytesMax) : undefined
  if (taken !== undefined) return { topic, partition, ...taken }
  if (running.changes === seen && !running.leaving.signal.aborted) {
    await new Promise<void>((resolve) => {
      running.wake = resolve
    })
    running.wake = undefined
  }
  return undefined
}

/** What the handler is given with each batch. */
const contextOf = ({ options, lease }: Running): BatchContext => ({
  signal: lease.signal,
  async heartbeat() {
    if (!lease.signal.aborted) await options.confirm()
    if (lease.signal.aborted) {
      throw new LogError('lease_lost', `${options.topic}/${options.partition} is no longer this consumer's`)
    }
  },
})

async function consume(running: Running, handler: PartitionHandler): Promise<void> {
  const { offsets, topic, partition } = running.options
  // Asked for before the handler starts: whatever is appended after its start is new to it.
  const { end } = await offsets.bounds(topic, partition)
  const from = await handler.start()
  const context = contextOf(running)
  try {
    const position = await firstPosition(running, from, end)
    if (running.sought === undefined) running.source.reset(position)
    while (!running.leaving.signal.aborted) {
      const batch = await nextBatch(running)
      if (batch !== undefined && !running.leaving.signal.aborted) await handler.process(batch, context)
    }
  } catch (error) {
    running.lease.abort()
    // The first error is the cause; one of stopping after it would only hide it.
    await handler.stop().catch(() => undefined)
    throw error
  }
  running.lease.abort()
  await handler.stop()
}

async function run(running: Running): Promise<unknown> {
  const { topic, partition } = running.options
  try {
    // One turn later, so that the caller holds the consumer before its handlers are called.
    await new Promise((resolve) => setImmediate(resolve))
    if (!running.leaving.signal.aborted) await consume(running, running.options.handler(topic, partition))
    return undefined
  } catch (error) {
    if (error instanceof LogError) error.place ??= { topic, partition }
    return error ?? new Error(`the handler of ${topic}/${partition} threw nothing`)
  } finally {
    running.lease.abort()
    running.source.close()
  }
}

export function startRunner(options: RunnerOptions): Runner {
  const running: Running = {
    options,
    lease: new AbortController(),
    leaving: new AbortController(),
    sought: undefined,
    wake: undefined,
    changes: 0,
    source: options.fetcher.open(options.topic, options.partition, {
      compacted: options.compacted,
      onChange: () => changed(running),
    }),
  }

  return {
    topic: options.topic,
    partition: options.partition,
    seek(offset) {
      running.sought = offset
      changed(running)
    },
    pause: () => running.source.setPaused(true),
    resume() {
      running.source.setPaused(false)
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
