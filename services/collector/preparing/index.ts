/** Prepares requests for the log, in threads of their own. */
import { availableParallelism } from 'node:os'
import { LIMITS } from '../../../schemas/limits.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { TenantKeys } from '../../lib/secrets.ts'
import { createFormats } from '../formats/formats.ts'
import { inflate } from './inflate.ts'
import { createPrepare } from './prepare.ts'
import type { Preparer } from './preparer.ts'
import { createThreads } from './threads.ts'

export { isEncoding, type PackedBody } from './inflate.ts'
export type { Job, Preparation, Prepared, RefusedJob } from './prepare.ts'
export type { Preparer } from './preparer.ts'

export interface PreparerOptions {
  readonly keys: TenantKeys
  readonly logger: Logger
  /**
   * Default: one for each core but one, at least one, so that no request stands in the way of the doors, and at most
   * `LIMITS.prepare_threads_max`; another one is for tenants that took little. With 0 the caller's thread does the work.
   */
  readonly threads?: number
  /** Formats in addition to those of the registry. */
  readonly mappings?: readonly Mapping[]
}

const threadsOfMachine = (): number => Math.min(Math.max(1, availableParallelism() - 1), LIMITS.prepare_threads_max)

export function createPreparer(options: PreparerOptions): Preparer {
  const { keys, logger, threads = threadsOfMachine(), mappings = [] } = options
  if (threads > 0) return createThreads({ keys, logger, threads, mappings })
  let formats = createFormats(mappings)
  return {
    prepare: createPrepare(keys, LIMITS.indicator_memory_bytes_max, () => formats),
    inflate: async (packed) => inflate(packed),
    useMappings(next) {
      formats = createFormats(next)
    },
    close: async () => undefined,
  }
}
