/**
 * The contract of every format in the registry: valid events and nothing else, no crash on broken input, ids that
 * depend on the producer's data alone, event times replaced only where the rule says so, and no secret in clear.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventValidator } from '../../schemas/event.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { createExtractor } from '../../services/collector/indicators/index.ts'
import { type NormaliseContext, normalise } from '../../services/collector/normalise.ts'
import { createFormats } from '../../services/collector/formats/formats.ts'
import { FORMATS } from '../../services/collector/formats/registry.ts'
import { credentialHash } from '../../services/lib/credential-hash.ts'
import { type Path, replaced } from '../support/json-paths.ts'
import { EXAMPLE_MAPPINGS } from '../support/mappings.ts'
import { mappedSamples, samplesOf } from './formats/samples.ts'

const KEY = Buffer.alloc(32, 7)
const EXTRACTOR = createExtractor({ key: KEY })
const RECEIPT = Date.UTC(2026, 6, 1)
/** Those of the registry, and those that the example mappings describe: one contract holds for both. */
const ALL = createFormats(EXAMPLE_MAPPINGS)
const context = (more: Partial<NormaliseContext> = {}): NormaliseContext => ({
  tenant: 'acme',
  sender: 'shipper',
  receiptTime: RECEIPT,
  history: false,
  assurance: 'claimed',
  extractor: EXTRACTOR,
  hashCredential: (secret) => credentialHash(KEY, secret),
  formats: ALL,
  ...more,
})
const CONTEXT = context()

/** A secret of each kind, and the part of it that must not appear. */
const SECRETS = [
  ['ghp_0123456789abcdefghijABCDEFGHIJ012345', '0123456789abcdefghij'],
  ['sk-ant-api03-abcdefghijklmnop0123456789', 'abcdefghijklmnop'],
  ['sk-proj-ABCDEFGHIJKLMNOPQRSTUVWX', 'ABCDEFGHIJKLMNOP'],
  ['xoxb-123456789012-abcdefghijkl', '123456789012-abc'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl', 'eyJzdWIiOiJhbGljZSJ9'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----', 'MIIEowIBAAKCAQEA'],
  ['Authorization: Bearer q7w8e9r0t1y2', 'q7w8e9r0t1y2'],
  ['https://root:tr0ub4dor@db.example.com/x', 'tr0ub4dor'],
  ['password=correct-horse', 'correct-horse'],
  ['{"api_key": "battery staple"}', 'staple'],
  ['https://x.example.com/?X-Amz-Signature=fedcba98', 'fedcba98'],
  ['sk_live_abcdefgh01234567', 'abcdefgh01234567'],
] as const

/** The paths of all leaves of a JSON value. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, item]) =>
    leaves(item, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

/** A copy with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  )
}

const SAMPLES = await Promise.all([
  ...FORMATS.map(async ({ id }) => [id, await samplesOf(id)] as const),
  ...EXAMPLE_MAPPINGS.map(async ({ name }) => [name, mappedSamples(name)] as const),
])

describe.each(SAMPLES)('the format %s', (format, samples) => {
  const run = (request: unknown, more: Partial<NormaliseContext> = {}) => {
    const result = normalise(format, request, context(more))
    if (!result.ok) throw new Error(result.detail)
    return result
  }
  const ids = (request: unknown, more: Partial<NormaliseContext> = {}): string[] =>
    run(request, more).events.map(({ event_id }) => event_id)

  it('makes valid events of every record of its samples and rejects none', () => {
    expect(samples.requests.length).toBeGreaterThan(1)
    for (const request of samples.requests) {
      const { events, rejected, records } = run(request)
      expect(rejected).toEqual([])
      expect(events.length).toBeGreaterThanOrEqual(records)
      for (const event of events) {
        expect(eventValidator.problems(event)).toEqual([])
        expect(event).toMatchObject({ tenant: 'acme', source: format, receipt_time: RECEIPT, history: 0 })
        expect(event.identity).not.toBe('')
        expect(event.action).not.toBe('')
      }
    }
  })

  it('is the format that its samples are recognised as', () => {
    for (const request of samples.requests) expect(ALL.recognise(request)?.id).toBe(format)
  })

  it('gives the same ids for the same data, whenever and in whatever order of keys it comes', () => {
    for (const request of samples.requests) {
      const first = ids(request)
      expect(new Set(first).size).toBe(first.length)
      expect(ids(request, { receiptTime: RECEIPT + 86_400_000, history: true })).toEqual(first)
      expect(ids(reversed(request))).toEqual(first)
      expect(ids(request, { extractor: createExtractor({ key: Buffer.alloc(32, 9) }) })).toEqual(first)
    }
  })

  it('gives the same ids when a batch is split', () => {
    for (const request of samples.requests) {
      expect(samples.split(request).flatMap((one) => ids(one))).toEqual(ids(request))
    }
  })

  it('gives every tenant ids of its own', () => {
    for (const request of samples.requests) {
      const shared = new Set(ids(request)).intersection(new Set(ids(request, { tenant: 'globex' })))
      expect(shared.size).toBe(0)
    }
  })

  it.each([
    ['none', undefined, 'missing', RECEIPT],
    ['1970', '1970-01-02T00:00:00Z', 'ancient', RECEIPT],
    ['the end of 2014', '2014-12-31T23:59:59Z', 'ancient', RECEIPT],
    ['the start of 2015', '2015-01-01T00:00:00Z', 'ok', LIMITS.event_time_ms_min],
    ['10 minutes ahead', '2026-07-01T00:10:00Z', 'ok', RECEIPT + 600_000],
    ['more than 10 minutes ahead', '2026-07-01T00:10:01Z', 'future', RECEIPT],
    ['2100', '2100-01-01T00:00:00Z', 'future', RECEIPT],
    ['last year', '2025-02-03T04:05:06Z', 'ok', Date.UTC(2025, 1, 3, 4, 5, 6)],
  ] as const)('with an event time of %s', (_what, iso, flag, time) => {
    for (const request of samples.requests) {
      const changed = samples.withTime(request, iso)
      const { events, rejected } = run(changed)
      expect(rejected).toEqual([])
      for (const event of events) expect(event).toMatchObject({ time_flag: flag, time })
      // Sent twice, counted once, also where the time was replaced.
      expect(ids(changed, { receiptTime: RECEIPT + 1 })).toEqual(events.map(({ event_id }) => event_id))
    }
  })

  it('marks history', () => {
    for (const request of samples.requests) {
      for (const event of run(request, { history: true }).events) expect(event.history).toBe(1)
    }
  })

  it('keeps no secret in clear, in whatever text field it stands', () => {
    const all = SECRETS.map(([secret]) => secret).join(' and ')
    for (const request of samples.requests.slice(0, 4).flatMap((one) => samples.split(one))) {
      for (const [index, path] of leaves(request).entries()) {
        const alone = SECRETS.at(index % SECRETS.length)?.[0] ?? ''
        for (const plant of [alone, `see ${alone} there`, all]) {
          const { events, rejected } = run(replaced(request, path, (old) => (typeof old === 'string' ? plant : old)))
          const kept = JSON.stringify(events) + JSON.stringify(rejected)
          const leaked = SECRETS.filter(([, core]) => plant.includes(core) && kept.includes(core))
          expect(leaked, `${path.join('.')} holds ${plant}`).toEqual([])
        }
      }
    }
  })

  it('never crashes and never makes an invalid event of broken input', () => {
    const junk = fc.oneof(
      fc.constantFrom(null, true, 0, -1, 1e308, 2 ** 53, '', '\u0000', '\ud800', '\u202e', 'x'.repeat(100_000)),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(fc.constantFrom<unknown>(null, 1, 'a', {}), { maxLength: 5 }),
      fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 5 }),
      fc.jsonValue({ maxDepth: 4 }),
    )
    const mutated = fc.constantFrom(...samples.requests).chain((request) => {
      const paths = leaves(request).flatMap((path) => path.map((_, end) => path.slice(0, end + 1)))
      const change = fc.tuple(fc.constantFrom(...paths), junk)
      return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
        changes.reduce<unknown>((value, [path, to]) => {
          try {
            return replaced(value, path, () => to)
          } catch {
            return value
          }
        }, request),
      )
    })
    fc.assert(
      fc.property(fc.oneof(mutated, junk), (request) => {
        const result = normalise(format, request, CONTEXT)
        if (!result.ok) return
        for (const event of result.events) expect(eventValidator.problems(event)).toEqual([])
        for (const { reason, detail, record } of result.rejected) {
          expect(reason).not.toBe('poison')
          expect(detail).not.toBe('')
          expect(record.length).toBeLessThanOrEqual(LIMITS.dead_letter_record_chars_max)
        }
        for (const event of result.events) expect(JSON.stringify(event).isWellFormed()).toBe(true)
      }),
      { numRuns: 400 },
    )
  })
})
