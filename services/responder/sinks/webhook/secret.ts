/**
 * Secrets of webhooks in the form of the Standard Webhooks specification: `whsec_` and the base64 of 24 to 64 random
 * bytes. The check never repeats the secret in what it says.
 */

const PREFIX = 'whsec_'
const BYTES_MIN = 24
const BYTES_MAX = 64

export type SecretOutcome =
  | { readonly ok: true; readonly key: Buffer }
  | { readonly ok: false; readonly reason: string }

/** The HMAC key in the secret, or why it is none. */
export function parseWebhookSecret(secret: string): SecretOutcome {
  if (!secret.startsWith(PREFIX)) return { ok: false, reason: `must start with ${PREFIX}` }
  const encoded = secret.slice(PREFIX.length)
  const key = Buffer.from(encoded, 'base64')
  // Buffer skips what is not base64; only a secret that survives the round trip means the same to every receiver.
  if (key.toString('base64') !== encoded) {
    return { ok: false, reason: `must be ${PREFIX} followed by padded base64 (try: openssl rand -base64 32)` }
  }
  if (key.length < BYTES_MIN || key.length > BYTES_MAX) {
    return { ok: false, reason: `must hold ${BYTES_MIN} to ${BYTES_MAX} bytes, not ${key.length}` }
  }
  return { ok: true, key }
}
