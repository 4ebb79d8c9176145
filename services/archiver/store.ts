/**
 * Brings one insert into the warehouse, whatever it takes. Temporary trouble is waited out with the same bytes, so that the
 * engine recognises the repeat. If the engine refuses rows, the insert is halved until the bad rows are alone. Those go to
 * the dead letters; their neighbours are stored.
 */
import type { DeadLetter } from '../../schemas/dead-letter.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
import { writeLetters } from '../lib/log/letters.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { type Warehouse, WarehouseError } from '../lib/warehouse/port.ts'
import type { ArchivedTable } from '../lib/warehouse/tables.ts'
import { pauseFor } from './pause.ts'
import { deadLetterFor, type Known } from './records.ts'
import type { Load } from './shelf.ts'

export interface StoreTools {
  readonly log: Log
  readonly warehouse: Warehouse
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

/** What waiting for the warehouse reports to the archiver's status. */
export interface StoreProgress {
  stored(rows: number): void
  deadLettered(letters: number): void
  /** The warehouse or the log does not take anything at the moment; '' once it does again. */
  waitingFor(reason: string): void
}

/** Asked before each insert, so that nothing is stored behind a gap that nobody knows of. Throws WarehouseError. */
export type MakeSure = () => Promise<void>

const countLines = (lines: Buffer): number => {
  let count = 0
  for (let at = lines.indexOf(0x0a); at !== -1; at = lines.indexOf(0x0a, at + 1)) count++
  return count
}

/**
 * Start of the line in the middle of the buffer, or end of the first line; the buffer's length if it holds one line only.
 */
function middleOf(lines: Buffer): number {
  const half = lines.lastIndexOf(0x0a, Math.floor(lines.length / 2)) + 1
  return half > 0 ? half : lines.indexOf(0x0a) + 1
}

/** The line of a refused row, its origin, and the reason. */
interface Refused {
  readonly line: string
  readonly at: number
  readonly detail: string
}

/** Events that findings of a load name, by tenant. */
function idsByTenant({ namings }: Load): Map<string, string[]> {
  const ids = new Map<string, string[]>()
  for (const { tenant, eventIds } of namings) ids.set(tenant, [...(ids.get(tenant) ?? []), ...eventIds])
  return ids
}

/** What rows of one table are stored with. */
interface Storing {
  readonly table: ArchivedTable
  readonly tools: StoreTools & { readonly makeSure: MakeSure; readonly known: Known }
  readonly progress: StoreProgress
  readonly stop: AbortSignal
}

/** Retries until it succeeds. Throws the last error once `stop` is given, or at once if it can never succeed. */
async function persist(storing: Storing, what: string, attempt: () => Promise<unknown>): Promise<void> {
  let waitMs: number = LIMITS.warehouse_retry_ms_min
  for (;;) {
    try {
      await attempt()
      storing.progress.waitingFor('')
      return
    } catch (error) {
      const retriable = error instanceof WarehouseError ? error.retriable : (error as { retriable?: unknown }).retriable
      if (retriable !== true || storing.stop.aborted) throw error
      const { message } = error as Error
      storing.tools.logger.warn(
        { table: storing.table, reason: message, wait_ms: waitMs },
        `${what} must wait; nothing is lost`,
      )
      storing.progress.waitingFor(message)
      await pauseFor(waitMs, storing.stop)
      waitMs = Math.min(waitMs * 2, LIMITS.warehouse_retry_ms_max)
    }
  }
}

async function insertOnce(storing: Storing, lines: Buffer): Promise<void> {
  const { makeSure, metrics, warehouse } = storing.tools
  await makeSure()
  const end = metrics.archiveInsertSeconds.startTimer({ table: storing.table })
  try {
    await warehouse.insert(storing.table, lines)
    metrics.archiveInserts.inc({ table: storing.table, outcome: 'stored' })
  } catch (error) {
    metrics.archiveInserts.inc({
      table: storing.table,
      outcome: error instanceof WarehouseError ? error.code : 'failed',
    })
    throw error
  } finally {
    end()
  }
}

/** Stores the lines from `at` on; gives those that the engine refuses. */
async function insertAll(storing: Storing, lines: Buffer, at: number): Promise<Refused[]> {
  if (lines.length === 0) return []
  try {
    await persist(storing, 'an insert', () => insertOnce(storing, lines))
    const rows = countLines(lines)
    storing.tools.metrics.archivedRows.inc({ table: storing.table }, rows)
    storing.progress.stored(rows)
    return []
  } catch (error) {
    if (!(error instanceof WarehouseError) || error.code !== 'refused') throw error
    const middle = middleOf(lines)
    if (middle === lines.length && countLines(lines) === 1) {
      return [{ line: lines.toString('utf8', 0, lines.length - 1), at, detail: error.message }]
    }
    const first = await insertAll(storing, lines.subarray(0, middle), at)
    return [...first, ...(await insertAll(storing, lines.subarray(middle), at + middle))]
  }
}

async function bury(storing: Storing, letters: readonly DeadLetter[]): Promise<void> {
  const { metrics, logger, log } = storing.tools
  if (letters.length === 0) return
  for (const { reason } of letters) metrics.deadLetters.inc({ service: 'archiver', reason })
  if (storing.table === 'dead_letters') {
    // A dead letter that the warehouse refuses stays in the log; another one about it would be refused as well.
    logger.error({ letters: letters.length, detail: letters[0]?.detail }, 'the warehouse refuses dead letters')
    return
  }
  logger.warn(
    { table: storing.table, letters: letters.length, detail: letters[0]?.detail },
    'records went to the dead letters',
  )
  await persist(storing, 'a dead letter', () => writeLetters(log, letters))
  storing.progress.deadLettered(letters.length)
}

export function createStore(
  table: ArchivedTable,
  tools: StoreTools & { readonly makeSure: MakeSure; readonly known: Known },
  progress: StoreProgress,
  stop: AbortSignal,
) {
  const storing: Storing = {
    table,
    tools,
    progress,
    stop,
  }

  /** Resolves when every row of the load is stored or is a dead letter in the log, and who was forgotten by it is. */
  return async (load: Load): Promise<void> => {
    const time = tools.clock.now()
    const unreadable = load.dead.map(({ from, why }) =>
      // A frame is compressed: only base64 keeps what it was.
      deadLetterFor(from, { ...why, record: from.value.toString(from.topic === 'events' ? 'base64' : 'utf8'), time }),
    )
    const refused = await insertAll(storing, load.lines, 0)
    const letters = refused.map(({ line, at, detail }) => {
      const record = load.ends.findIndex((end) => at < end)
      const start = record === 0 ? 0 : (load.ends[record - 1] as number)
      const from = load.records[record]
      if (from === undefined) throw new Error(`no record holds byte ${at} of the insert into ${table}`)
      return deadLetterFor(from, {
        reason: 'refused',
        detail,
        record: line,
        time,
        index: countLines(load.lines.subarray(start, at)),
      })
    })
    await bury(storing, [...unreadable, ...letters])
    for (const [tenant, eventIds] of idsByTenant(load)) {
      await persist(storing, 'keeping excerpts', () => tools.warehouse.keepExcerpts(tenant, eventIds))
    }
    if (load.forgotten === undefined) return
    const { tenant, identity, at } = load.forgotten
    tools.known.forget(load.forgotten)
    await persist(storing, 'forgetting an identity', async () => {
      await tools.makeSure()
      await tools.warehouse.forget(tenant, identity, at)
    })
    tools.logger.info(
      { tenant, received_before: new Date(at).toISOString() },
      'an identity was forgotten in the warehouse',
    )
  }
}
