/** What goes between the collector and a thread that prepares its requests. */
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { Job, Preparation } from './prepare.ts'

export interface ThreadData {
  readonly mappings: readonly Mapping[]
  readonly memoryBytesMax: number
  /** See `placeIn`. */
  readonly place: ArrayBufferLike
}

/** Where a thread stands: the job that it works on (0: none), and a number that changes with every step. */
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
  /** Memory of its own, handed over. */
  readonly body: Uint8Array<ArrayBuffer>
  /** The tenant's, 32 bytes each. */
  readonly keys: { readonly indicators: Uint8Array; readonly credentials: Uint8Array }
}

/** `error`: a bug met the job. */
export type Answer =
  | { readonly id: number; readonly preparation: Preparation; readonly error?: undefined }
  | { readonly id: number; readonly error: string }
