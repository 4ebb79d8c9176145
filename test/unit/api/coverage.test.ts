/** Coverage: what a detector needs against what really comes. */
import { describe, expect, it } from 'vitest'
import { DETECTORS } from '../../../detectors/registry.ts'
import { EVENT_COLUMNS } from '../../../schemas/event.ts'
import { advice, fieldsNeeded, lackingOf, sightsOf } from '../../../services/api/coverage.ts'
import type { Received } from '../../../services/api/questions/coverage.ts'

const NOW = Date.UTC(2026, 2, 10)
const DAY = 86_400_000

const received = (more: Partial<Received> = {}, fields: Readonly<Record<string, number>> = {}): Received => ({
  name: 'agent-1',
  events: 1_000,
  first_seen: new Date(NOW - 60 * DAY).toISOString(),
  learned_from: new Date(NOW - 30 * DAY).toISOString(),
  last_seen: new Date(NOW).toISOString(),
  fields: { ...Object.fromEntries(fieldsNeeded(DETECTORS).map((field) => [field, 1])), ...fields },
  tool_calls: 0,
  tool_calls_empty: 0,
  sessions: 0,
  sessions_derived: 0,
  ...more,
})
const sights = (one: Received, learns = true) =>
  Object.fromEntries(sightsOf(one, DETECTORS, NOW, learns).map((sight) => [sight.detector, sight]))

describe('what detectors need', () => {
  it('is named in columns that an event has', () => {
    const columns = new Set<string>(EVENT_COLUMNS.map(({ name }) => name))
    expect(fieldsNeeded(DETECTORS).filter((field) => !columns.has(field))).toEqual([])
  })

  it('is said by every detector', () => {
    expect(DETECTORS.filter(({ needs }) => needs === undefined).map(({ id }) => id)).toEqual([])
  })
})

describe('what is seen', () => {
  it('is everything where every field comes and the identity is old', () => {
    expect(new Set(Object.values(sights(received())).map(({ sees }) => sees))).toEqual(new Set(['yes']))
  })

  it('is nothing where no field that would do ever comes, and says which', () => {
    const one = received({}, { credential: 0, source_network: 0 })
    expect(sights(one)['credential/shared-credential']).toMatchObject({ sees: 'blind', lacks: [['credential']] })
    // Its other field still comes.
    expect(sights(one)['credential/new-source']?.sees).toBe('yes')
  })

  it('says what to send, once for all that lack it', () => {
    const one = received({}, { credential: 0, peer: 0, peer_domains: 0 })
    const lacking = lackingOf(sightsOf(one, DETECTORS, NOW, true))
    expect(lacking.find(({ fields }) => fields.join() === 'credential')).toMatchObject({
      detectors: expect.arrayContaining(['credential/shared-credential', 'credential/leaked-credential']),
      send: [expect.stringContaining('credential.id')],
    })
    // Named in two orders by two detectors, and told once.
    expect(lacking.filter(({ fields }) => fields.join() === 'peer,peer_domains')).toHaveLength(1)
    expect(lackingOf(sightsOf(received(), DETECTORS, NOW, true))).toEqual([])
  })

  it('has words for every field that a detector needs', () => {
    const none = received({}, Object.fromEntries(fieldsNeeded(DETECTORS).map((field) => [field, 0])))
    for (const { fields, send } of lackingOf(sightsOf(none, DETECTORS, NOW, true))) {
      for (const [at, field] of fields.entries()) expect(send[at], field).toMatch(/\w+ \w+/)
    }
  })

  it('is being learned by a young identity, and until when', () => {
    const one = received({ learned_from: new Date(NOW - DAY).toISOString() })
    expect(sights(one)['peer/unknown-peer']).toMatchObject({
      sees: 'learning',
      until: new Date(NOW + 4 * DAY).toISOString(),
    })
    expect(sights(one)['intent/logging-tamper']?.sees).toBe('yes')
    expect(sights(one, false)['peer/unknown-peer']?.sees).toBe('yes')
  })
})

describe('what to set', () => {
  it('names the variable for a service without a name', () => {
    expect(advice(received({ name: 'unknown_service:python' })).join()).toContain('OTEL_SERVICE_NAME=')
    expect(advice(received({ name: 'unknown_services_team' }))).toEqual([])
  })

  it('names the variable where calls come empty, and not where some always do', () => {
    const empty = advice(received({ tool_calls: 40, tool_calls_empty: 40 })).join()
    expect(empty).toContain('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true')
    expect(advice(received({ tool_calls: 40, tool_calls_empty: 20 }))).toEqual([])
  })

  it('names the attribute where conversations are derived', () => {
    expect(advice(received({ sessions: 9, sessions_derived: 9 })).join()).toContain('gen_ai.conversation.id')
  })

  it('says that a thief cannot be told where neither address nor credential comes', () => {
    expect(advice(received({}, { source_network: 0, credential: 0 })).join()).toContain('thief')
  })
})
