/**
 * A secret of every kind in every text of every format's samples, texts within texts and keys among them: what a format makes
 * of the record holds none, neither as an event nor as a dead letter, excerpt, count or refusal. The whole service is
 * searched in planted-service.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { createExtractor } from '../../services/collector/indicators/index.ts'
import { createFormats } from '../../services/collector/formats/formats.ts'
import { FORMATS } from '../../services/collector/formats/registry.ts'
import { type NormaliseContext, normalise } from '../../services/collector/normalise.ts'
import { credentialHash } from '../../services/lib/credential-hash.ts'
import { mappedSamples, samplesOf } from '../conformance/formats/samples.ts'
import { EXAMPLE_MAPPINGS } from '../support/mappings.ts'
import { acrossCuts, isPlanted, PROSE_SECRETS, placesOf, SECRETS } from '../support/planted.ts'

const MINUTES_2 = 120_000
const KEY = Buffer.alloc(32, 7)
const CONTEXT: NormaliseContext = {
  tenant: 'acme',
  sender: 'shipper',
  receiptTime: Date.UTC(2026, 6, 1),
  history: false,
  assurance: 'token',
  extractor: createExtractor({ key: KEY, content: 'full' }),
  hashCredential: (secret) => credentialHash(KEY, secret),
  formats: createFormats(EXAMPLE_MAPPINGS),
}

/** Fields that are names: a run of digits or a token in no known form stays in them, because ids look like that. */
const FREE_TEXTS = new Set(['task', 'error', 'user_agent', 'indicators'])

const CUT_KINDS = ['GitHub', 'AWS secret key', 'JSON Web Token']

/** Every secret, and one of them where a cut would halve it; whether each may stay in a name. */
function* texts(n: number): Generator<readonly [kind: string, text: string, inNames: boolean]> {
  for (const [kind, plant] of SECRETS) yield [kind, plant(n), false]
  for (const [kind, plant] of PROSE_SECRETS) yield [kind, plant(n), true]
  const kind = CUT_KINDS[n % CUT_KINDS.length] ?? ''
  for (const text of acrossCuts(SECRETS.get(kind)?.(n) ?? '')) yield [`${kind} at a cut`, text, false]
}

/** What of a result holds a planted secret that it must not hold. */
function leaksOf(result: ReturnType<typeof normalise>, inNames: boolean): string[] {
  if (!result.ok) return isPlanted(result.detail) ? [`refusal: ${result.detail}`] : []
  const { events, excerpts, rejected, ignored } = result
  const fields = events.flatMap((event) =>
    Object.entries(event)
      .filter(([field]) => !inNames || FREE_TEXTS.has(field))
      .map(([field, value]) => [field, value] as const),
  )
  const rest = [
    ['excerpt', excerpts.map(({ text }) => text)],
    ['dead letter', rejected],
    ['count of a field', ignored],
  ] as const
  return [...fields, ...rest]
    .map(([where, value]) => `${where}: ${JSON.stringify(value)}`)
    .filter(isPlanted)
    .map((leak) => leak.slice(0, 300))
}

const ALL = await Promise.all([
  ...FORMATS.map(async ({ id }) => [id, await samplesOf(id)] as const),
  ...EXAMPLE_MAPPINGS.map(async ({ name }) => [name, mappedSamples(name)] as const),
])

describe.each(ALL)('the format %s', (format, samples) => {
  it('keeps no secret, whatever its kind and wherever it stands', { timeout: MINUTES_2 }, () => {
    const seen = new Set<string>()
    for (const request of samples.own.flatMap((one) => samples.split(one))) {
      for (const { name, plant } of placesOf(request)) {
        if (seen.has(name)) continue
        seen.add(name)
        for (const [kind, text, inNames] of texts(seen.size)) {
          const leaks = leaksOf(normalise(format, plant(text), CONTEXT), inNames)
          expect(leaks, `${kind} in ${name}`).toEqual([])
        }
      }
    }
    expect(seen.size).toBeGreaterThan(10)
  })
})

it('sees what is planted where nothing takes it out', () => {
  for (const [kind, plant] of [...SECRETS, ...PROSE_SECRETS]) {
    expect(isPlanted(plant(1)), kind).toBe(true)
    expect(isPlanted(plant(2).slice(0, -4)), kind).toBe(true)
  }
})
