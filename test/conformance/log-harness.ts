/** Logs of the suite that several of its files open. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { createLogger } from '../../services/lib/logger.ts'
import { borrowLog } from '../../services/lib/log/lent/borrower.ts'
import { lendLog } from '../../services/lib/log/lent/lender.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createSqliteLog } from '../../services/lib/log/sqlite/index.ts'
import type { LogHarness } from './log-support.ts'

/** The embedded log, in a directory of its own. */
export async function embedded(): Promise<LogHarness> {
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

async function lend(log: Log): Promise<Log> {
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
}

/** The same logs, lent, as the borrower has them. */
export const lent = (factory: () => Promise<LogHarness>) => async (): Promise<LogHarness> => {
  const harness = await factory()
  return { ...harness, open: async () => lend(await harness.open()) }
}
