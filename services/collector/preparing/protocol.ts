/** What goes between the collector and a thread that prepares its requests. */
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { Job, Preparation } from './prepare.ts'

export interface ThreadData {
  readonly mappings: readonly Mapping[]
  readonly memoryBytesMax: number
  /** It works for tenants that took little, whom nobody else's work may keep waiting. */
  readonly isForLight: boolean
  /** See `placeIn`. */
  readonly place: ArrayBufferLike
}

/** The progress of a thread: its current job (0: none), and a number that changes with every step. */
export const placeIn = (shared: ArrayBufferLike): Int32Array => new Int32Array(shared)
export const JOB = 0
export const STEP = 1

/** The mappings from the next job on. */
export interface Mappings {
  readonly mappings: readonly Mapping[]
}

export interface Given {
  readonly mappings?: undefined
  readonly id: number
  readonly job: Job extends infer J ? (J extends Job ? Omit<J, 'body'> : never) : never
  /** In a separate buffer, which is transferred, or in shared memory. */
  readonly body: Uint8Array
  /** The tenant's, 32 bytes each. */
  readonly keys: { readonly indicators: Uint8Array; readonly credentials: Uint8Array }
}

/** `error`: a bug met the job. `spentMs`: what it took of the thread. */
export type Answer = { readonly id: number; readonly spentMs: number } & (
  | { readonly preparation: Preparation; readonly error?: undefined }
  | { readonly error: string }
)
