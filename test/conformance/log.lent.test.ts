/** A log that is lent to another thread keeps the contract of the log port on the borrower's side. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { createLogger } from '../../services/lib/logger.ts'
import { borrowLog } from '../../services/lib/log/lent/borrower.ts'
import { lendLog } from '../../services/lib/log/lent/lender.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { describeLog, type LogHarness } from './log.ts'

async function createHarness(): Promise<LogHarness> {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-log-'))
  const logger = createLogger('silent')
  let aheadMs = 0
  const clock = { now: () => Date.now() + aheadMs }
  return {
    async open(): Promise<Log> {
      const log = await createSqliteLog({ directory, clock, logger, maintenanceEveryMs: 0 })
      const { port1, port2 } = new MessageChannel()
      const lender = lendLog(log, port1)
      const borrowed = await borrowLog(port2)
      return {
        ...borrowed,
        async close() {
          try {
            await borrowed.close()
          } finally {
            await lender.close()
            await log.close()
          }
        },
      }
    },
    advance(ms) {
      aheadMs += ms
    },
    async destroy() {
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

describeLog('a lent log', createHarness, { maintainsAtOnce: true, modelRuns: 15 })
