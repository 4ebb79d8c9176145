/**
 * What somebody with a sender's token of the same tenant may try with the ids of events: swallow an event that is still to
 * come, rewrite one that has come, or blind a rule with history. Each attack goes through the port of the collector, over
 * the log, through stage one and into the warehouse.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DETECTORS } from '../../detectors/registry.ts'
import type { Finding } from '../../schemas/finding.ts'
import { eventsById, listEvents } from '../../services/api/questions/events.ts'
import { equal, tenantReader } from '../../services/api/query.ts'
import { createArchiver } from '../../services/archiver/index.ts'
import { createStageOne } from '../../services/detector/engine/index.ts'
import { systemClock } from '../../services/lib/clock.ts'
import { createMetrics } from '../../services/lib/metrics.ts'
import { silent, warehouse } from '../integration/warehouse/support.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'

let room: CollectorRoom
beforeAll(async () => {
  room = await openCollector()
})
afterAll(() => room.close())

/** Everything that stage one finds in the log as it stands, for one identity. */
async function found(identity: string): Promise<Finding[]> {
  const findings: Finding[] = []
  for (let partition = 0; partition < room.log.partitions('events'); partition++) {
    const stage = createStageOne({ detectors: DETECTORS, codeVersion: 'test', partition })
    for await (const { offset, value } of room.log.read('events', partition)) {
      if (value !== null) findings.push(...stage.apply({ offset, value }).findings)
    }
  }
  return findings.filter(({ agent }) => agent === identity)
}

const NOW = Date.now()
const at = (seconds: number): string => new Date(NOW - 600_000 + seconds * 1_000).toISOString()

async function send(event: object, token = 'live-token', path = '/v1/events'): Promise<number> {
  const answer = await room.post(path, JSON.stringify(event), { authorization: `Bearer ${token}` })
  await answer.arrayBuffer()
  return answer.status
}

const contact = (identity: string) => ({
  identity,
  id: 'call-7',
  time: at(10),
  action: 'http_post',
  kind: 'tool',
  arguments: { url: 'https://www.moltbook.com/api/v1/posts' },
})
const harmless = (identity: string) => ({
  identity,
  id: 'call-7',
  time: at(0),
  action: 'read_file',
  target: 'menu.txt',
})

const detectorsOf = (findings: readonly Finding[]): string[] => findings.map(({ detector }) => detector).sort()

describe('an id that somebody else can guess', () => {
  it('swallows no event: the one that comes second is judged, and told', async () => {
    expect(await send(harmless('pre-empted'), 'both-token')).toBe(200)
    expect(await send(contact('pre-empted'))).toBe(200)
    const findings = await found('pre-empted')
    expect(detectorsOf(findings)).toEqual(['identity/conflicting-event', 'peer/known-agent-network'])
    const told = findings.find(({ detector }) => detector === 'identity/conflicting-event')
    expect(told).toMatchObject({ mode: 'live', severity: 'high', observed: { action: 'http_post', sender: 'live' } })
  })

  it('rewrites no event: the one that came first stays, whatever time the other claims', async () => {
    await send(contact('rewritten'))
    const forged = { ...harmless('rewritten'), time: '2026-01-01T00:00:00Z' }
    for (let n = 0; n < 3; n++) await send(forged, 'both-token')
    expect(detectorsOf(await found('rewritten'))).toEqual(['identity/conflicting-event', 'peer/known-agent-network'])

    const store = await warehouse()
    const archiver = createArchiver({
      log: room.log,
      warehouse: store,
      clock: systemClock,
      logger: silent,
      metrics: createMetrics(),
    })
    await archiver.start()
    const reader = tenantReader(store, 'acme')
    const ours = async () =>
      (
        await listEvents(
          reader,
          { where: equal('identity', 'rewritten'), filters: {} },
          { limit: 10, cursor: undefined },
          Date.now(),
        )
      ).items
    await expect.poll(async () => (await ours()).length).toBe(2)
    await archiver.stop()
    const [first, second] = await ours()
    expect(first).toMatchObject({ action: 'http_post', sender: 'live' })
    expect(second).toMatchObject({ action: 'read_file', conflict: true, sender: 'both' })
    const id = first?.event_id ?? ''
    expect((await eventsById(reader, [id])).get(id)).toMatchObject([{ action: 'http_post' }, { action: 'read_file' }])
  })

  it('tells nothing of an event that is sent again', async () => {
    for (let n = 0; n < 3; n++) await send(contact('again'))
    expect(detectorsOf(await found('again'))).toEqual(['peer/known-agent-network'])
  })

  it('gives the rule that a forged copy sets off a finding of its own', async () => {
    await send({ ...contact('twice'), target: 'decoy' }, 'both-token')
    await send({ ...contact('twice'), outcome: 'success' })
    const told = (await found('twice')).filter(({ detector }) => detector === 'identity/conflicting-event')
    expect(told).toHaveLength(1)
  })
})

describe('history', () => {
  it('is taken from nobody without its scope', async () => {
    expect(await send(contact('blinded'), 'live-token', '/v1/events?history=1')).toBe(403)
    expect(await send(contact('blinded'), 'history-token')).toBe(200)
  })

  it('blinds no rule: what happens live the same day is found live', async () => {
    await send({ ...contact('blinded'), id: 'call-8', time: at(60) })
    const findings = await found('blinded')
    expect(findings.map(({ detector, history }) => [detector, history])).toEqual([
      ['peer/known-agent-network', true],
      ['peer/known-agent-network', false],
    ])
    expect(new Set(findings.map(({ id }) => id)).size).toBe(2)
  })
})
