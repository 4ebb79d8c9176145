/**
 * Inflates a body that has come whole, in one go. The threads that prepare requests do it: as a stream, each piece of a large
 * body is memory of the event loop, whose garbage took it tens of milliseconds at a time.
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

export interface PackedBody {
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

function inShared(bytes: Buffer): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

function decoded({ encoding, body, bytesMax }: PackedBody): Buffer | Exclude<Inflated, { ok: true }> {
  const decode = DECODERS.get(encoding)
  if (decode === undefined) throw new Error(`the content encoding ${encoding} is not known`)
  try {
    return decode(body, { maxOutputLength: bytesMax, chunkSize: bytesMax + SPARE_BYTES })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return { ok: false, isOver: true }
    if (error instanceof RangeError || code === 'Z_MEM_ERROR') throw error
    return { ok: false, status: 400, detail: `the body is not ${encoding}: ${message}` }
  }
}

/** Throws where there is no memory: that is no fault of the body, which its sender may send again. */
export function inflate(packed: PackedBody): Inflated {
  const bytes = decoded(packed)
  return Buffer.isBuffer(bytes) ? { ok: true, body: inShared(bytes) } : bytes
}
