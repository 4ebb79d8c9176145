/**
 * Opens the warehouse and keeps it open. Opening continues in the background: the service runs whether or not the
 * warehouse answers, and retries with growing waits. Reopening applies the migrations again, because a warehouse that was
 * away may be another one (it is a projection that can be dropped). If its files were removed, the engine is abandoned
 * and the warehouse begins again.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { BEHIND_OTHERS, type ChdbOptions, openChdb } from './chdb.ts'
import type { Engine } from './engine.ts'
import { reasonOf, warehouseError } from './errors.ts'
import { freezeTables } from './frozen.ts'
import { createGate } from './gate.ts'
import { checkColumns, migrate, readMigrations } from './migrations.ts'
import { type Question, type Warehouse, WarehouseError, type WarehouseStatus } from './port.ts'
import { openServer, type ServerOptions } from './server.ts'
import { ROWS_OF_IDENTITY, TABLES } from './tables.ts'

export type WarehouseOptions = (ChdbOptions | ServerOptions) & {
  /** Limits of one question; LIMITS.query_seconds_max and query_memory_bytes_max where absent. */
  readonly questionSecondsMax?: number
  readonly questionBytesMax?: number
  /** Directory of the migrations, ending in a slash; the project's own where absent. */
  readonly migrations?: URL
}

export interface WarehouseTools {
  readonly logger: Logger
  readonly metrics: Metrics
}

/**
 * Settings of every question. The limits are the engine's own, because giving up on the answer does not stop a query in
 * chdb. Grouping goes to disk before it meets the limit of memory.
 */
function questionSettings(options: WarehouseOptions): string {
  const bytesMax = options.questionBytesMax ?? LIMITS.query_memory_bytes_max
  const settings = {
    max_execution_time: options.questionSecondsMax ?? LIMITS.query_seconds_max,
    max_memory_usage: bytesMax,
    max_bytes_before_external_group_by: Math.floor(bytesMax / 4),
    output_format_json_quote_64bit_integers: 1,
    ...(options.kind === 'chdb' ? BEHIND_OTHERS : {}),
  }
  return Object.entries(settings)
    .map(([setting, value]) => `${setting} = ${value}`)
    .join(', ')
}

/** What a failed opening means to a person. The address is shown without the credentials it may contain. */
const openingReason = (options: WarehouseOptions, error: unknown): string =>
  options.kind === 'server'
    ? `the warehouse at ${URL.parse(options.url)?.host ?? 'an address that is no URL'} is away: ${reasonOf(error)}`
    : reasonOf(error)

/** What is known of the engine. */
interface Life {
  readonly options: WarehouseOptions
  readonly tools: WarehouseTools
  readonly drained: () => Promise<boolean>
  status: WarehouseStatus
  engine: Engine | undefined
  attempt: Promise<void>
  timer: NodeJS.Timeout | undefined
  waitMs: number
  openings: number
}

const setStatus = (life: Life, next: WarehouseStatus): void => {
  const { logger, metrics } = life.tools
  if (life.status.state === 'closed') return
  if (next.state !== life.status.state || next.reason !== life.status.reason) {
    if (next.state === 'up') logger.info('the warehouse is up')
    if (next.state === 'down') logger.warn({ reason: next.reason }, 'the warehouse is away; the service goes on')
  }
  life.status = next
  metrics.warehouseUp.set(next.state === 'up' ? 1 : 0)
}

/** Abandons an engine that is of no more use. Throws if what is in progress there does not end. */
const leave = async (life: Life, lost: Engine): Promise<void> => {
  if (!(await life.drained())) throw new Error('the warehouse was removed, and a question to it does not end')
  life.engine = undefined
  await lost.close()
}

const open = async (life: Life): Promise<void> => {
  try {
    if (life.engine?.isLost() === true) await leave(life, life.engine)
    life.engine ??= await (life.options.kind === 'chdb' ? openChdb(life.options) : openServer(life.options))
    const applied = await migrate(life.engine, readMigrations(life.options.migrations))
    if (applied.length > 0) life.tools.logger.info({ applied }, 'warehouse migrations applied')
    await checkColumns(life.engine)
    life.waitMs = LIMITS.warehouse_retry_ms_min
    life.openings++
    setStatus(life, { state: 'up', reason: '' })
  } catch (error) {
    setStatus(life, { state: 'down', reason: openingReason(life.options, error) })
    retryLater(life)
  }
}

const tryNow = (life: Life): void => {
  life.attempt = open(life)
}

const retryLater = (life: Life): void => {
  if (life.status.state === 'closed' || life.timer !== undefined) return
  life.timer = setTimeout(() => {
    life.timer = undefined
    tryNow(life)
  }, life.waitMs)
  life.timer.unref()
  life.waitMs = Math.min(life.waitMs * 2, LIMITS.warehouse_retry_ms_max)
}

const lose = (life: Life, reason: string): void => {
  setStatus(life, { state: 'down', reason })
  retryLater(life)
}

async function end(life: Life): Promise<void> {
  setStatus(life, { state: 'closed', reason: 'the warehouse is closed' })
  clearTimeout(life.timer)
  await life.attempt
  if ((await life.drained()) || life.options.kind === 'server') await life.engine?.close()
  else life.tools.logger.warn('a question to the warehouse did not end in time; it is left to the end of the process')
}

/** The part that opens, loses and finds the engine again. */
function createLife(options: WarehouseOptions, tools: WarehouseTools, drained: () => Promise<boolean>) {
  const life: Life = {
    options,
    tools,
    drained,
    status: { state: 'opening', reason: 'the warehouse is being opened' },
    engine: undefined,
    attempt: Promise.resolve(),
    timer: undefined,
    waitMs: LIMITS.warehouse_retry_ms_min,
    openings: 0,
  }

  tryNow(life)

  return {
    status: () => life.status,
    openings: () => life.openings,
    settled: async (): Promise<WarehouseStatus> => {
      await life.attempt
      return life.status
    },
    /** The engine while it is up; throws `unavailable` otherwise. */
    engine(): Engine {
      if (life.status.state === 'up' && life.engine?.isLost() === true)
        lose(life, 'the files of the warehouse were removed: it begins anew')
      if (life.status.state !== 'up' || life.engine === undefined)
        throw new WarehouseError('unavailable', life.status.reason)
      return life.engine
    },
    /** Told of every error, so that a warehouse that went away is noticed by those who use it. */
    noticed(error: WarehouseError): void {
      if (error.code !== 'unavailable' || life.status.state !== 'up') return
      lose(life, error.message)
    },
    end: () => end(life),
  }
}

/** Counts what is in progress, so closing can wait for it: chdb aborts the process if closed during a query. */
function createTracker() {
  const underWay = new Set<Promise<unknown>>()
  return {
    async track<T>(work: Promise<T>): Promise<T> {
      underWay.add(work)
      try {
        return await work
      } finally {
        underWay.delete(work)
      }
    },
    /** Resolves when nothing is in progress any more, or with false if that takes too long. */
    async drained(): Promise<boolean> {
      const late = new AbortController()
      const timeout = wait(LIMITS.warehouse_drain_ms_max, false, { signal: late.signal }).catch(() => false)
      const empty = async (): Promise<boolean> => {
        while (underWay.size > 0) await Promise.allSettled(underWay)
        return true
      }
      const ended = await Promise.race([empty(), timeout])
      late.abort()
      return ended
    },
  }
}

/**
 * Opens the warehouse and returns at once; `settled()` reports how the first attempt went. Questions have limits on time
 * and memory, and a few run at once. A question or an insert that fails throws WarehouseError.
 */
export function openWarehouse(options: WarehouseOptions, tools: WarehouseTools): Warehouse {
  const tracker = createTracker()
  const life = createLife(options, tools, tracker.drained)
  const settings = questionSettings(options)
  const gate = createGate(LIMITS.warehouse_questions_max, LIMITS.warehouse_questions_waiting_max)

  const guarded = async <T>(
    doing: 'ask' | 'insert',
    what: string,
    work: (engine: Engine) => Promise<T>,
  ): Promise<T> => {
    try {
      return await tracker.track(work(life.engine()))
    } catch (cause) {
      const error = warehouseError(cause, doing, what)
      life.noticed(error)
      throw error
    }
  }

  return {
    status: life.status,
    openings: life.openings,
    settled: life.settled,
    ask<Row>({ name, sql, params, tenant = '' }: Question): Promise<Row[]> {
      return gate(tenant, () => {
        const end = tools.metrics.querySeconds.startTimer({ query: name })
        const full = `${sql} SETTINGS ${settings}`
        return guarded('ask', `question ${name}`, (engine) => engine.ask<Row>(full, params)).finally(end)
      })
    },
    insert: (table, lines) =>
      guarded('insert', `insert into ${table}`, (engine) => engine.insert({ table, columns: TABLES[table], lines })),
    forget: (tenant, identity, foundBefore) =>
      guarded('ask', 'forgetting an identity', async (engine) => {
        for (const [table, whose] of Object.entries(ROWS_OF_IDENTITY)) {
          const sql = `ALTER TABLE ${table} DELETE WHERE tenant = {tenant:String} AND ${whose} SETTINGS mutations_sync = 2`
          await engine.command(sql, { tenant, identity, before: foundBefore })
        }
      }),
    keepExcerpts: (tenant, eventIds) =>
      guarded('ask', 'keeping excerpts', (engine) =>
        engine.command(
          `INSERT INTO excerpts SELECT tenant, event_id, place, kind, identity, text, receipt_time,
            toDateTime(receipt_time, 'UTC') + ${LIMITS.excerpt_kept_with_finding_ms / 1000} FROM excerpts FINAL
            WHERE tenant = {tenant:String} AND event_id IN {ids:Array(String)} SETTINGS async_insert = 0`,
          { tenant, ids: eventIds },
        ),
      ),
    freeze: (name) => guarded('ask', 'freezing the tables', (engine) => freezeTables(engine, name)),
    close: once(() => life.end()),
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
