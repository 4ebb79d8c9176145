/**
 * The archiver: brings events, findings and dead letters from the log into the warehouse. The log is the truth and the
 * warehouse a projection of it, so the archiver may fall behind for hours and nothing else notices: it reads on only
 * while there is room, and commits what is stored. After a restart it reads again from there; repeats merge.
 */
import { LIMITS } from '../../schemas/limits.ts'
import type { TableName } from '../lib/warehouse/tables.ts'
import { createProgress } from './progress.ts'
import { pauseFor } from './pause.ts'
import { createReader } from './reader.ts'
import { ARCHIVED_TOPICS, type ArchivedTopic, TABLE_OF_TOPIC } from './records.ts'
import { createShelf, type Shelf } from './shelf.ts'
import { createStore, type StoreProgress, type StoreTools } from './store.ts'

export interface ArchiverTools extends StoreTools {
  /** Begins with the oldest record that the log holds, whatever is stored already: repeats merge. Default: false. */
  readonly fromOldest?: boolean
}

export interface ArchiverStatus {
  /** waiting: the warehouse does not take rows at the moment, and why. */
  readonly state: 'stopped' | 'running' | 'waiting'
  readonly reason: string
  /** Rows stored since the start, repeats included. */
  readonly rows: Readonly<Record<TableName, number>>
  readonly inserts: number
  readonly deadLetters: number
  /** Bytes of records that were read and are not stored yet. */
  readonly waitingBytes: number
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

/** One run from start to stop. */
function createRun(tools: ArchiverTools) {
  const { log, logger, clock } = tools
  const progress = createProgress(tools.metrics)
  const stopping = new AbortController()
  const stop = stopping.signal
  const shelves = new Map<ArchivedTopic, Shelf>(ARCHIVED_TOPICS.map((topic) => [topic, createShelf()]))
  const reader = createReader({ log, logger, progress, shelves, stop, fromOldest: tools.fromOldest ?? false })
  const rows: Record<TableName, number> = { events: 0, findings: 0, dead_letters: 0 }
  const counts = { inserts: 0, deadLetters: 0 }
  const reasons = new Map<TableName, string>()

  async function storeShelf(topic: ArchivedTopic, shelf: Shelf): Promise<void> {
    const table = TABLE_OF_TOPIC[topic]
    const heard: StoreProgress = {
      stored(stored) {
        rows[table] += stored
        counts.inserts++
      },
      deadLettered(letters) {
        counts.deadLetters += letters
      },
      waitingFor: (reason) => void reasons.set(table, reason),
    }
    const store = createStore(table, tools, heard, stop)
    try {
      while (!stop.aborted || !shelf.empty()) {
        await shelf.due()
        if (shelf.empty()) continue
        const load = await shelf.load(clock.now())
        await store(load)
        progress.stored(load.records)
        shelf.done(load)
      }
    } catch (error) {
      const reason = (error as Error).message
      reasons.set(table, reason)
      if (stop.aborted) logger.warn({ table, reason }, 'stopped before everything was stored; nothing is lost')
      else logger.error({ table, err: error }, 'the archiver stands still: restart the service and report this')
    }
  }
  let loops: Promise<unknown> = Promise.resolve()

  return {
    async start() {
      await reader.start()
      loops = Promise.all([...shelves].map(([topic, shelf]) => storeShelf(topic, shelf)))
    },
    async stop() {
      stopping.abort()
      reader.pause()
      for (const shelf of shelves.values()) shelf.hurry()
      // A warehouse that hangs must not hold up the end of the service; what it did not take is read again.
      const end = new AbortController()
      await Promise.race([loops, pauseFor(LIMITS.archive_drain_ms_max, end.signal)])
      end.abort()
      await reader.close()
    },
    status: (): ArchiverStatus => {
      const reason = [...reasons.values()].find((text) => text !== '') ?? ''
      const state = stop.aborted ? 'stopped' : reason === '' ? 'running' : 'waiting'
      const waitingBytes = [...shelves.values()].reduce((sum, shelf) => sum + shelf.bytes(), 0)
      return { state, reason, rows: { ...rows }, ...counts, waitingBytes, lag: progress.lag() }
    },
  }
}

const NOT_STARTED: ArchiverStatus = {
  state: 'stopped',
  reason: 'not started',
  rows: { events: 0, findings: 0, dead_letters: 0 },
  inserts: 0,
  deadLetters: 0,
  waitingBytes: 0,
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
