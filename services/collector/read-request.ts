/**
 * Reads the body of a request as it comes; whole-body.ts inflates it. The memory of all requests is bounded, in total and
 * per tenant (budget.ts). A body that finds no room is not read further, so its sender's connection fills; after a moment
 * the sender is asked to retry. A body below the minimum rate is given up, because others need the memory that it holds.
 *
 * The HTTP server discards the unread rest of a refused body.
 */
import type { IncomingMessage } from 'node:http'
import { LIMITS } from '../../schemas/limits.ts'
import { BUSY, type Refusal, refusal, tooLarge } from './answers.ts'
import { type Hold, takeSoon } from './budget.ts'
import { createGathering } from './gathering.ts'
import { isEncoding } from './preparing/index.ts'

const TOO_SLOW = refusal(
  503,
  'too_slow',
  `the body came too slowly and was given up: at least ${LIMITS.body_bytes_per_s_min} bytes a second are taken, ` +
    `and at most ${LIMITS.body_ms_max / 1000} s in all`,
)

export interface Read {
  readonly ok: true
  readonly body: Buffer
  /** How it is packed; undefined if it is not. */
  readonly encoding: string | undefined
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
function collect(request: IncomingMessage, hold: Hold, bytesMax: number, what: string): Promise<Buffer | Refusal> {
  return new Promise((resolve) => {
    const gathering = createGathering(bytesMax)
    let bytes = 0
    let isWaiting = false
    let isSettled = false
    const settle = (outcome: Buffer | Refusal): void => {
      isSettled = true
      unwatch()
      request.off('data', onData)
      resolve(outcome)
    }
    const fail = (error?: Error): void =>
      settle(refusal(400, 'bad_body', `the body broke off: ${error?.message ?? 'the sender has gone'}`))
    const keep = (chunk: Buffer): void => {
      if (!gathering.add(chunk)) settle(BUSY)
    }
    const keepSoon = async (chunk: Buffer): Promise<void> => {
      request.pause()
      isWaiting = true
      const hasRoom = await takeSoon(hold, chunk.length, () => isSettled)
      isWaiting = false
      if (isSettled) return
      if (!hasRoom) return settle(BUSY)
      keep(chunk)
      request.resume()
    }
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > bytesMax) settle(tooLarge(bytesMax, what))
      else if (hold.take(chunk.length)) keep(chunk)
      else void keepSoon(chunk)
    }
    const unwatch = watchPace(
      request,
      () => isWaiting,
      () => settle(TOO_SLOW),
    )
    request.on('data', onData)
    request.on('end', () => settle(gathering.whole()))
    // It stays, so that an error that comes later is heard, too.
    request.on('error', fail)
    request.on('close', () => {
      if (!request.complete) fail()
    })
    // The sender may have gone while the request waited for its turn, and nothing more is heard of it.
    if (request.destroyed) fail()
  })
}

/** The whole body as it was sent. What it holds is the caller's to release, whatever comes back. */
export async function readRequest(request: IncomingMessage, hold: Hold): Promise<Read | Refusal> {
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()
  const plain = encoding === '' || encoding === 'identity'
  const wireMax = plain ? LIMITS.body_inflated_bytes_max : LIMITS.body_bytes_max
  const what = plain ? '' : ' compressed'
  if (Number(request.headers['content-length'] ?? 0) > wireMax) return tooLarge(wireMax, what)
  if (!plain && !isEncoding(encoding))
    return refusal(
      415,
      'unsupported_encoding',
      `the content encoding ${encoding.slice(0, 32)} is not known: gzip, deflate, br and zstd are`,
    )
  const read = await collect(request, hold, wireMax, what)
  if (Buffer.isBuffer(read)) return { ok: true, body: read, encoding: plain ? undefined : encoding }
  hold.release()
  request.resume()
  return read
}
