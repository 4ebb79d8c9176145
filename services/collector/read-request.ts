/**
 * Reads the body of a request: inflates it while it arrives and counts the inflated bytes, so that a small body cannot
 * become a large one in memory. The memory of all requests is bounded, in total and per tenant (budget.ts). A body that
 * finds no room is not read further, so its sender's connection fills; after a moment the sender is asked to retry. A
 * body below the minimum rate is given up, because others need the memory that it holds.
 *
 * The HTTP server discards the unread rest of a refused body.
 */
import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { LIMITS } from '../../schemas/limits.ts'
import { type Refusal, refusal } from './answers.ts'
import type { Hold } from './budget.ts'
import { createGathering } from './gathering.ts'

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
const TOO_SLOW = refusal(
  503,
  'too_slow',
  `the body came too slowly and was given up: at least ${LIMITS.body_bytes_per_s_min} bytes a second are taken, ` +
    `and at most ${LIMITS.body_ms_max / 1000} s in all`,
)
const BUSY = refusal(503, 'busy', 'too many bytes are being processed: send it again in a moment')

export type ReadBody = { readonly ok: true; readonly body: Buffer } | Refusal

/** Passes the chunks of a request to its decoder. The request itself always stays open for the answer. */
function feed(request: IncomingMessage, decoder: Transform): void {
  request.on('data', (chunk: Buffer) => {
    if (!decoder.destroyed && !decoder.write(chunk)) request.pause()
  })
  decoder.on('drain', () => request.resume())
  request.on('end', () => {
    if (!decoder.destroyed) decoder.end()
  })
}

/**
 * Checks the rate of a body periodically, and calls `slow` once it is too low. Time in which we do not read counts only
 * towards the time that a body may take in all.
 */
function watchPace(request: IncomingMessage, isHeldUp: () => boolean, slow: () => void): () => void {
  const everyMs = LIMITS.body_pace_every_ms
  const bytesMin = (LIMITS.body_bytes_per_s_min * everyMs) / 1000
  const { socket } = request
  let before = socket.bytesRead
  let looksLeft = Math.ceil(LIMITS.body_ms_max / everyMs)
  const timer = setInterval(() => {
    const came = socket.bytesRead - before
    before = socket.bytesRead
    looksLeft -= 1
    const ours = request.complete || isHeldUp()
    if (looksLeft <= 0 || (came < bytesMin && !ours)) slow()
  }, everyMs)
  return () => clearInterval(timer)
}

/** The whole body, or why it is not taken. Settles once; nothing is listened to afterwards. */
function collect(request: IncomingMessage, source: Readable, hold: Hold, what: string): Promise<Buffer | Refusal> {
  return new Promise((resolve) => {
    const gathering = createGathering()
    let bytes = 0
    let waiting: NodeJS.Timeout | undefined
    const settle = (outcome: Buffer | Refusal): void => {
      unwatch()
      clearTimeout(waiting)
      source.off('data', onData)
      resolve(outcome)
    }
    const fail = (error?: Error): void =>
      settle(refusal(400, 'bad_body', `${what}: ${error?.message ?? 'the sender broke off'}`))
    const keep = (chunk: Buffer, waitedMs: number): void => {
      waiting = undefined
      if (hold.take(chunk.length)) {
        if (!gathering.add(chunk)) return settle(BUSY)
        if (waitedMs > 0) source.resume()
      } else if (waitedMs >= LIMITS.body_room_ms_max) {
        settle(BUSY)
      } else {
        source.pause()
        const everyMs = LIMITS.body_room_every_ms
        waiting = setTimeout(() => keep(chunk, waitedMs + everyMs), everyMs)
      }
    }
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > LIMITS.body_inflated_bytes_max) {
        settle(tooLarge(LIMITS.body_inflated_bytes_max, 'after decompression'))
      } else {
        keep(chunk, 0)
      }
    }
    const unwatch = watchPace(
      request,
      () => waiting !== undefined || request.isPaused(),
      () => settle(TOO_SLOW),
    )
    source.on('data', onData)
    source.on('end', () => settle(gathering.whole()))
    // These stay, so that an error that comes later is heard, too.
    for (const stream of new Set([request, source])) stream.on('error', fail)
    request.on('close', () => {
      if (!request.complete) fail()
    })
    // The sender may have gone while the request waited for its turn, and nothing more is heard of it.
    if (request.destroyed) fail()
  })
}

/** The whole body, inflated. What it holds is the caller's to release, whatever comes back. */
export async function readRequest(request: IncomingMessage, hold: Hold): Promise<ReadBody> {
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()
  const plain = encoding === '' || encoding === 'identity'
  const wireMax = plain ? LIMITS.body_inflated_bytes_max : LIMITS.body_bytes_max
  if (Number(request.headers['content-length'] ?? 0) > wireMax) return tooLarge(wireMax, plain ? '' : 'compressed')
  const decoder = plain ? undefined : DECODERS.get(encoding)?.()
  if (!plain && decoder === undefined)
    return refusal(
      415,
      'unsupported_encoding',
      `the content encoding ${encoding.slice(0, 32)} is not known: gzip, deflate, br and zstd are`,
    )
  if (decoder !== undefined) feed(request, decoder)
  const what = plain ? 'the body broke off' : `the body is not ${encoding}`
  const read = await collect(request, decoder ?? request, hold, what)
  if (Buffer.isBuffer(read)) return { ok: true, body: read }
  hold.release()
  decoder?.destroy()
  request.resume()
  return read
}
