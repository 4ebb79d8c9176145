/** What clients of Splunk and Elasticsearch look at beside the status: codes, acknowledgements, items, probes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CollectorRoom, openCollector } from '../../support/collector.ts'

const EVENT = { id: 'e1', time: '2026-03-01T12:00:00Z', identity: 'a', action: 'read' }
let room: CollectorRoom
beforeAll(async () => {
  room = await openCollector()
})
afterAll(() => room.close())

describe("Splunk's HTTP Event Collector", () => {
  const hec = async (
    path: string,
    body: string,
    headers: Record<string, string> = { authorization: 'Splunk live-token' },
  ) => {
    const answer = await fetch(`${room.url}/services/collector${path}`, { method: 'POST', body, headers })
    return [answer.status, await answer.json()] as const
  }

  it('answers with its codes', async () => {
    const good = JSON.stringify({ event: EVENT })
    expect(await hec('/event', good)).toEqual([200, { text: 'Success', code: 0 }])
    expect(await hec('/event', good, {})).toMatchObject([401, { code: 2 }])
    expect(await hec('/event', good, { authorization: 'Splunk' })).toMatchObject([401, { code: 3 }])
    expect(await hec('/event', good, { authorization: 'Splunk wrong' })).toMatchObject([403, { code: 4 }])
    expect(await hec('/event', '')).toMatchObject([400, { code: 5 }])
    expect(await hec('/event', '{"event"')).toMatchObject([400, { code: 6 }])
    expect(await hec('/event', '{"host": "a"}')).toMatchObject([400, { code: 12 }])
    expect(await hec('/event', '{"event": ""}')).toMatchObject([400, { code: 13 }])
    const basic = { authorization: `Basic ${Buffer.from('any:live-token').toString('base64')}` }
    expect(await hec('/event', good, basic)).toEqual([200, { text: 'Success', code: 0 }])
  })

  it('acknowledges what it has given a number', async () => {
    const headers = { authorization: 'Splunk live-token', 'x-splunk-request-channel': 'c1' }
    const [, answer] = await hec('/event', JSON.stringify({ event: EVENT }), headers)
    const { ackId } = answer as { ackId: number }
    expect(await hec('/ack', JSON.stringify({ acks: [ackId, ackId + 1, -1] }), headers)).toEqual([
      200,
      { acks: { [ackId]: true, [ackId + 1]: false, '-1': false } },
    ])
    expect(await hec('/ack', '{"acks": [0]}')).toMatchObject([400, { code: 10 }])
    expect(await hec('/ack', '{"acks": [0]}', {})).toMatchObject([401, { code: 2 }])
  })

  it('says how it is', async () => {
    const health = await fetch(`${room.url}/services/collector/health`)
    expect([health.status, await health.json()]).toEqual([200, { text: 'HEC is healthy', code: 17 }])
  })
})

describe("Elasticsearch's bulk interface", () => {
  const headers = { authorization: `Basic ${Buffer.from('elastic:live-token').toString('base64')}` }

  it('answers clients that ask who is there', async () => {
    const about = await fetch(`${room.url}/elastic`, { headers })
    expect(about.headers.get('x-elastic-product')).toBe('Elasticsearch')
    expect(await about.json()).toMatchObject({ version: { number: expect.any(String) as unknown } })
    expect((await fetch(`${room.url}/elastic/_license`, { headers })).status).toBe(200)
    expect((await fetch(`${room.url}/elastic`)).status).toBe(401)
  })

  it('says of each document what became of it', async () => {
    const body = [{ create: {} }, EVENT, { index: {} }, { message: 'GET /' }, { delete: { _id: '1' } }]
      .map((line) => JSON.stringify(line))
      .join('\n')
    const answer = await fetch(`${room.url}/elastic/_bulk`, { method: 'POST', body: `${body}\n`, headers })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      errors: true,
      items: [{ create: { status: 201 } }, { create: { status: 400 } }, { create: { status: 400 } }],
    })
  })
})

describe("Okta's event hooks", () => {
  it('are answered when they ask whether they are meant to be here', async () => {
    const headers = { 'x-okta-verification-challenge': 'challenge-7' }
    const answer = await fetch(`${room.url}/v1/okta`, { headers })
    expect([answer.status, await answer.json()]).toEqual([200, { verification: 'challenge-7' }])
    expect((await fetch(`${room.url}/v1/okta`)).status).toBe(404)
  })
})
