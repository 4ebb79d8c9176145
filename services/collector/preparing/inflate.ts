/**
 * Inflates a body that has come whole, in one go. The threads that prepare requests do it, because each piece of a large body
 * would be an object of the event loop otherwise: it collected garbage most of the time while somebody sent bodies that unfold.
 */
import { brotliDecompressSync, gunzipSync, inflateSync, type InputType, zstdDecompressSync } from 'node:zlib'
import type { RefusedJob } from './prepare.ts'

interface Bounds {
  readonly maxOutputLength: number
  readonly chunkSize: number
}
type Decoder = (packed: InputType, bounds: Bounds) => Buffer

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['zlib', inflateSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
])

/** Whether this content encoding can be inflated. */
export const isEncoding = (name: string): boolean => DECODERS.has(name)

export interface Packed {
  readonly tenant: string
  /** One that `isEncoding` knows. */
  readonly encoding: string
  readonly body: Buffer
  /** What it may unfold to. */
  readonly bytesMax: number
}

/** The body in memory that threads share; or that it is larger than it may be; or why it is refused for good. */
export type Inflated =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly isOver: true }
  | (RefusedJob & { readonly isOver?: undefined })

/** What fits comes out in one piece only if its end is not the end of the piece. */
const SPARE_BYTES = 64

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

function inShared(bytes: Buffer): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

export function inflate({ encoding, body, bytesMax }: Packed): Inflated {
  const decode = DECODERS.get(encoding)
  if (decode === undefined) throw new Error(`the content encoding ${encoding} is not known`)
  try {
    const bytes = decode(body, { maxOutputLength: bytesMax, chunkSize: bytesMax + SPARE_BYTES })
    return { ok: true, body: inShared(bytes) }
  } catch (error) {
    if (hasCode(error, 'ERR_BUFFER_TOO_LARGE')) return { ok: false, isOver: true }
    const why = error instanceof Error ? error.message : String(error)
    return { ok: false, status: 400, detail: `the body is not ${encoding}: ${why}` }
  }
}
