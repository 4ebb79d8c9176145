/** The log of the one process: SQLite in the data directory, kept as long and as large as the configuration says. */
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS } from '../../schemas/limits.ts'
import type { Clock } from '../lib/clock.ts'
import type { ServiceConfiguration } from '../lib/config.ts'
import type { Log } from '../lib/log/port.ts'
import { createSqliteLog } from '../lib/log/sqlite/index.ts'
import type { Logger } from '../lib/logger.ts'
import { topicsOf } from './parts.ts'

export interface EmbeddedLogOptions {
  /** Data directory; made if it is missing. */
  readonly data: string
  readonly config: ServiceConfiguration
  readonly clock: Clock
  readonly logger: Logger
}

export interface EmbeddedLog {
  readonly log: Log
  /** Puts a changed retention in force: what is no longer kept is removed at once, and its space freed. */
  keep(retention: ServiceConfiguration): Promise<void>
}

/** How much the log may hold: what the file says, or its share of the disk. */
function bytesMaxOf({ retention }: ServiceConfiguration, data: string): number {
  if (retention.log_bytes_max !== undefined) return retention.log_bytes_max
  const { blocks, bsize } = statfsSync(data)
  return Math.max(LIMITS.log_bytes_max_min, Math.floor(blocks * bsize * retention.log_disk_share))
}

export async function openEmbeddedLog({ data, config, clock, logger }: EmbeddedLogOptions): Promise<EmbeddedLog> {
  let current = config
  const log = await createSqliteLog({
    directory: join(data, 'log'),
    clock,
    logger,
    retentionBytesMax: () => bytesMaxOf(current, data),
  })
  await log.ensureTopics(topicsOf(config))
  return {
    log,
    async keep(changed) {
      const isSame = JSON.stringify(changed.retention) === JSON.stringify(current.retention)
      current = changed
      if (isSame) return
      await log.ensureTopics(topicsOf(changed))
      const { log_days: days } = changed.retention
      logger.info(
        { log_days: days, log_bytes_max: bytesMaxOf(changed, data) },
        'the log keeps as long as the file says now',
      )
      await log.maintain()
    },
  }
}
