/** The archiver's log side: reads the topics into the shelves while there is room, and commits what is stored. */
import { LIMITS } from '../../schemas/limits.ts'
import type { Batch, BatchContext, Consumer, Log, PartitionHandler } from '../lib/log/port.ts'
import { createSteadyConsumer } from '../lib/log/steady-consumer.ts'
import type { Logger } from '../lib/logger.ts'
import { pauseFor } from './pause.ts'
import { ARCHIVER_GROUP } from '../lib/warehouse/archived.ts'
import { ARCHIVED_TOPICS, type ArchivedTopic } from '../lib/warehouse/tables.ts'
import type { Keeper } from './keeper.ts'
import type { Progress } from './progress.ts'
import type { Shelf } from './shelf.ts'

export interface ReaderTools {
  readonly log: Log
  readonly logger: Logger
  readonly progress: Progress
  readonly shelves: ReadonlyMap<ArchivedTopic, Shelf>
  /** Given when the archiver stops: from then on nothing is taken in. */
  readonly stop: AbortSignal
  /** Says where reading begins, and takes down how far it is stored. */
  readonly keeper: Keeper
  /** The warehouse has lost what this run stored: that counts for nothing any more, whatever warehouse comes next. */
  isAbandoned(): boolean
}

export interface Reader {
  /** Throws LogError where the log cannot be read. */
  start(): Promise<void>
  /** Asks for no further batch. */
  pause(): void
  /** Commits what is stored and leaves the group. */
  close(): Promise<void>
  /** Leaves the group without a commit. */
  abandon(): Promise<void>
}

/** How often a full archiver sends the log a heartbeat. */
const ROOM_CHECK_MS = 200

/**
 * Where to continue reading: after what the warehouse says it holds. Until it has been queried, the committed offset counts;
 * see keeper.ts.
 */
async function beginning(
  { log, logger, progress, keeper }: ReaderTools,
  topic: ArchivedTopic,
  partition: number,
): Promise<number> {
  const [committed, bounds] = await Promise.all([
    log.committed(ARCHIVER_GROUP, topic, partition),
    log.bounds(topic, partition),
  ])
  if (committed !== null && committed < bounds.start) {
    logger.error(
      { topic, partition, from: committed, to: bounds.start },
      'records left the log before they were stored: the warehouse lacks them',
    )
  }
  const mark = keeper.mark(topic, partition)
  const offset = Math.max(mark?.next ?? committed ?? 0, bounds.start)
  progress.begins({ topic, partition, next: offset, lastRow: mark?.lastRow ?? 0 }, committed)
  progress.heard(topic, partition, bounds.end)
  return offset
}

function createHandler(tools: ReaderTools, topic: ArchivedTopic, partition: number): PartitionHandler {
  const { progress, stop } = tools
  const shelf = tools.shelves.get(topic)
  if (shelf === undefined) throw new Error(`the archiver does not read the topic ${topic}`)
  const stopped = (context: BatchContext): boolean => stop.aborted || context.signal.aborted
  return {
    start: () => beginning(tools, topic, partition),
    async process(batch: Batch, context: BatchContext) {
      while (shelf.bytes() >= LIMITS.archive_waiting_bytes_max && !stopped(context)) {
        await context.heartbeat()
        await pauseFor(ROOM_CHECK_MS, stop)
      }
      // What is not taken here is not committed either, so the next start reads it again.
      if (stopped(context)) return
      progress.heard(topic, partition, batch.endOffset)
      for (const { offset, value } of batch.records) {
        shelf.add({ topic, partition, offset, value: value ?? Buffer.alloc(0) })
      }
    },
    async stop() {
      progress.ends(topic, partition)
    },
  }
}

/** Progress is recorded in the warehouse first, so that it is never behind the log's. */
async function mark({ progress, keeper, logger }: ReaderTools): Promise<void> {
  const marks = progress.unmarked()
  try {
    if (await keeper.write(marks)) progress.marked(marks)
  } catch (error) {
    logger.debug({ reason: (error as Error).message }, 'how far the log is stored was not written down')
  }
}

/** All at once: the log puts what comes together into one request. */
async function commit(tools: ReaderTools, consumer: Consumer | undefined): Promise<void> {
  const { progress, logger } = tools
  if (consumer === undefined || tools.isAbandoned()) return
  await mark(tools)
  await Promise.all(
    progress.uncommitted().map(async ({ topic, partition, offset }) => {
      try {
        await consumer.commit(topic, partition, offset)
        progress.committed(topic, partition, offset)
      } catch (error) {
        // Without a commit more is read again after a restart, and merges.
        logger.debug({ topic, partition, reason: (error as Error).message }, 'an offset was not committed')
      }
    }),
  )
}

export function createReader(tools: ReaderTools): Reader {
  const { log, logger, stop } = tools
  let timer: NodeJS.Timeout | undefined

  const steady = createSteadyConsumer({
    log,
    logger,
    what: 'archiving',
    group: ARCHIVER_GROUP,
    topics: ARCHIVED_TOPICS,
    handler: (topic, partition) => createHandler(tools, topic as ArchivedTopic, partition),
    batchBytesMax: LIMITS.archive_batch_bytes_max,
    mayBegin: () => !stop.aborted,
  })

  let closed = false
  const commitLater = (): void => {
    if (!closed)
      timer = setTimeout(
        () => void commit(tools, steady.current()).finally(commitLater),
        LIMITS.archive_commit_every_ms,
      )
  }

  return {
    async start() {
      await steady.start()
      commitLater()
    },
    pause() {
      const consumer = steady.current()
      for (const { topic, partition } of consumer?.owned() ?? []) consumer?.pause(topic, partition)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      // A warehouse that hangs must not hold up the end: without a mark more is stored again.
      const end = new AbortController()
      await Promise.race([commit(tools, steady.current()), pauseFor(LIMITS.archive_drain_ms_max, end.signal)])
      end.abort()
      await steady.stop()
    },
    async abandon() {
      closed = true
      clearTimeout(timer)
      await steady.stop()
    },
  }
}
