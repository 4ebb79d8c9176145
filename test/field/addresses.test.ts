/** Addresses and tokens that are slightly wrong are told the right ones, and nothing is taken there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CollectorRoom, openCollector } from '../support/collector.ts'
import { encodeOtlp } from '../support/otlp-protobuf.ts'

const REQUEST = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'probe' } }] },
      scopeLogs: [{ logRecords: [{ timeUnixNano: '1795716000000000000', eventName: 'probe' }] }],
    },
  ],
}
const BODY = JSON.stringify(REQUEST)

let room: CollectorRoom
beforeAll(async () => {
  room = await openCollector()
})
afterAll(() => room.close())

describe('a wrong address', () => {
  it.each(['/', '/v1/logs/', '//v1/logs', '/v1/logs/v1/logs', '/otlp/v1/logs', '/V1/LOGS', '/v1/logs/?token=secret'])(
    '%s is told the right one, in JSON and in protobuf',
    async (path) => {
      const json = await room.post(path, BODY)
      expect(json.status).toBe(404)
      const told = (await json.json()) as { code: number; message: string }
      expect(told.code).toBe(5)
      expect(told.message).toContain('go to /v1/logs')
      expect(told.message).toContain('OTEL_EXPORTER_OTLP_ENDPOINT')
      expect(told.message).not.toContain('secret')
      const type = { 'content-type': 'application/x-protobuf' }
      const protobuf = await room.post(path, encodeOtlp(REQUEST), type)
      expect(protobuf.status).toBe(404)
      expect(protobuf.headers.get('content-type')).toBe('application/x-protobuf')
      expect((await protobuf.text()).includes('go to /v1/logs')).toBe(true)
    },
  )

  it.each(['/events', '/v1/events/', '/v1/v1/cloudtrail', '/V1/Events'])('%s of another format, too', async (path) => {
    const answer = await room.post(path, '{}')
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringMatching(/goes to \/v1\/(events|cloudtrail)$/) as unknown },
    })
  })

  it('takes nothing', async () => {
    expect(await room.events()).toEqual([])
  })
})

describe('a token in an odd form', () => {
  it.each([
    ['Bearer%20live-token', /percent-encoded/],
    ['"Bearer live-token"', /in quotes/],
    ['Bearer "live-token"', /in quotes/],
    ['Bearer live-token, Bearer both-token', /several values/],
    ['Bearer Bearer live-token', /twice/],
    ['live-token', /the word Bearer is missing/],
  ])('%s is told what is odd about it', async (authorization, words) => {
    const answer = await room.post('/v1/logs', BODY, { authorization })
    expect(answer.status).toBe(401)
    const { message } = (await answer.json()) as { message: string }
    expect(message).toMatch(words)
    expect(message).not.toContain('live-token')
  })
})
