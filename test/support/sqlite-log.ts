/** A directory for an embedded log, a clock that the test moves, and the log itself. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TopicSpec } from '../../schemas/topics.ts'
import { createLogger } from '../../services/lib/logger.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog, type SqliteLogOptions } from '../../services/lib/log/sqlite/index.ts'

export interface LogRoom {
  readonly directory: string
  /** The database; beside it lie its write-ahead log (`-wal`) and the lock. */
  readonly file: string
  open(options?: Partial<SqliteLogOptions>): Promise<Log>
  /** Moves the clock. */
  advance(ms: number): void
  /** Lets time pass without moving the clock. */
  pass(ms: number): void
  /** Closes what was opened: what was in the write-ahead log goes into the database. */
  closeAll(): Promise<void>
  /** Closes what was opened and removes the directory. */
  clear(): Promise<void>
}

export function createLogRoom(): LogRoom {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-log-'))
  const logs: Log[] = []
  let [aheadMs, passedMs] = [0, 0]
  const clock = { now: () => Date.now() + aheadMs }
  const closeAll = async (): Promise<void> => {
    for (const log of logs) await log.close()
  }
  return {
    directory,
    file: join(directory, 'log.sqlite'),
    async open(options = {}) {
      const log = await createSqliteLog({
        directory,
        clock,
        elapsed: () => performance.now() + passedMs,
        logger: createLogger('silent'),
        maintenanceEveryMs: 0,
        ...options,
      })
      logs.push(log)
      return log
    },
    advance(ms) {
      aheadMs += ms
    },
    pass(ms) {
      passedMs += ms
    },
    closeAll,
    async clear() {
      await closeAll()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export const DAY_MS = 86_400_000

export const spec = (name: string, partitions = 1, cleanup: TopicSpec['cleanup'] = 'delete'): TopicSpec => ({
  name,
  partitions,
  key: 'any',
  holds: 'tests',
  cleanup,
  retentionMs: DAY_MS,
})
