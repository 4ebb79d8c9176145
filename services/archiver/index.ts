/**
 * The archiver: brings events, findings and dead letters from the log into the warehouse. The log is the truth and the
 * warehouse a projection of it, so the archiver may fall behind for hours and nothing else notices: it reads on only
 * while there is room, and writes down in the warehouse how far it is. It reads on from there; repeats merge. A warehouse
 * that has lost what was stored is filled again (keeper.ts).
 */
import { LIMITS } from '../../schemas/limits.ts'
import type { Mark } from '../lib/warehouse/archived.ts'
import { WarehouseError } from '../lib/warehouse/port.ts'
import { ARCHIVED_TOPICS, type ArchivedTable, type ArchivedTopic, TABLE_OF_TOPIC } from '../lib/warehouse/tables.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import { pauseFor } from './pause.ts'
import { createProgress } from './progress.ts'
import { createReader } from './reader.ts'
import { createKnown } from './records.ts'
import { createShelf, type Shelf } from './shelf.ts'
import { createStore, type StoreProgress, type StoreTools } from './store.ts'

export interface ArchiverTools extends StoreTools {
  /** Begins with the oldest record that the log holds, whatever is stored already: repeats merge. Default: false. */
  readonly fromOldest?: boolean
  /** How often the warehouse is compared, in ms. Default: LIMITS.archive_look_every_ms. */
  readonly lookEveryMs?: number
}

export interface ArchiverStatus {
  /** waiting: the warehouse does not take rows at the moment, and why. */
  readonly state: 'stopped' | 'running' | 'waiting'
  readonly reason: string
  /** Rows stored since the start, repeats included. */
  readonly rows: Readonly<Record<ArchivedTable, number>>
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

/** What was done since the start, over all runs. */
interface Done {
  readonly rows: Record<ArchivedTable, number>
  inserts: number
  deadLetters: number
}

interface RunTools extends ArchiverTools {
  readonly keeper: Keeper
  readonly done: Done
  /** The warehouse lacks what this run has stored, or holds to be stored: it must end, and another begin. */
  again(): void
}

/** Asks the keeper before the first insert, after each failed one, and now and then. */
function createWatch(tools: RunTools, written: () => readonly Mark[]) {
  const { warehouse, keeper, logger, again, lookEveryMs = LIMITS.archive_look_every_ms } = tools
  let sure = false
  let ended = false
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    if ((await keeper.look(written())) === 'whole') {
      sure = true
      return
    }
    ended = true
    again()
  }
  const lookOnce = (): Promise<void> =>
    (looking ??= look().finally(() => {
      looking = undefined
    }))
  const lookLater = (): void => {
    timer = setTimeout(() => {
      const due = warehouse.status().state === 'up' ? lookOnce() : Promise.resolve()
      const failed = (error: Error): void =>
        logger.debug({ reason: error.message }, 'the warehouse could not be compared')
      void due.catch(failed).finally(() => {
        if (!ended) lookLater()
      })
    }, lookEveryMs).unref()
  }
  return {
    lookLater,
    async makeSure() {
      if (!sure) await lookOnce()
      if (ended) throw new WarehouseError('incomplete', 'the warehouse is being filled again')
    },
    /** The next insert looks first. */
    doubt() {
      sure = false
    },
    end() {
      ended = true
      clearTimeout(timer)
    },
  }
}

/** One run, from its start until it is stopped or the warehouse has to be filled again. */
function createRun(tools: RunTools) {
  const { log, logger, clock, keeper, done, warehouse } = tools
  const progress = createProgress(tools.metrics)
  const stopping = new AbortController()
  const stop = stopping.signal
  let abandoned = false
  const known = createKnown()
  const shelves = new Map<ArchivedTopic, Shelf>(ARCHIVED_TOPICS.map((topic) => [topic, createShelf(known)]))
  const reader = createReader({ log, logger, progress, shelves, stop, keeper })
  const watch = createWatch(tools, progress.written)
  const reasons = new Map<ArchivedTable, string>()

  const heardFor = (table: ArchivedTable): StoreProgress => ({
    stored(stored) {
      done.rows[table] += stored
      done.inserts++
    },
    deadLettered(letters) {
      done.deadLetters += letters
    },
    waitingFor(reason) {
      reasons.set(table, reason)
      if (reason !== '') watch.doubt()
    },
  })

  async function storeShelf(topic: ArchivedTopic, shelf: Shelf): Promise<void> {
    const table = TABLE_OF_TOPIC[topic]
    const store = createStore(table, { ...tools, makeSure: watch.makeSure, known }, heardFor(table), stop)
    try {
      while (!abandoned && (!stop.aborted || !shelf.empty())) {
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

  async function end(close: () => Promise<void>): Promise<void> {
    watch.end()
    stopping.abort()
    reader.pause()
    for (const shelf of shelves.values()) shelf.hurry()
    // A warehouse that hangs must not hold up the end of the service; what it did not take is read again.
    const late = new AbortController()
    await Promise.race([loops, pauseFor(LIMITS.archive_drain_ms_max, late.signal)])
    late.abort()
    await close()
  }

  return {
    async start() {
      if (warehouse.status().state === 'up') {
        // Where it does not answer now it is asked before the first insert.
        await keeper.look([]).catch((error: Error) => logger.debug({ reason: error.message }, 'the warehouse is away'))
      }
      await reader.start()
      watch.lookLater()
      loops = Promise.all([...shelves].map(([topic, shelf]) => storeShelf(topic, shelf)))
    },
    stop: () => end(reader.close),
    /** Ends without writing down or committing anything. */
    abandon() {
      abandoned = true
      return end(reader.abandon)
    },
    status: (): ArchiverStatus => {
      const reason = [...reasons.values()].find((text) => text !== '') ?? ''
      const state = stop.aborted ? 'stopped' : reason === '' ? 'running' : 'waiting'
      const waitingBytes = [...shelves.values()].reduce((sum, shelf) => sum + shelf.bytes(), 0)
      const { rows, inserts, deadLetters } = done
      return { state, reason, rows: { ...rows }, inserts, deadLetters, waitingBytes, lag: progress.lag() }
    },
  }
}
type Run = ReturnType<typeof createRun>

const NOT_STARTED: ArchiverStatus = {
  state: 'stopped',
  reason: 'not started',
  rows: { events: 0, findings: 0, excerpts: 0, dead_letters: 0 },
  inserts: 0,
  deadLetters: 0,
  waitingBytes: 0,
  lag: { events: 0, findings: 0, excerpts: 0, 'dead-letters': 0 },
}

const AGAIN_MS = 1_000

/** One life of the archiver: run after run, until it is stopped. */
function createLife(tools: ArchiverTools) {
  const done: Done = { rows: { events: 0, findings: 0, excerpts: 0, dead_letters: 0 }, inserts: 0, deadLetters: 0 }
  const keeper = createKeeper({ ...tools, fromOldest: tools.fromOldest ?? false })
  const stopping = new AbortController()
  let changing: Promise<void> = Promise.resolve()
  let run = next()

  function next(): Run {
    const again = (): void => {
      changing = changing.then(begin)
    }
    return createRun({ ...tools, keeper, done, again })
  }
  async function begin(): Promise<void> {
    if (stopping.signal.aborted) return
    await run.abandon()
    while (!stopping.signal.aborted) {
      run = next()
      try {
        await run.start()
        return
      } catch (error) {
        tools.logger.warn({ reason: (error as Error).message }, 'archiving cannot begin again yet')
        await run.abandon()
        await pauseFor(AGAIN_MS, stopping.signal)
      }
    }
  }
  return {
    start: () => run.start(),
    async stop() {
      stopping.abort()
      await changing
      await run.stop()
    },
    status: () => run.status(),
  }
}

/** Makes an archiver; it can be started again after it was stopped. */
export function createArchiver(tools: ArchiverTools): Archiver {
  let life: ReturnType<typeof createLife> | undefined
  return {
    async start() {
      if (life !== undefined && life.status().state !== 'stopped') throw new Error('the archiver runs already')
      life = createLife(tools)
      await life.start()
    },
    async stop() {
      await life?.stop()
    },
    status: () => life?.status() ?? NOT_STARTED,
  }
}
