/** What the collector asks of whoever computes for it. */
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { Inflated, PackedBody } from './inflate.ts'
import type { Prepare } from './prepare.ts'

export interface Preparer {
  /** Rejects where a bug met the job: the same job may go right the next time. */
  readonly prepare: Prepare
  /** Rejects as `prepare` does. */
  inflate(packed: PackedBody): Promise<Inflated>
  /** Reads by these mappings from the next job on. */
  useMappings(mappings: readonly Mapping[]): void
  /** Ends what it has started; work in progress then fails. */
  close(): Promise<void>
}
