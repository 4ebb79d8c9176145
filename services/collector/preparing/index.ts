/** Prepares requests for the log, in threads of their own. */
import { availableParallelism } from 'node:os'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../../lib/logger.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { createPrepare, type Prepare } from './prepare.ts'
import { createThreads } from './threads.ts'

export type { Job, Preparation, Prepared, RefusedJob } from './prepare.ts'

export interface Preparer {
  /** Rejects where a bug met the job: the same job may go right the next time. */
  readonly prepare: Prepare
  /** Ends what it has begun; what is in progress then fails. */
  close(): Promise<void>
}

export interface PreparerOptions {
  readonly keys: TenantKeys
  readonly logger: Logger
  /**
   * Default: one for each core but one, at least one, so that no request stands in the way of the doors, and at most
   * `LIMITS.prepare_threads_max`. With 0 the caller's thread does the work.
   */
  readonly threads?: number
}

const threadsOfMachine = (): number => Math.min(Math.max(1, availableParallelism() - 1), LIMITS.prepare_threads_max)

export function createPreparer({ keys, logger, threads = threadsOfMachine() }: PreparerOptions): Preparer {
  if (threads > 0) return createThreads({ keys, logger, threads })
  return { prepare: createPrepare(keys, LIMITS.indicator_memory_bytes_max), close: async () => undefined }
}
