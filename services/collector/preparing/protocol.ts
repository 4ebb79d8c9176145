/** What goes between the collector and a thread that prepares its requests. */
import type { Job, Preparation } from './prepare.ts'

export interface ThreadData {
  readonly memoryBytesMax: number
}

export interface Given {
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
