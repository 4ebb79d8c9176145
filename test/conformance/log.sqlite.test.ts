/** The embedded log passes the contract of the log port. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../../services/lib/logger.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import { describeLog, type LogHarness } from './log.ts'

async function createHarness(): Promise<LogHarness> {
  const directory = mkdtempSync(join(tmpdir(), 'moltwatch-log-'))
  const logger = createLogger('silent')
  let aheadMs = 0
  const clock = { now: () => Date.now() + aheadMs }
  return {
    open: () => createSqliteLog({ directory, clock, logger, maintenanceEveryMs: 0 }),
    advance(ms) {
      aheadMs += ms
    },
    async destroy() {
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

describeLog('the embedded log', createHarness, { maintainsAtOnce: true, modelRuns: 15 })
