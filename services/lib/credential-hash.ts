/**
 * How a credential is stored when a log contains the secret itself: HMAC(k, SHA-256(secret)), truncated to 128 bits. Only
 * a holder of k can match a list of leaked keys, given as SHA-256.
 */
import { createHmac, hash } from 'node:crypto'

const KEPT_BYTES = 16
const HASH_BYTES = 32
/** Of SHA-256, as HMAC counts it (RFC 2104). */
const BLOCK_BYTES = 64
const [INNER, OUTER] = [0x36, 0x5c]

/** The secret as events name it: 32 hex digits. */
export const credentialHash = (key: Buffer, secret: string): string =>
  credentialHashOf(key, hash('sha256', secret, 'hex'))

/** The same from the secret's SHA-256, 64 hex digits. */
export const credentialHashOf = (key: Buffer, digest: string): string =>
  createHmac('sha256', key)
    .update(Buffer.from(digest, 'hex'))
    .digest('hex')
    .slice(0, 2 * KEPT_BYTES)

/**
 * The same for millions of SHA-256 of secrets: `from` 32 bytes of `source` to 16 bytes of `target`. Two plain hashes are
 * six times as fast as a new HMAC object for each. The key has at most 64 bytes.
 */
export function createKeyer(key: Uint8Array): (source: Buffer, from: number, target: Buffer, to: number) => void {
  const pad = (byte: number): Buffer => {
    const padded = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, byte)
    for (const [i, own] of key.entries()) padded[i] = own ^ byte
    return padded
  }
  const [inner, outer] = [pad(INNER), pad(OUTER)]
  return (source, from, target, to) => {
    source.copy(inner, BLOCK_BYTES, from, from + HASH_BYTES)
    hash('sha256', inner, 'buffer').copy(outer, BLOCK_BYTES)
    hash('sha256', outer, 'buffer').copy(target, to, 0, KEPT_BYTES)
  }
}
