/**
 * One partition held by one consumer, from assignment to loss: starts the handler, gives it one batch at a time, and
 * stops it. It holds one batch, which bounds the memory of a slow consumer. The lease ends when the partition moves to
 * another member or the group drops this one. A handler learns that from `heartbeat`. Both engines run their partitions
 * by this; where the records come from is their part (`Source`).
 */
import {
  type Batch,
  type BatchContext,
  type ConsumeOptions,
  LogError,
  type LogRecord,
  type PartitionBounds,
  type PartitionHandler,
} from './port.ts'

/** Of a batch, where its consumer says nothing else. */
export const BATCH_RECORDS_MAX = 500
export const BATCH_BYTES_MAX = 1024 * 1024

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

export interface Taken {
  readonly records: readonly LogRecord[]
  /** Offset that the next record gets, as known when this was read. */
  readonly endOffset: number
}

/** The records of one partition as its engine hands them out. */
export interface Source {
  /**
   * Up to so many records, if there are any; a record that is too large comes alone. Undefined while there is nothing, or
   * while it is paused: `onChange` says when to ask again. Throws what went wrong.
   */
  take(recordsMax: number, bytesMax: number): Taken | undefined | Promise<Taken | undefined>
  /** Continues from this offset, and drops what was read ahead. */
  reset(offset: number): void
  setPaused(paused: boolean): void
  close(): void
}

export interface RunnerOptions extends Pick<ConsumeOptions, 'handler' | 'batchRecordsMax' | 'batchBytesMax'> {
  readonly topic: string
  readonly partition: number
  /** Opens the source, which calls `onChange` whenever `take` may have something, or throws. */
  open(onChange: () => void): Source
  bounds(): Promise<PartitionBounds>
  /** Throws offset_out_of_range if reading cannot continue from this offset. */
  check(offset: number): Promise<void>
  committed(): Promise<number | null>
  /** Checks that the group still counts on this member; if not, revokes this runner. Left out where no group can drop it. */
  confirm?(): Promise<void>
}

/** What the runner learns from outside while its handler works. */
interface Running {
  readonly options: RunnerOptions
  readonly source: Source
  readonly lease: AbortController
  /** Aborted when the current batch is to be the last. */
  readonly leaving: AbortController
  sought: number | undefined
  wake: (() => void) | undefined
  changes: number
}

const changed = (running: Running): void => {
  running.changes++
  running.wake?.()
}

async function goTo({ options, source }: Running, offset: number): Promise<void> {
  source.reset(offset)
  await options.check(offset)
}

async function begin(
  running: Running,
  from: Awaited<ReturnType<PartitionHandler['start']>>,
  latest: number,
): Promise<void> {
  const { options, source } = running
  const wanted = from === 'committed' ? ((await options.committed()) ?? 'earliest') : from
  // A seek while the handler started is the later wish.
  if (running.sought !== undefined) return
  if (wanted === 'latest') source.reset(latest)
  else if (wanted === 'earliest') source.reset((await options.bounds()).start)
  else await goTo(running, wanted)
}

async function nextBatch(running: Running): Promise<Batch | undefined> {
  const { options, source, leaving } = running
  const { topic, partition, batchRecordsMax = BATCH_RECORDS_MAX, batchBytesMax = BATCH_BYTES_MAX } = options
  const seen = running.changes
  if (running.sought !== undefined) {
    const offset = running.sought
    running.sought = undefined
    await goTo(running, offset)
  }
  const taken = await source.take(batchRecordsMax, batchBytesMax)
  if (running.sought !== undefined) return undefined
  if (taken !== undefined) return { topic, partition, ...taken }
  if (running.changes === seen && !leaving.signal.aborted) {
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
    if (!lease.signal.aborted) await options.confirm?.()
    if (lease.signal.aborted) {
      throw new LogError('lease_lost', `${options.topic}/${options.partition} is no longer this consumer's`)
    }
  },
})

async function consume(running: Running, handler: PartitionHandler): Promise<void> {
  // Asked for before the handler starts: whatever is appended after its start is new to it.
  const { end } = await running.options.bounds()
  const from = await handler.start()
  const context = contextOf(running)
  try {
    await begin(running, from, end)
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

/** Starts it; its handler is called one turn later. */
export function startRunner(options: RunnerOptions): Runner {
  const running: Running = {
    options,
    lease: new AbortController(),
    leaving: new AbortController(),
    sought: undefined,
    wake: undefined,
    changes: 0,
    source: options.open(() => changed(running)),
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
