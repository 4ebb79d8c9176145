/** Gives a new log the key of its partitions, before anything is written to `events`. See lib/partitioning.ts. */
import { randomBytes } from 'node:crypto'
import { writePartitionKey } from '../../schemas/partitioning.ts'
import { chanceKey } from '../lib/chance-key.ts'
import { findPartitionKey } from '../lib/partitioning.ts'
import type { Log } from '../lib/log/port.ts'
import type { Logger } from '../lib/logger.ts'
import type { StateStore } from './store.ts'

interface Tools {
  readonly log: Log
  readonly store: StateStore
  readonly logger: Logger
}

/** Resolves when the log has a key or never will. The store has been loaded. Rejects with LogError. */
export async function ensurePartitionKey({ log, store, logger }: Tools): Promise<void> {
  const key = await findPartitionKey(log)
  if (key === null) {
    logger.warn(
      'this log is older than keyed partitions and goes on without a key: a sender can aim identities at one partition. What is sent into a new log is spread by a key; see docs/security.md',
    )
  }
  if (key !== undefined) return
  const tx = store.begin('')
  tx.put('partitioning', randomBytes(16).toString('hex'), { key: writePartitionKey(chanceKey()) })
  await tx.commit()
}
