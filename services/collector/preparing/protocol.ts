/** What goes between the collector and a thread that prepares its requests. */
import type { Mapping } from '../../lib/mappings/schema.ts'
import type { Inflated, PackedBody } from './inflate.ts'
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

/** A tenant's keys, 32 bytes each. */
export interface Keys {
  readonly indicators: Uint8Array
  readonly credentials: Uint8Array
}

/** A job but for its body. */
export type Order =
  | {
      readonly kind: 'prepare'
      readonly job: Job extends infer J ? (J extends Job ? Omit<J, 'body'> : never) : never
      readonly keys: Keys
    }
  | { readonly kind: 'inflate'; readonly job: Omit<PackedBody, 'body'> }

export interface Given {
  readonly mappings?: undefined
  readonly id: number
  readonly order: Order
  /** In a separate buffer, which is transferred, or in shared memory. */
  readonly body: Uint8Array
}

export type Kind = Order['kind']

/** What becomes of a job of each kind. */
export interface Made {
  readonly prepare: Preparation
  readonly inflate: Inflated
}

export type Result = { [K in Kind]: { readonly kind: K; readonly made: Made[K] } }[Kind]

/** `error`: a bug met the job. `spentMs`: what it took of the thread. */
export type Answer = { readonly id: number; readonly spentMs: number } & (
  | { readonly result: Result; readonly error?: undefined }
  | { readonly error: string }
)
