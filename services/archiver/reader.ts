/** The archiver's side of the log: reads the topics into the shelves while there is room, and commits what is stored. */
import { LIMITS } from '../../schemas/limits.ts'
import type { Batch, BatchContext, Log, PartitionHandler } from '../lib/log/port.ts'
import { createSteadyConsumer } from '../lib/log/steady-consumer.ts'
import type { Logger } from '../lib/logger.ts'
import { pauseFor } from './pause.ts'
import type { Progress } from './progress.ts'
import { ARCHIVED_TOPICS, type ArchivedTopic } from './records.ts'
import type { Shelf } from './shelf.ts'

export interface ReaderTools {
  readonly log: Log
  readonly logger: Logger
  readonly progress: Progress
  readonly shelves: ReadonlyMap<ArchivedTopic, Shelf>
  /** Given when the archiver stops: from then on nothing is taken in. */
  readonly stop: AbortSignal
  /** What was committed before does not count, for any partition: the warehouse is to be filled again. */
  readonly fromOldest: boolean
}

export interface Reader {
  /** Throws LogError where the log cannot be read. */
  start(): Promise<void>
  /** Asks for no further batch. */
  pause(): void
  /** Commits what is stored and leaves the group. */
  close(): Promise<void>
}

const GROUP = 'archiver'
/** How long a full archiver waits before it tells the log again that it is alive. */
const ROOM_CHECK_MS = 200

/**
 * Where to read on: after what was committed, or from the oldest record that is left. `again`: from that one in any case,
 * and nothing counts as committed.
 */
async function beginning(
  { log, logger, progress }: ReaderTools,
  topic: ArchivedTopic,
  partition: number,
  again: boolean,
): Promise<number> {
  const [committed, bounds] = await Promise.all([log.committed(GROUP, topic, partition), log.bounds(topic, partition)])
  if (committed !== null && committed < bounds.start) {
    logger.error(
      { topic, partition, from: committed, to: bounds.start },
      'records left the log before they were stored: the warehouse lacks them',
    )
  }
  const offset = again ? bounds.start : Math.max(committed ?? 0, bounds.start)
  progress.begins(topic, partition, offset, again ? null : offset)
  progress.heard(topic, partition, bounds.end)
  return offset
}

interface Place {
  readonly topic: ArchivedTopic
  readonly partition: number
}

function createHandler(tools: ReaderTools, { topic, partition }: Place, again: boolean): PartitionHandler {
  const { progress, stop } = tools
  const shelf = tools.shelves.get(topic)
  if (shelf === undefined) throw new Error(`the archiver does not read the topic ${topic}`)
  const stopped = (context: BatchContext): boolean => stop.aborted || context.signal.aborted
  return {
    start: () => beginning(tools, topic, partition, again),
    async process(batch: Batch, context: BatchContext) {
      while (shelf.bytes() >= LIMITS.archive_waiting_bytes_max && !stopped(context)) {
        await context.heartbeat()
        await pauseFor(ROOM_CHECK_MS, stop)
      }
      // What is not taken in here is not committed either: the next start reads it again.
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

export function createReader(tools: ReaderTools): Reader {
  const { log, logger, progress, stop, fromOldest } = tools
  /** Places whose offset this archiver has committed: from then on what is committed counts again. */
  const reset = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  const steady = createSteadyConsumer({
    log,
    logger,
    what: 'archiving',
    group: GROUP,
    topics: ARCHIVED_TOPICS,
    handler(topic, partition) {
      const again = fromOldest && !reset.has(`${topic}/${partition}`)
      return createHandler(tools, { topic: topic as ArchivedTopic, partition }, again)
    },
    batchBytesMax: LIMITS.archive_batch_bytes_max,
    mayBegin: () => !stop.aborted,
  })

  /** All at once: the log puts what comes together into one request. */
  async function commit(): Promise<void> {
    const consumer = steady.current()
    if (consumer === undefined) return
    await Promise.all(
      progress.uncommitted().map(async ({ topic, partition, offset }) => {
        try {
          await consumer.commit(topic, partition, offset)
          progress.committed(topic, partition, offset)
          reset.add(`${topic}/${partition}`)
        } catch (error) {
          // Without a commit more is read again after a restart, and merges.
          logger.debug({ topic, partition, reason: (error as Error).message }, 'an offset was not committed')
        }
      }),
    )
  }
  const commitLater = (): void => {
    timer = setTimeout(() => void commit().finally(commitLater), LIMITS.archive_commit_every_ms)
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
      clearTimeout(timer)
      await commit()
      clearTimeout(timer)
      await steady.stop()
    },
  }
}
