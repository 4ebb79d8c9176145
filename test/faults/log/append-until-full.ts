/**
 * Appends to an embedded log until it is refused, says why, waits for the log to say that it is well again, appends on,
 * and says what it finds: run by a test as a process that may write files up to a certain size only.
 */
import { systemClock } from '../../../services/lib/clock.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { type Log, LogError } from '../../../services/lib/log/port.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'
import { spec } from '../../support/sqlite-log.ts'

const VALUE = Buffer.alloc(50_000, 'full')

async function appendUntilRefused(log: Log): Promise<{ taken: number; refusal: LogError }> {
  for (let taken = 0; ; taken++) {
    try {
      await log.append('events', 0, [{ key: null, value: VALUE }])
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      return { taken, refusal: error }
    }
  }
}

const log = await createSqliteLog({
  directory: process.argv[2]!,
  clock: systemClock,
  logger: createLogger('silent'),
  maintenanceEveryMs: 0,
})
await log.ensureTopics([spec('events')])
const { taken, refusal } = await appendUntilRefused(log)
console.log(JSON.stringify({ taken, code: refusal.code, message: refusal.message, health: await log.health() }))
while (!(await log.health()).ok) await new Promise((resolve) => setTimeout(resolve, 20))
for (let i = 0; i < 5; i++) await log.append('events', 0, [{ key: null, value: VALUE }])
let read = 0
for await (const { value } of log.read('events', 0)) if (value!.equals(VALUE)) read++
console.log(JSON.stringify({ read, bounds: await log.bounds('events', 0) }))
await log.close()
