/**
 * The development data through the doors: every record becomes exactly one event, none is rejected, and the ids are those
 * that reading the file gives. Left out where the data does not lie beside the checkout.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { eventValidator } from '../../../schemas/event.ts'
import { normalise, normaliseBody } from '../../../services/collector/normalise.ts'
import { readRequests } from '../../../services/commands/import/requests.ts'
import { openCollector } from '../../support/collector.ts'
import { normaliseContext } from '../../support/normalise.ts'
import { encodeOtlp, type OtlpRequest } from '../../support/otlp-protobuf.ts'

const DATA = join(import.meta.dirname, '../../../../shared/data')
const present = existsSync(DATA)
if (!present) console.warn('development data is absent: its tests are left out')
const LATER = normaliseContext({ receiptTime: Date.UTC(2100, 0, 1) })

async function readFile(name: string): Promise<{ ids: string[]; rejected: number }> {
  const ids: string[] = []
  let rejected = 0
  for await (const request of readRequests(join(DATA, name), 'auto')) {
    if ('problem' in request) throw new Error(request.problem)
    const { format, body, ndjson } = request
    const result = normaliseBody(format, body, ndjson ? 'lines' : 'json', LATER)
    if (!result.ok) throw new Error(result.detail)
    for (const event of result.events) {
      expect(eventValidator.check(event)).toBe(true)
      ids.push(event.event_id)
    }
    rejected += result.rejected.length
  }
  return { ids, rejected }
}

// The data is no part of the repository and may be absent.
describe.skipIf(!present)('the development data', () => {
  it.each([
    ['agentdyn-dev.otlp.ndjson.gz', 15_839],
    ['cloudtrail-composite-dev.json.gz', 14_603],
    ['cloudtrail-hard-dev.json.gz', 25_467],
    ['cloudtrail-invictus.json.gz', 2_900],
    ['samples/claude-code-otel.ndjson', 13],
  ])('%s: %i records, each one event', { timeout: 120_000 }, async (name, records) => {
    const { ids, rejected } = await readFile(name)
    expect(rejected).toBe(0)
    expect(ids).toHaveLength(records)
    expect(new Set(ids).size).toBe(records)
  })

  it.each([
    ['agentdyn-dev.otlp.ndjson.gz', 15_839],
    ['samples/claude-code-otel.ndjson', 13],
  ])('%s: the same %i events in protobuf', { timeout: 240_000 }, (name, records) => {
    const file = readFileSync(join(DATA, name))
    const text = (name.endsWith('.gz') ? gunzipSync(file) : file).toString().trim()
    let events = 0
    for (const line of text.split('\n')) {
      const json = normaliseBody('otlp', Buffer.from(line), 'json', LATER)
      const protobuf = normaliseBody('otlp', encodeOtlp(JSON.parse(line) as OtlpRequest), 'protobuf', LATER)
      expect(protobuf).toEqual(json)
      events += protobuf.ok ? protobuf.events.length : 0
    }
    expect(events).toBe(records)
  })

  it('survives every record that a vendor wrote for tests, of whatever product', () => {
    for (const product of ['AWS.CloudTrail', 'GitHub.Audit', 'Okta.SystemLog', 'GCP.AuditLog', 'Azure']) {
      const lines = gunzipSync(readFileSync(join(DATA, `panther-tests/${product}.ndjson.gz`)))
        .toString()
        .trim()
        .split('\n')
      for (const line of lines) {
        const result = normalise('cloudtrail', (JSON.parse(line) as { log: unknown }).log, LATER)
        // A body of which nothing is a record of CloudTrail is refused in words.
        if (!result.ok) {
          expect([product, result.detail]).toEqual([product, expect.stringMatching(/CloudTrail|goes to \/v1\//)])
          continue
        }
        expect(result.rejected.every(({ reason }) => reason === 'malformed' || reason === 'unnamed')).toBe(true)
      }
    }
  })

  it('comes through the door with the ids that the file gives', { timeout: 120_000 }, async () => {
    const text = gunzipSync(readFileSync(join(DATA, 'agentdyn-dev.otlp.ndjson.gz'))).toString()
    const lines = text.trim().split('\n').slice(0, 200)
    const room = await openCollector()
    try {
      for (const line of lines) {
        const answer = await room.post('/v1/logs', line)
        expect([answer.status, await answer.json()]).toEqual([200, {}])
      }
      const expected = lines.flatMap((line) => {
        const result = normalise('otlp', JSON.parse(line), { ...LATER, tenant: 'acme' })
        return result.ok ? result.events.map(({ event_id }) => event_id) : []
      })
      const stored = (await room.events()).map(({ event_id }) => event_id)
      expect(stored.toSorted()).toEqual(expected.toSorted())
    } finally {
      await room.close()
    }
  })
})
