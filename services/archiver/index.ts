/**
 * The archiver: brings events, findings and dead letters from the log into the warehouse. The log is the truth and the
 * warehouse a projection of it, so the archiver may fall behind for hours without affecting anything else. It only reads
 * while there is room, and records its progress in the warehouse. It continues from there; repeats merge. A warehouse that
 * has lost stored data is filled again (keeper.ts).
 */
import { LIMITS } from '../../schemas/limits.ts'
import type { Mark } from '../lib/warehouse/archived.ts'
import { createTurns, type Turns } from '../lib/turns.ts'
import { WarehouseError } from '../lib/warehouse/port.ts'
import { ARCHIVED_TOPICS, type ArchivedTable, type ArchivedTopic, TABLE_OF_TOPIC } from '../lib/warehouse/tables.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import { pauseFor } from './pause.ts'
import { createProgress, type Progress } from './progress.ts'
import { createReader, type Reader } from './reader.ts'
import { createKnown, type Known } from './records.ts'
import { createShelf, type Shelf } from './shelf.ts'
import { createStore, type StoreProgress, type StoreTools } from './store.ts'

export interface ArchiverTools extends StoreTools {
  /** Begins with the oldest record that the log holds, whatever is stored already: repeats merge. Default: false. */
  readonly fromOldest?: boolean
  /** How often the warehouse is compared, in ms. Default: LIMITS.archive_look_every_ms. */
  readonly lookEveryMs?: number
  /** Shared with other work of the process. Default: of its own. */
  readonly turns?: Turns
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
  /** Stores what waits if the warehouse takes it, commits, and stops. The next start reads the rest again. */
  stop(): Promise<void>
  status(): ArchiverStatus
}

/** Work done since the start, over all runs. */
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

/** Asks the keeper before the first insert, after each failed one, whenever the warehouse was opened again, and now and then. */
function createWatch(tools: RunTools, written: () => readonly Mark[]) {
  const { warehouse, keeper, logger, again, lookEveryMs = LIMITS.archive_look_every_ms } = tools
  let sure = false
  let opening = 0
  let ended = false
  let looking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    opening = warehouse.openings()
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
      if (!sure || warehouse.openings() !== opening) await lookOnce()
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
interface Run {
  readonly tools: RunTools
  readonly progress: Progress
  readonly known: Known
  readonly shelves: ReadonlyMap<ArchivedTopic, Shelf>
  readonly reader: Reader
  readonly watch: ReturnType<typeof createWatch>
  readonly stopping: AbortController
  /** Why a table takes no rows at the moment; '' if it does. */
  readonly reasons: Map<ArchivedTable, string>
  abandoned: boolean
  loops: Promise<unknown>
}

function prepareRun(tools: RunTools): Run {
  const { log, logger, keeper } = tools
  const progress = createProgress(tools.metrics)
  const stopping = new AbortController()
  const known = createKnown()
  const { turns = createTurns() } = tools
  const shelves = new Map<ArchivedTopic, Shelf>(ARCHIVED_TOPICS.map((topic) => [topic, createShelf(known, turns)]))
  const isAbandoned = (): boolean => run.abandoned
  const run: Run = {
    tools,
    progress,
    known,
    shelves,
    reader: createReader({ log, logger, progress, shelves, stop: stopping.signal, keeper, isAbandoned }),
    watch: createWatch(tools, progress.written),
    stopping,
    reasons: new Map(),
    abandoned: false,
    loops: Promise.resolve(),
  }
  return run
}

const heardFor = ({ tools: { done }, reasons, watch }: Run, table: ArchivedTable): StoreProgress => ({
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

async function storeShelf(run: Run, topic: ArchivedTopic, shelf: Shelf): Promise<void> {
  const { tools, known, watch, progress, reasons } = run
  const stop = run.stopping.signal
  const table = TABLE_OF_TOPIC[topic]
  const store = createStore(table, { ...tools, makeSure: watch.makeSure, known }, heardFor(run, table), stop)
  try {
    while (!run.abandoned && (!stop.aborted || !shelf.empty())) {
      await shelf.due()
      if (shelf.empty()) continue
      const load = await shelf.load(tools.clock.now())
      await store(load)
      progress.stored(load.records)
      shelf.done(load)
    }
  } catch (error) {
    const reason = (error as Error).message
    reasons.set(table, reason)
    if (stop.aborted) tools.logger.warn({ table, reason }, 'stopped before everything was stored; nothing is lost')
    else tools.logger.error({ table, err: error }, 'the archiver stands still: restart the service and report this')
  }
}

async function startRun(run: Run): Promise<void> {
  const { warehouse, keeper, logger } = run.tools
  if (warehouse.status().state === 'up') {
    // If it does not answer now, it is checked before the first insert.
    await keeper.look([]).catch((error: Error) => logger.debug({ reason: error.message }, 'the warehouse is away'))
  }
  await run.reader.start()
  run.watch.lookLater()
  run.loops = Promise.all([...run.shelves].map(([topic, shelf]) => storeShelf(run, topic, shelf)))
}

async function endRun(run: Run, close: () => Promise<void>): Promise<void> {
  run.watch.end()
  run.stopping.abort()
  run.reader.pause()
  for (const shelf of run.shelves.values()) shelf.hurry()
  // A warehouse that hangs must not hold up the end of the service; what it did not take is read again.
  const late = new AbortController()
  await Promise.race([run.loops, pauseFor(LIMITS.archive_drain_ms_max, late.signal)])
  late.abort()
  await close()
}

/** Ends without writing down or committing anything. */
function abandonRun(run: Run): Promise<void> {
  run.abandoned = true
  return endRun(run, run.reader.abandon)
}

function statusOf({ tools: { done }, shelves, stopping, reasons, progress }: Run): ArchiverStatus {
  const reason = [...reasons.values()].find((text) => text !== '') ?? ''
  const state = stopping.signal.aborted ? 'stopped' : reason === '' ? 'running' : 'waiting'
  const waitingBytes = [...shelves.values()].reduce((sum, shelf) => sum + shelf.bytes(), 0)
  const { rows, inserts, deadLetters } = done
  return { state, reason, rows: { ...rows }, inserts, deadLetters, waitingBytes, lag: progress.lag() }
}

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
      // At once: its end may wait for an insert, and until then it would write down what is gone as stored in the new warehouse.
      made.abandoned = true
      changing = changing.then(begin)
    }
    const made = prepareRun({ ...tools, keeper, done, again })
    return made
  }
  async function begin(): Promise<void> {
    if (stopping.signal.aborted) return
    await abandonRun(run)
    while (!stopping.signal.aborted) {
      run = next()
      try {
        await startRun(run)
        return
      } catch (error) {
        tools.logger.warn({ reason: (error as Error).message }, 'archiving cannot begin again yet')
        await abandonRun(run)
        await pauseFor(AGAIN_MS, stopping.signal)
      }
    }
  }
  return {
    start: () => startRun(run),
    async stop() {
      stopping.abort()
      await changing
      await endRun(run, run.reader.close)
    },
    status: () => statusOf(run),
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
