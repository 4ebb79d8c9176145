/**
 * The embedded log: the log port on SQLite in a data directory, for one process. One worker thread writes, one reads;
 * the main side keeps the bounds of all partitions in memory and runs the consumers. See docs/decisions/embedded-log.md
 * for why it is built so.
 */
import { counted } from '../../../../schemas/counted.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import type { TopicSpec } from '../../../../schemas/topics.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type ConsumeOptions, type Log, LogError, type LogRecord, type PartitionBounds } from '../port.ts'
import { BATCH_BYTES_MAX, BATCH_RECORDS_MAX, type Runner, startRunner } from '../runner.ts'
import { createAppendQueue } from './append-queue.ts'
import { type Catalog, createCatalog } from './catalog.ts'
import { createFetch, type Fetch } from './fetch.ts'
import { createGroups } from './groups.ts'
import type { MaintenanceResult, OpenState, TopicRow } from './protocol.ts'
import { openSource } from './source.ts'
import { startWorker, type WorkerClient } from './worker-client.ts'

export interface SqliteLogOptions {
  /** Holds the database and its lock; created if missing. One process at a time. */
  readonly directory: string
  readonly clock: Clock
  /** Milliseconds on a clock that nobody sets. Default: `performance.now`. */
  readonly elapsed?: () => number
  readonly logger: Logger
  /**
   * Deletes the oldest records of non-compacted topics beyond this total in bytes; read before each run of maintenance.
   * By default, and if it returns null, only age counts.
   */
  readonly retentionBytesMax?: number | (() => number | null)
  /** The database file grows to this size and no further: appends are then refused. Default: the disk is the limit. */
  readonly databaseBytesMax?: number
  /** How long a tombstone stays readable before compaction removes it, in ms. */
  readonly tombstoneGraceMs?: number
  /** How often retention and compaction run, in ms; 0 leaves it to `maintain()`. */
  readonly maintenanceEveryMs?: number
  /** Bytes of one topic that may wait for the disk; beyond it an append is refused with log_unavailable. */
  readonly pendingBytesMax?: number
}

interface Workers {
  readonly writer: WorkerClient
  readonly reader: WorkerClient
  readonly catalog: Catalog
  /** Committed offsets by group and slot. */
  readonly commits: Map<string, number>
}

const commitKey = (group: string, slot: number): string => `${slot} ${group}`

/** Has the reader copy the write-ahead log, once at a time. Where it cannot, the writer does so later. */
function createCheckpoint(reader: WorkerClient): () => void {
  let isUnderWay = false
  const end = (): void => {
    isUnderWay = false
  }
  return () => {
    if (isUnderWay) return
    isUnderWay = true
    reader.request({ kind: 'checkpoint' }).then(end, end)
  }
}

/** Starts both threads at once, because starting one takes longer than anything else here. */
async function open({
  directory,
  databaseBytesMax = null,
}: {
  directory: string
  databaseBytesMax?: number | null
}): Promise<Workers> {
  const data = { directory, databaseBytesMax }
  const reader = startWorker(new URL('./reader.ts', import.meta.url), data)
  const checkpoint = createCheckpoint(reader)
  let catalog: Catalog | undefined
  const writer = startWorker(new URL('./writer.ts', import.meta.url), data, (notice) => {
    if (notice.kind === 'trimmed') catalog?.trimmed(notice.slot, notice.start)
    else checkpoint()
  })
  try {
    const state = (await writer.opened) as OpenState
    catalog = createCatalog(state)
    const commits = new Map(state.commits.map(({ group, slot, offset }) => [commitKey(group, slot), offset]))
    return { writer, reader, catalog, commits }
  } catch (error) {
    await Promise.all([writer.terminate(), reader.terminate()])
    throw error
  }
}

/** Which of the wanted topics are new or changed. Throws topic_mismatch if one exists in another shape. */
function missingTopics(catalog: Catalog, specs: readonly TopicSpec[]): Omit<TopicRow, 'base'>[] {
  return specs.flatMap(({ name, partitions, cleanup, retentionMs }) => {
    const known = catalog.topics.get(name)
    if (known !== undefined && (known.partitions !== partitions || known.cleanup !== cleanup)) {
      const has = `${counted(known.partitions, 'partition')}, cleanup ${known.cleanup}`
      const message = `topic ${name} exists with ${has}; wanted: ${counted(partitions, 'partition')}, cleanup ${cleanup}. Both are fixed when a topic is created`
      throw new LogError('topic_mismatch', message)
    }
    return known?.retentionMs === retentionMs ? [] : [{ name, partitions, cleanup, retentionMs }]
  })
}

async function* readAll(
  { catalog }: Workers,
  fetch: Fetch,
  [topic, partition, from]: [string, number, number | undefined],
): AsyncGenerator<LogRecord> {
  const slot = catalog.slot(topic, partition)
  const end = catalog.end(slot)
  let next = from ?? catalog.start(slot)
  catalog.checkOffset(topic, partition, next)
  while (next < end) {
    const page = await fetch(slot, next, end, BATCH_RECORDS_MAX, BATCH_BYTES_MAX)
    yield* page.records
    next = page.next
  }
}

function boundsOf({ catalog }: Workers, topic: string, partition: number): PartitionBounds {
  const slot = catalog.slot(topic, partition)
  return { start: catalog.start(slot), end: catalog.end(slot) }
}

/** Begins to work on a partition that the group has given to a member. */
function hold(workers: Workers, fetch: Fetch, topic: string, partition: number, options: ConsumeOptions): Runner {
  const { catalog, commits } = workers
  return startRunner({
    ...options,
    topic,
    partition,
    open: (onChange) => openSource({ catalog, fetch }, topic, partition, onChange),
    bounds: async () => boundsOf(workers, topic, partition),
    check: async (offset) => catalog.checkOffset(topic, partition, offset),
    committed: async () => commits.get(commitKey(options.group, catalog.slot(topic, partition))) ?? null,
  })
}

interface Maintainer {
  run(): Promise<void>
  /** No further run starts; resolves when the one under way has ended. */
  stop(): Promise<void>
}

/** Runs retention and compaction from time to time, one run at a time. */
function createMaintainer(writer: WorkerClient, options: SqliteLogOptions): Maintainer {
  const { clock, logger, retentionBytesMax = null, tombstoneGraceMs = LIMITS.log_tombstone_grace_ms } = options
  const everyMs = options.maintenanceEveryMs ?? LIMITS.log_maintenance_every_ms
  let last: Promise<unknown> = Promise.resolve()
  let isTold = false
  const run = (): Promise<void> => {
    const mine = last
      .catch(() => {})
      .then(() =>
        writer.request<MaintenanceResult>({
          kind: 'maintain',
          nowMs: clock.now(),
          tombstoneGraceMs,
          retentionBytesMax: typeof retentionBytesMax === 'function' ? retentionBytesMax() : retentionBytesMax,
        }),
      )
      .then((result) => {
        logger.debug(result, 'the log removed what is no longer kept')
        if (isTold || result.shrinks || result.freeBytes < LIMITS.log_free_bytes_told) return
        isTold = true
        logger.info(
          { free_bytes: result.freeBytes },
          'the file of the log was made by an older version and keeps the space that was freed in it; it is used for what comes next',
        )
      })
    last = mine
    return mine
  }
  const timer = everyMs === 0 ? undefined : setInterval(tick, everyMs)
  timer?.unref()
  function tick(): void {
    run().catch((err: unknown) =>
      logger.warn({ err }, 'the log could not remove what is no longer kept; it tries again'),
    )
  }
  return {
    run,
    async stop() {
      clearInterval(timer)
      await last.catch(() => {})
    },
  }
}

/**
 * Opens the log, or makes it. Throws LogError: `log_unavailable` where another process holds the directory or the disk
 * refuses, `log_corrupt` where the database is damaged.
 */
export async function createSqliteLog(options: SqliteLogOptions): Promise<Log> {
  const workers = await open(options)
  const { writer, reader, catalog, commits } = workers
  const { clock, elapsed = () => performance.now(), logger, pendingBytesMax = LIMITS.log_pending_bytes_max } = options
  const fetch = createFetch(reader, catalog)
  const queue = createAppendQueue({ writer, catalog, clock, elapsed, pendingBytesMax })
  const maintainer = createMaintainer(writer, options)
  const groups = createGroups({
    catalog,
    logger,
    startRunner: (topic, partition, consume) => hold(workers, fetch, topic, partition, consume),
    async commit(group, slot, offset) {
      await writer.request({ kind: 'commit', group, slot, offset })
      commits.set(commitKey(group, slot), offset)
    },
  })

  async function shutDown(): Promise<void> {
    try {
      await groups.close()
    } finally {
      await queue.close()
      await maintainer.stop()
      await Promise.allSettled([reader.request({ kind: 'close' })])
      await Promise.allSettled([writer.request({ kind: 'close' })])
      await Promise.all([reader.terminate(), writer.terminate()])
    }
  }
  let closing: Promise<void> | undefined

  return {
    async ensureTopics(specs) {
      const topics = missingTopics(catalog, specs)
      if (topics.length === 0) return
      for (const row of await writer.request<TopicRow[]>({ kind: 'topics', topics })) catalog.addTopic(row)
    },
    partitions: (topic) => catalog.topic(topic).partitions,
    append: queue.append,
    read: (topic, partition, from) => readAll(workers, fetch, [topic, partition, from]),
    bounds: async (topic, partition) => boundsOf(workers, topic, partition),
    committed: async (group, topic, partition) => commits.get(commitKey(group, catalog.slot(topic, partition))) ?? null,
    async consume(consume) {
      if (closing !== undefined) throw new LogError('log_unavailable', 'the log is closed')
      return groups.join(consume)
    },
    health: queue.health,
    maintain: maintainer.run,
    close: () => (closing ??= shutDown()),
  }
}
