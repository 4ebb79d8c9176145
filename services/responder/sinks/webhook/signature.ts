/**
 * The signature of a webhook, after the Standard Webhooks specification: `v1,` and the base64 of
 * HMAC-SHA256(key, "<id>.<timestamp>.<body>"). While a secret is rotated there are two, with a space between.
 */
import { createHmac } from 'node:crypto'
import { parseWebhookSecret } from './secret.ts'

export interface SignedHeaders {
  readonly 'webhook-id': string
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

/** HMAC keys of a sink: the secret's, then that of the one it replaces. The configuration has checked both. */
export function signingKeys(secret: string, previous: string | undefined): Buffer[] {
  return [secret, ...(previous === undefined ? [] : [previous])].map((text) => {
    const outcome = parseWebhookSecret(text)
    if (!outcome.ok) throw new Error(`webhook secret ${outcome.reason}`)
    return outcome.key
  })
}

/** The three headers of one attempt. `id` is the same on every attempt, `timestampS` (seconds since 1970) is its own. */
export function sign(keys: readonly Buffer[], id: string, timestampS: number, body: string): SignedHeaders {
  const signed = `${id}.${timestampS}.${body}`
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' '),
  }
}
