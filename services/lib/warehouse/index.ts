/**
 * Opens the warehouse and keeps it open. Opening goes on in the background: the service runs whether or not the warehouse
 * answers, and comes back to it by itself, with growing waits. Coming back applies the migrations again, because a
 * warehouse that was away may be another one (it is a projection that can be dropped).
 */
import { setTimeout as wait } from 'node:timers/promises'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { type ChdbOptions, openChdb } from './chdb.ts'
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
  }
  return Object.entries(settings)
    .map(([setting, value]) => `${setting} = ${value}`)
    .join(', ')
}

/** What a failed opening means to a person. The address is told without the credentials that it may hold. */
const openingReason = (options: WarehouseOptions, error: unknown): string =>
  options.kind === 'server'
    ? `the warehouse at ${URL.parse(options.url)?.host ?? 'an address that is no URL'} is away: ${reasonOf(error)}`
    : reasonOf(error)

/** The part that opens, loses and finds the engine again. */
function createLife(options: WarehouseOptions, { logger, metrics }: WarehouseTools) {
  let status: WarehouseStatus = { state: 'opening', reason: 'the warehouse is being opened' }
  let engine: Engine | undefined
  let attempt: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let waitMs: number = LIMITS.warehouse_retry_ms_min

  const setStatus = (next: WarehouseStatus): void => {
    if (status.state === 'closed') return
    if (next.state !== status.state || next.reason !== status.reason) {
      if (next.state === 'up') logger.info('the warehouse is up')
      if (next.state === 'down') logger.warn({ reason: next.reason }, 'the warehouse is away; the service goes on')
    }
    status = next
    metrics.warehouseUp.set(next.state === 'up' ? 1 : 0)
  }

  const open = async (): Promise<void> => {
    try {
      engine ??= await (options.kind === 'chdb' ? openChdb(options) : openServer(options))
      const applied = await migrate(engine, readMigrations(options.migrations))
      if (applied.length > 0) logger.info({ applied }, 'warehouse migrations applied')
      await checkColumns(engine)
      waitMs = LIMITS.warehouse_retry_ms_min
      setStatus({ state: 'up', reason: '' })
    } catch (error) {
      setStatus({ state: 'down', reason: openingReason(options, error) })
      retryLater()
    }
  }
  const tryNow = (): void => {
    attempt = open()
  }
  const retryLater = (): void => {
    if (status.state === 'closed' || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      tryNow()
    }, waitMs)
    timer.unref()
    waitMs = Math.min(waitMs * 2, LIMITS.warehouse_retry_ms_max)
  }
  tryNow()

  return {
    status: () => status,
    settled: async (): Promise<WarehouseStatus> => {
      await attempt
      return status
    },
    /** The engine while it is up; throws `unavailable` otherwise. */
    engine(): Engine {
      if (status.state !== 'up' || engine === undefined) throw new WarehouseError('unavailable', status.reason)
      return engine
    },
    /** Told of every error, so that a warehouse that went away is noticed by those who use it. */
    noticed(error: WarehouseError): void {
      if (error.code !== 'unavailable' || status.state !== 'up') return
      setStatus({ state: 'down', reason: error.message })
      retryLater()
    },
    async end(drained: () => Promise<boolean>): Promise<void> {
      setStatus({ state: 'closed', reason: 'the warehouse is closed' })
      clearTimeout(timer)
      await attempt
      if ((await drained()) || options.kind === 'server') await engine?.close()
      else logger.warn('a question to the warehouse did not end in time; it is left to the end of the process')
    },
  }
}

/** Counts what is under way, so that closing can wait for it: chdb aborts the process when closed under a query. */
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
    /** Resolves when nothing is under way any more, with false where that takes too long. */
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
 * Opens the warehouse and returns at once; `settled()` tells how the first attempt went. Questions carry limits of time
 * and memory and run a few at once. A question or an insert that fails throws WarehouseError.
 */
export function openWarehouse(options: WarehouseOptions, tools: WarehouseTools): Warehouse {
  const life = createLife(options, tools)
  const tracker = createTracker()
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
    close: once(() => life.end(tracker.drained)),
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
