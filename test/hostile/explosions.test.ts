/**
 * Small requests that became large ones: 490 bytes kept a collector busy for two minutes, 29 kB became a million events.
 * Each is answered for good, which a sender understands, and requests of others are taken meanwhile.
 */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CollectorRoom, openCollector } from '../support/collector.ts'
import { choice, otlpBody } from './records.ts'

let room: CollectorRoom
beforeAll(async () => {
  room = await openCollector()
})
afterAll(() => room.close())

const sendPacked = (path: string, body: string): Promise<Response> =>
  room.post(path, gzipSync(body), { 'content-encoding': 'gzip' })

it('one record with 100,000 empty calls is one dead letter', async () => {
  const answer = await sendPacked('/v1/logs', otlpBody([choice(100_000)]))
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } })
  const letters = await room.deadLetters()
  expect(letters).toMatchObject([{ reason: 'invalid', detail: expect.stringContaining('more than 256 acts') }])
})

it('10,000 records with 100 calls each are too many events for one request', async () => {
  const record = JSON.stringify(choice(100))
  const body = otlpBody([]).replace('"logRecords":[]', `"logRecords":[${Array(10_000).fill(record).join(',')}]`)
  const answer = await sendPacked('/v1/logs', body)
  expect(answer.status).toBe(413)
})

it('a body of keys that are all different is refused before it is parsed', async () => {
  const body = `[${Array.from({ length: 500_000 }, (_, n) => `{"key-${n}":1}`).join(',')}]`
  const answer = await sendPacked('/v1/events', body)
  expect(answer.status).toBe(413)
  expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('different keys') } })
})

it('a million lines are too many records', async () => {
  const answer = await room.post('/v1/events', gzipSync('x\n'.repeat(1_000_000)), {
    'content-encoding': 'gzip',
    'content-type': 'application/x-ndjson',
  })
  expect(answer.status).toBe(413)
})

it('others are served meanwhile', async () => {
  const heavy = otlpBody(Array.from({ length: 5_000 }, (_, n) => ({ eventName: `e${n}` })))
  let ended = 0
  const hostile = Array.from({ length: 6 }, () => sendPacked('/v1/logs', heavy).then(() => (ended += 1)))
  const answer = await room.post('/v1/events', JSON.stringify({ identity: 'b', action: 'c', id: 'honest' }), {
    authorization: 'Bearer other-token',
  })
  expect(answer.status).toBe(200)
  // It came last and did not wait for the others' end.
  expect(ended).toBeLessThan(6)
  await Promise.all(hostile)
})
