/**
 * A first day must not drown anybody: a company whose log of several days arrives at once, as after an outage of the shipper or
 * on the first run of an installation, is as quiet as one that is read day by day. The collector's clock stands at the end, so
 * all of it is old when it is received.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import { severityAtLeast } from '../../schemas/finding.ts'
import { life } from '../../services/commands/calibrate/life/life.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'
import { newest, runDetectors } from '../support/detector-harness.ts'

const DAY_MS = 86_400_000
const DAYS = 5
const START = Date.UTC(2026, 4, 4)
const BATCH = 1_000

let room: CollectorRoom

beforeAll(async () => {
  room = await openCollector(8, [], () => START + DAYS * DAY_MS)
})
afterAll(() => room.close())

test('a backlog that arrives at once is quiet', async () => {
  const lines = [...life({ seed: 23, days: DAYS, identities: 100, start: START })].map(({ event }) =>
    JSON.stringify(event),
  )
  for (let at = 0; at < lines.length; at += BATCH) {
    const answer = await room.post('/v1/events', lines.slice(at, at + BATCH).join('\n'), {
      authorization: 'Bearer live-token',
      'content-type': 'application/x-ndjson',
    })
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
  }
  const events = await room.events()
  expect(events.length).toBeGreaterThan(2_000)
  const told = newest(runDetectors(DETECTORS, events)).filter(
    ({ mode, severity }) => mode === 'live' && severityAtLeast(severity, 'medium'),
  )
  expect(told.map(({ detector, severity, why }) => `${detector} ${severity}: ${why}`)).toEqual([])
})
