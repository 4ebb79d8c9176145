/**
 * A body as its format reads it: inflated where it came packed. Nobody knows before what a body unfolds to, and it must not
 * reserve more of the memory of all requests than it needs: it is inflated within a small bound first, and within larger ones
 * while it does not fit. Nothing is inflated before it has come whole, so that a body that stalls holds what was sent of it.
 */
import { asBuffer } from '../lib/as-buffer.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { BUSY, type Refusal, tooLarge } from './answers.ts'
import { type Hold, takeSoon } from './budget.ts'
import type { PackedBody, Preparer, RefusedJob } from './preparing/index.ts'
import type { Read } from './read-request.ts'

/** What most bodies unfold to at most, and how much more the next attempt allows. */
const TIMES_WIRE = 16
const TIMES_NEXT = 4

/** A gzip body of one member ends with its inflated size. It may lie: nothing but the first bound depends on it. */
const SIZE_BYTES = 4

function firstBound({ encoding, body }: Pick<PackedBody, 'encoding' | 'body'>): number {
  const most = LIMITS.body_inflated_bytes_max
  const isGzip = encoding.endsWith('gzip') && body.length >= SIZE_BYTES
  const said = isGzip ? body.readUInt32LE(body.length - SIZE_BYTES) : Infinity
  const bound = said <= most ? said : Math.min(body.length * TIMES_WIRE, most)
  return Math.max(bound, LIMITS.inflate_bytes_min)
}

type Inflate = Preparer['inflate']
export type WholeBody = { readonly ok: true; readonly body: Buffer } | Refusal | RefusedJob

async function inflated(packed: Omit<PackedBody, 'bytesMax'>, hold: Hold, inflate: Inflate): Promise<WholeBody> {
  const most = LIMITS.body_inflated_bytes_max
  for (let bytesMax = firstBound(packed); ; bytesMax = Math.min(bytesMax * TIMES_NEXT, most)) {
    hold.release()
    if (!(await takeSoon(hold, bytesMax))) return BUSY
    const made = await inflate({ ...packed, bytesMax })
    if (made.ok) return { ok: true, body: asBuffer(made.body) }
    if (!made.isOver) return made
    if (bytesMax === most) return tooLarge(most, ' after decompression')
  }
}

/** `hold` holds the bytes as they were sent at first, and the whole body in the end. */
export async function wholeBody(
  { body, encoding }: Pick<Read, 'body' | 'encoding'>,
  tenant: string,
  hold: Hold,
  inflate: Inflate,
): Promise<WholeBody> {
  if (encoding === undefined) return { ok: true, body }
  const whole = await inflated({ tenant, encoding, body }, hold, inflate)
  hold.release()
  if (whole.ok) hold.take(whole.body.length)
  return whole
}
