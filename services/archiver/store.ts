/**
 * Brings one insert into the warehouse, whatever it takes: trouble that passes is waited out with the same bytes (so that
 * the engine knows the repeat), and where the engine refuses rows, the insert is halved until the bad rows stand alone.
 * Those go to the dead letters; their neighbours are stored.
 */
import type { DeadLetter } from '../../schemas/dead-letter.ts'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
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

/** What waiting for the warehouse tells to the archiver's status. */
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

/** End of the line that the middle of the buffer lies in; the buffer's length where it holds one line only. */
function middleOf(lines: Buffer): number {
  const half = lines.lastIndexOf(0x0a, Math.floor(lines.length / 2)) + 1
  return half > 0 ? half : lines.indexOf(0x0a) + 1
}

/** The line of a refused row, where it came from, and why. */
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

export function createStore(
  table: ArchivedTable,
  tools: StoreTools & { readonly makeSure: MakeSure; readonly known: Known },
  progress: StoreProgress,
  stop: AbortSignal,
) {
  const { log, warehouse, clock, logger, metrics, makeSure, known } = tools

  /** Repeats until it succeeds; throws the last error once `stop` is given, or at once where it never will succeed. */
  async function persist(what: string, attempt: () => Promise<unknown>): Promise<void> {
    let waitMs: number = LIMITS.warehouse_retry_ms_min
    for (;;) {
      try {
        await attempt()
        progress.waitingFor('')
        return
      } catch (error) {
        const retriable =
          error instanceof WarehouseError ? error.retriable : (error as { retriable?: unknown }).retriable
        if (retriable !== true || stop.aborted) throw error
        const { message } = error as Error
        logger.warn({ table, reason: message, wait_ms: waitMs }, `${what} must wait; nothing is lost`)
        progress.waitingFor(message)
        await pauseFor(waitMs, stop)
        waitMs = Math.min(waitMs * 2, LIMITS.warehouse_retry_ms_max)
      }
    }
  }

  async function insertOnce(lines: Buffer): Promise<void> {
    await makeSure()
    const end = metrics.archiveInsertSeconds.startTimer({ table })
    try {
      await warehouse.insert(table, lines)
      metrics.archiveInserts.inc({ table, outcome: 'stored' })
    } catch (error) {
      metrics.archiveInserts.inc({ table, outcome: error instanceof WarehouseError ? error.code : 'failed' })
      throw error
    } finally {
      end()
    }
  }

  /** Stores the lines from `at` on; gives those that the engine refuses. */
  async function insertAll(lines: Buffer, at: number): Promise<Refused[]> {
    if (lines.length === 0) return []
    try {
      await persist('an insert', () => insertOnce(lines))
      const rows = countLines(lines)
      metrics.archivedRows.inc({ table }, rows)
      progress.stored(rows)
      return []
    } catch (error) {
      if (!(error instanceof WarehouseError) || error.code !== 'refused') throw error
      const middle = middleOf(lines)
      if (middle === lines.length && countLines(lines) === 1) {
        return [{ line: lines.toString('utf8', 0, lines.length - 1), at, detail: error.message }]
      }
      const first = await insertAll(lines.subarray(0, middle), at)
      return [...first, ...(await insertAll(lines.subarray(middle), at + middle))]
    }
  }

  async function bury(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return
    for (const { reason } of letters) metrics.deadLetters.inc({ service: 'archiver', reason })
    if (table === 'dead_letters') {
      // A dead letter that the warehouse refuses stays in the log; another one about it would be refused as well.
      logger.error({ letters: letters.length, detail: letters[0]?.detail }, 'the warehouse refuses dead letters')
      return
    }
    logger.warn({ table, letters: letters.length, detail: letters[0]?.detail }, 'records went to the dead letters')
    const records = letters.map((letter) => ({ key: null, value: Buffer.from(JSON.stringify(letter)) }))
    await persist('a dead letter', () => log.append('dead-letters', 0, records))
    progress.deadLettered(letters.length)
  }

  /** Resolves when every row of the load is stored or is a dead letter in the log, and who was forgotten by it is. */
  return async (load: Load): Promise<void> => {
    const time = clock.now()
    const unreadable = load.dead.map(({ from, why }) =>
      // A frame is compressed: only base64 keeps what it was.
      deadLetterFor(from, { ...why, record: from.value.toString(from.topic === 'events' ? 'base64' : 'utf8'), time }),
    )
    const refused = await insertAll(load.lines, 0)
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
    await bury([...unreadable, ...letters])
    for (const [tenant, eventIds] of idsByTenant(load)) {
      await persist('keeping excerpts', () => warehouse.keepExcerpts(tenant, eventIds))
    }
    if (load.forgotten === undefined) return
    const { tenant, identity, at } = load.forgotten
    known.forget(load.forgotten)
    await persist('forgetting an identity', async () => {
      await makeSure()
      await warehouse.forget(tenant, identity, at)
    })
    logger.info({ tenant, received_before: new Date(at).toISOString() }, 'an identity was forgotten in the warehouse')
  }
}
