/** Prepares requests for the log, in threads where the machine has cores for them. */
import { availableParallelism } from 'node:os'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../../lib/logger.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { createPrepare, type Prepare } from './prepare.ts'
import { createThreads } from './threads.ts'

export type { Job, Preparation, Prepared } from './prepare.ts'

export interface Preparer {
  /** Rejects where a bug met the job or its thread has ended: the same job may go right the next time. */
  readonly prepare: Prepare
  /** Ends what it has begun; what is in hand then fails. */
  close(): Promise<void>
}

export interface PreparerOptions {
  readonly keys: TenantKeys
  readonly logger: Logger
  /** Default: one for each core but one, at most `LIMITS.prepare_threads_max`. With 0 the caller's thread does the work. */
  readonly threads?: number
}

const threadsOfMachine = (): number => Math.min(availableParallelism() - 1, LIMITS.prepare_threads_max)

export function createPreparer({ keys, logger, threads = threadsOfMachine() }: PreparerOptions): Preparer {
  if (threads > 0) return createThreads({ keys, logger, threads })
  return { prepare: createPrepare(keys, LIMITS.indicator_memory_bytes_max), close: async () => undefined }
}
