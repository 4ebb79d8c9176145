/** Signatures, secrets, Retry-After and payloads by themselves. */
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { parseWebhookSecret } from '../../../services/responder/sinks/webhook/secret.ts'
import { delayMs } from '../../../services/responder/dispatcher/delays.ts'
import { webhookBody } from '../../../services/responder/sinks/webhook/body.ts'
import { retryAfterMs } from '../../../services/responder/sinks/lib/http.ts'
import { sign, signingKeys } from '../../../services/responder/sinks/webhook/signature.ts'
import { finding } from '../../support/responder.ts'

const secretOf = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString('base64')}`

describe('secrets', () => {
  it('takes 24 to 64 bytes and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const outcome = parseWebhookSecret(secretOf(bytes))
        return outcome.ok === (bytes.length >= 24 && bytes.length <= 64)
      }),
    )
  })
  it.each(['', 'whsec_', 'secret', `whsec_${'!'.repeat(40)}`, secretOf(Buffer.alloc(25)).replace(/=+$/, '')])(
    'refuses %j without repeating it',
    (secret) => {
      const outcome = parseWebhookSecret(secret)
      expect(outcome.ok).toBe(false)
      if (!outcome.ok && secret.length > 10) expect(outcome.reason).not.toContain(secret)
    },
  )
})

describe('signatures', () => {
  it('verify with the library, with the present and the previous secret', () => {
    const secret = fc.uint8Array({ minLength: 24, maxLength: 64 }).map(secretOf)
    const nowS = Math.floor(Date.now() / 1_000)
    fc.assert(
      fc.property(secret, secret, fc.string({ unit: 'binary' }), (present, previous, text) => {
        const body = JSON.stringify({ text })
        const headers = { ...sign(signingKeys(present, previous), 'msg', nowS, body) }
        for (const each of [present, previous]) new Webhook(each).verify(body, headers)
      }),
      { numRuns: 50 },
    )
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 5)
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Mon, 05 Jan 2026 00:01:00 GMT', 60_000],
    ['Sun, 04 Jan 2026 00:00:00 GMT', 0],
    ['999999999', LIMITS.retry_after_ms_max],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ])('%j means %j ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected)
  })
})

describe('the schedule', () => {
  it('comes up to a tenth later than the specification says, the same on every start', () => {
    const delays = LIMITS.delivery_delays_ms
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.string(), (attempts, id) => {
        const base = delays[Math.min(attempts, delays.length - 1)]!
        const ms = delayMs(delays, attempts, id)
        return ms === delayMs(delays, attempts, id) && ms >= base && ms <= Math.ceil(base * 1.1)
      }),
    )
  })
})

describe('payloads', () => {
  it('are always below the limit, whole where they fit, and keep the root evidence first', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 2_000 })
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 32 }), fc.array(texts, { maxLength: 20 }), (targets, measures) => {
        const [one] = finding().evidence
        const evidence = targets.map((target, i) => ({ ...one!, target, source_id: `call-${i}` }))
        const whole = finding({ evidence, observed: { list: measures } })
        const text = webhookBody({ type: 'finding.created', data: whole, time: '2026-01-05T12:00:00.000Z' })
        expect(Buffer.byteLength(text)).toBeLessThan(LIMITS.delivery_body_bytes_max)
        const body = JSON.parse(text) as { trimmed?: { evidence: number; measures: boolean }; data: Finding }
        expect(body.data.evidence).toEqual(evidence.slice(0, body.data.evidence.length))
        if (body.trimmed === undefined) expect(body.data).toEqual(whole)
        else {
          expect(body.trimmed.evidence + body.data.evidence.length).toBe(evidence.length)
          if (!body.trimmed.measures) expect(body.data.observed).toEqual(whole.observed)
        }
      }),
      { numRuns: 60 },
    )
  })
})
