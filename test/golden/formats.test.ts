/**
 * What each format's own samples become, field by field, against a golden file. Read a change of a golden as a change of
 * what detectors see. `npm test -- test/golden -u` writes them anew.
 */
import { describe, expect, it } from 'vitest'
import { blankEvent, type Event } from '../../schemas/event.ts'
import { createExtractor } from '../../services/collector/indicators/index.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { FORMATS } from '../../services/collector/formats/registry.ts'
import { samplesOf } from '../conformance/formats/samples.ts'

const BLANK = blankEvent()
/** The extractor has goldens of its own. */
const EXTRACTED = new Set(['indicators', 'value_hashes', 'value_kinds', 'content_classes', 'extractor_version'])

/** The columns that say something, so that a golden is short enough to be read. */
const said = (event: Event): Partial<Event> =>
  Object.fromEntries(
    Object.entries(event).filter(
      ([column, value]) =>
        !EXTRACTED.has(column) && JSON.stringify(value) !== JSON.stringify(BLANK[column as keyof Event]),
    ),
  )

describe('goldens of the formats', () => {
  it.each(FORMATS.map(({ id }) => [id] as const))('%s', async (format) => {
    const events = (await samplesOf(format)).own.flatMap((request) => {
      const result = normalise(format, request, {
        tenant: 'acme',
        sender: 'shipper',
        receiptTime: Date.UTC(2026, 6, 1),
        history: false,
        assurance: 'claimed',
        extractor: createExtractor({ key: Buffer.alloc(32, 7) }),
        hashCredential: (secret) => `hash of ${secret.length} characters`,
      })
      return result.ok ? result.events : []
    })
    await expect(`${JSON.stringify(events.map(said), null, 2)}\n`).toMatchFileSnapshot(`${format}/samples.golden.json`)
  })
})
