/** Logs of the suite that several of its files open. */
import { rm } from 'node:fs/promises'
import { MessageChannel } from 'node:worker_threads'
import { borrowLog } from '../../services/lib/log/lent/borrower.ts'
import { lendLog } from '../../services/lib/log/lent/lender.ts'
import type { Log } from '../../services/lib/log/port.ts'
import { createLogRoom } from '../support/sqlite-log.ts'
import type { LogHarness } from './log-support.ts'

/** The embedded log, in a directory of its own. */
export async function embedded(): Promise<LogHarness> {
  const { open, advance, directory } = createLogRoom()
  return { open: () => open(), advance, destroy: () => rm(directory, { recursive: true, force: true }) }
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
