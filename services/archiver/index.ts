/**
 * The archiver: brings events, findings and dead letters from the log into the warehouse. The log is the truth and the
 * warehouse a projection of it, so the archiver may fall behind for hours and nothing else notices: it reads on only
 * while there is room, and commits what is stored. After a restart it reads again from there; repeats merge.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../schemas/limits.ts'
import type { Batch, BatchContext, Consumer, PartitionHandler } from '../lib/log/port.ts'
import type { TableName } from '../lib/warehouse/tables.ts'
import { createProgress } from './progress.ts'
import { ARCHIVED_TOPICS, type ArchivedTopic, TABLE_OF_TOPIC } from './records.ts'
import { createShelf, type Shelf } from './shelf.ts'
import { createStore, type StoreTools } from './store.ts'

export type ArchiverTools = StoreTools

export interface ArchiverStatus {
  /** waiting: the warehouse does not take rows at the moment, and why. */
  readonly state: 'stopped' | 'running' | 'waiting'
  readonly reason: string
  /** Rows stored since the start, repeats included. */
  readonly rows: Readonly<Record<TableName, number>>
  readonly inserts: number
  readonly deadLetters: number
  /** Records of the log that are not stored yet, by topic. */
  readonly lag: Readonly<Record<ArchivedTopic, number>>
}

export interface Archiver {
  /** Begins to read. Throws LogError where the log cannot be read. */
  start(): Promise<void>
  /** Stores what waits if the warehouse takes it, commits, and stops. What is not stored is read again at the next start. */
  stop(): Promise<void>
  status(): ArchiverStatus
}

const GROUP = 'archiver'
/** How long a full archiver waits before it tells the log again that it is alive. */
const ROOM_CHECK_MS = 200
const CONSUME_AGAIN_MS = 1_000

/** One run from start to stop. */
function createRun(tools: ArchiverTools) {
  const { log, logger, metrics } = tools
  const progress = createProgress(metrics)
  const rows: Record<TableName, number> = { events: 0, findings: 0, dead_letters: 0 }
  const counts = { inserts: 0, deadLetters: 0 }
  const reasons = new Map<TableName, string>()
  const stopping = new AbortController()
  const shelves = new Map<ArchivedTopic, Shelf>(ARCHIVED_TOPICS.map((topic) => [topic, createShelf()]))
  let consumer: Consumer | undefined
  let commitTimer: NodeJS.Timeout | undefined
  const loops: Promise<void>[] = []

  const shelfOf = (topic: string): Shelf => {
    const shelf = shelves.get(topic as ArchivedTopic)
    if (shelf === undefined) throw new Error(`the archiver does not read the topic ${topic}`)
    return shelf
  }

  async function commit(): Promise<void> {
    for (const { topic, partition, offset } of progress.uncommitted()) {
      try {
        await consumer?.commit(topic, partition, offset)
        progress.committed(topic, partition, offset)
      } catch (error) {
        // Without a commit more is read again after a restart, and merges.
        logger.debug({ topic, partition, reason: (error as Error).message }, 'an offset was not committed')
      }
    }
  }

  /** Where to read on: after what was committed, or from the oldest record that is left. */
  async function beginning(topic: ArchivedTopic, partition: number): Promise<number> {
    const [committed, bounds] = await Promise.all([
      log.committed(GROUP, topic, partition),
      log.bounds(topic, partition),
    ])
    if (committed !== null && committed < bounds.start) {
      logger.error(
        { topic, partition, from: committed, to: bounds.start },
        'records left the log before they were stored: the warehouse lacks them',
      )
    }
    const offset = Math.max(committed ?? 0, bounds.start)
    progress.begins(topic, partition, offset)
    progress.heard(topic, partition, bounds.end)
    return offset
  }

  async function roomIn(shelf: Shelf, context: BatchContext): Promise<void> {
    while (shelf.bytes() >= LIMITS.archive_waiting_bytes_max && !context.signal.aborted && !stopping.signal.aborted) {
      await context.heartbeat()
      await wait(ROOM_CHECK_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  function handler(topic: string, partition: number): PartitionHandler {
    const archived = topic as ArchivedTopic
    const shelf = shelfOf(topic)
    return {
      start: () => beginning(archived, partition),
      async process(batch: Batch, context: BatchContext) {
        await roomIn(shelf, context)
        // What is not taken in here is not committed either: the next start reads it again.
        if (stopping.signal.aborted || context.signal.aborted) return
        progress.heard(archived, partition, batch.endOffset)
        for (const { offset, value } of batch.records) {
          shelf.add({ topic: archived, partition, offset, value: value ?? Buffer.alloc(0) })
        }
      },
      async stop() {
        progress.ends(archived, partition)
      },
    }
  }

  async function runTable(topic: ArchivedTopic): Promise<void> {
    const shelf = shelfOf(topic)
    const store = createStore(
      TABLE_OF_TOPIC[topic],
      tools,
      {
        stored(table, count) {
          rows[table] += count
          counts.inserts++
        },
        deadLettered(letters) {
          counts.deadLetters += letters
        },
        waitingFor(reason) {
          reasons.set(TABLE_OF_TOPIC[topic], reason)
        },
      },
      stopping.signal,
    )
    while (!stopping.signal.aborted || !shelf.empty()) {
      await shelf.due()
      if (shelf.empty()) continue
      const load = await shelf.load(tools.clock.now())
      await store(load)
      progress.stored(load.records)
      shelf.done(load)
    }
  }

  /** A loop that throws while the run goes on has met a bug: the archiver stands still and says so. */
  const guardLoop = async (topic: ArchivedTopic): Promise<void> => {
    try {
      await runTable(topic)
    } catch (error) {
      const reason = (error as Error).message
      if (stopping.signal.aborted)
        logger.warn({ topic, reason }, 'stopped before everything was stored; nothing is lost')
      else logger.error({ topic, err: error }, 'the archiver stands still: restart the service and report this')
      reasons.set(TABLE_OF_TOPIC[topic], reason)
    }
  }

  async function consume(): Promise<void> {
    consumer = await log.consume({
      group: GROUP,
      topics: ARCHIVED_TOPICS,
      handler,
      batchBytesMax: LIMITS.archive_batch_bytes_max,
      onStopped(reason) {
        if (stopping.signal.aborted) return
        logger.warn({ reason: reason.message }, 'reading the log stopped; it begins again')
        void again()
      },
    })
  }
  async function again(): Promise<void> {
    await consumer?.close().catch(() => undefined)
    while (!stopping.signal.aborted) {
      await wait(CONSUME_AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        await consume()
        return
      } catch (error) {
        logger.warn({ reason: (error as Error).message }, 'the log cannot be read yet')
      }
    }
  }
  const commitLater = (): void => {
    commitTimer = setTimeout(() => void commit().finally(commitLater), LIMITS.archive_commit_every_ms)
  }

  return {
    async start() {
      await consume()
      commitLater()
      for (const topic of ARCHIVED_TOPICS) loops.push(guardLoop(topic))
    },
    async stop() {
      stopping.abort()
      for (const { topic, partition } of consumer?.owned() ?? []) consumer?.pause(topic, partition)
      for (const shelf of shelves.values()) shelf.hurry()
      await Promise.all(loops)
      clearTimeout(commitTimer)
      await commit()
      await consumer?.close()
    },
    status: (): ArchiverStatus => {
      const reason = [...reasons.values()].find((text) => text !== '') ?? ''
      const state = stopping.signal.aborted ? 'stopped' : reason === '' ? 'running' : 'waiting'
      return { state, reason, rows: { ...rows }, ...counts, lag: progress.lag() }
    },
  }
}

const NOT_STARTED: ArchiverStatus = {
  state: 'stopped',
  reason: 'not started',
  rows: { events: 0, findings: 0, dead_letters: 0 },
  inserts: 0,
  deadLetters: 0,
  lag: { events: 0, findings: 0, 'dead-letters': 0 },
}

/** Makes an archiver; it can be started again after it was stopped. */
export function createArchiver(tools: ArchiverTools): Archiver {
  let run: ReturnType<typeof createRun> | undefined
  return {
    async start() {
      if (run !== undefined && run.status().state !== 'stopped') throw new Error('the archiver runs already')
      run = createRun(tools)
      await run.start()
    },
    async stop() {
      await run?.stop()
    },
    status: () => run?.status() ?? NOT_STARTED,
  }
}
