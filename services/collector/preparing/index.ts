/** Prepares requests for the log, in threads of their own. */
import { availableParallelism } from 'node:os'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { createFormats } from '../formats/formats.ts'
import { createPrepare, type Prepare } from './prepare.ts'
import { createThreads } from './threads.ts'

export type { Job, Preparation, Prepared, RefusedJob } from './prepare.ts'

export interface Preparer {
  /** Rejects where a bug met the job: the same job may go right the next time. */
  readonly prepare: Prepare
  /** Reads by these mappings from the next job on. */
  useMappings(mappings: readonly Mapping[]): void
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
  /** Formats beside those of the registry. */
  readonly mappings?: readonly Mapping[]
}

const threadsOfMachine = (): number => Math.min(Math.max(1, availableParallelism() - 1), LIMITS.prepare_threads_max)

export function createPreparer(options: PreparerOptions): Preparer {
  const { keys, logger, threads = threadsOfMachine(), mappings = [] } = options
  if (threads > 0) return createThreads({ keys, logger, threads, mappings })
  let formats = createFormats(mappings)
  return {
    prepare: createPrepare(keys, LIMITS.indicator_memory_bytes_max, () => formats),
    useMappings(next) {
      formats = createFormats(next)
    },
    close: async () => undefined,
  }
}
