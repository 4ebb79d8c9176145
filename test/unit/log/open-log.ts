/** Opens the embedded log in a directory and says what came of it: run by a test as another process. */
import { createLogger } from '../../../services/lib/logger.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { LogError } from '../../../services/lib/log/port.ts'
import { createSqliteLog } from '../../../services/lib/log/sqlite/index.ts'

try {
  const log = await createSqliteLog({ directory: process.argv[2]!, clock: systemClock, logger: createLogger('silent') })
  await log.close()
  console.log('opened')
} catch (error) {
  console.log(error instanceof LogError ? `${error.code} ${error.message}` : error)
}
