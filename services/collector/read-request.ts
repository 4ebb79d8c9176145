/**
 * Reads the body of a request: inflates it while it arrives and counts the inflated bytes, so that a small body cannot
 * become a large one in memory. All requests together hold a bounded number of bytes; beyond it senders are asked to
 * wait. What is not read of a refused body is thrown away by the HTTP server.
 */
import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { LIMITS } from '../../schemas/limits.ts'
import { type Refusal, refusal } from './answers.ts'

/** Bytes that requests hold at the same time. */
export interface Budget {
  /** False where there is no room. */
  take(bytes: number): boolean
  give(bytes: number): void
  readonly used: () => number
}

export function createBudget(bytesMax: number): Budget {
  let used = 0
  return {
    take(bytes) {
      if (used + bytes > bytesMax) return false
      used += bytes
      return true
    },
    give(bytes) {
      used -= bytes
    },
    used: () => used,
  }
}

const CHUNK = { chunkSize: 64 * 1024 }
const DECODERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => createGunzip(CHUNK)],
  ['x-gzip', () => createGunzip(CHUNK)],
  ['deflate', () => createInflate(CHUNK)],
  ['zlib', () => createInflate(CHUNK)],
  ['br', () => createBrotliDecompress(CHUNK)],
  ['zstd', () => createZstdDecompress(CHUNK)],
])

const tooLarge = (bytesMax: number, what: string): Refusal =>
  refusal(413, 'too_large', `the body has more than ${bytesMax} bytes ${what}: send it in smaller parts`)

export type ReadBody = { readonly ok: true; readonly body: Buffer } | Refusal

/** Hands the chunks of a request to its decoder. The request itself stays open whatever happens, for the answer. */
function feed(request: IncomingMessage, decoder: Transform): void {
  request.on('data', (chunk: Buffer) => {
    if (!decoder.destroyed && !decoder.write(chunk)) request.pause()
  })
  decoder.on('drain', () => request.resume())
  request.on('end', () => {
    if (!decoder.destroyed) decoder.end()
  })
  // A sender that breaks off must not leave the decoder waiting.
  request.on('error', (error) => decoder.destroy(error))
  request.on('aborted', () => decoder.destroy(new Error('the sender broke off')))
  // Whoever reads the decoder hears of its errors; one that comes after that has nobody to hear it.
  decoder.on('error', () => undefined)
}

/** The chunks of a body in the clear; an unknown encoding gives none. */
function decoded(request: IncomingMessage, encoding: string): Readable | undefined {
  request.on('error', () => undefined)
  if (encoding === '' || encoding === 'identity') return request
  const decoder = DECODERS.get(encoding)?.()
  if (decoder !== undefined) feed(request, decoder)
  return decoder
}

/**
 * The whole body, inflated. The caller gives its bytes back to the budget when it is done with them; a refused body
 * holds none.
 */
export async function readRequest(request: IncomingMessage, budget: Budget): Promise<ReadBody> {
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()
  const plain = encoding === '' || encoding === 'identity'
  const wireMax = plain ? LIMITS.body_inflated_bytes_max : LIMITS.body_bytes_max
  if (Number(request.headers['content-length'] ?? 0) > wireMax) return tooLarge(wireMax, plain ? '' : 'compressed')
  const stream = decoded(request, encoding)
  if (stream === undefined)
    return refusal(
      415,
      'unsupported_encoding',
      `the content encoding ${encoding.slice(0, 32)} is not known: gzip, deflate, br and zstd are`,
    )
  const chunks: Buffer[] = []
  let bytes = 0
  const refuse = (refused: Refusal): Refusal => {
    budget.give(bytes)
    if (stream !== request) stream.destroy()
    request.resume()
    return refused
  }
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (bytes + chunk.length > LIMITS.body_inflated_bytes_max)
        return refuse(tooLarge(LIMITS.body_inflated_bytes_max, 'after decompression'))
      if (!budget.take(chunk.length))
        return refuse(refusal(503, 'busy', 'too many bytes are being processed: send it again in a moment'))
      bytes += chunk.length
      chunks.push(chunk)
    }
  } catch (error) {
    const what = plain ? 'the body broke off' : `the body is not ${encoding}`
    return refuse(refusal(400, 'bad_body', `${what}: ${error instanceof Error ? error.message : 'unreadable'}`))
  }
  return { ok: true, body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes) }
}
