/**
 * The contract of every input in the registry: the events and ids that the records give, whichever way they come; nobody
 * without a token; 2xx only for what is in the log; bad records told apart from good ones.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '../../schemas/event.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { INPUTS } from '../../services/collector/inputs/registry.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'
import { normaliseContext } from '../support/normalise.ts'
import { type InputRequest, samplesOf } from './inputs/samples.ts'

const SAMPLES = await Promise.all(INPUTS.map(async (input) => [input.id, input, await samplesOf(input.id)] as const))

describe.each(SAMPLES)('the input %s', (_id, input, samples) => {
  let room: CollectorRoom
  beforeAll(async () => {
    room = await openCollector()
  })
  afterAll(() => room.close())

  const post = ({ path, body, headers }: InputRequest, token = 'live-token'): Promise<Response> =>
    fetch(room.url + path, { method: 'POST', body, headers: { ...headers, ...samples.token(token) } })
  const newEvents = async (act: () => Promise<unknown>): Promise<Event[]> => {
    const before = (await room.events()).length
    await act()
    const all = await room.events()
    expect(all.length).toBeGreaterThan(before)
    return all
  }
  const idsOf = (records: readonly unknown[]): string[] =>
    records.flatMap((record) => {
      const result = normalise('auto', record, normaliseContext({ receiptTime: Date.now() }))
      if (!result.ok) throw new Error(result.detail)
      return result.events.map((event) => event.event_id)
    })

  it('gives the events that its records are, with the ids that they have in every other way', async () => {
    for (const request of samples.requests) {
      const answer = await post(request)
      expect([answer.status, await answer.text()]).toEqual([samples.status ?? 200, expect.any(String)])
      const stored = new Set((await room.events()).map((event) => event.event_id))
      for (const id of idsOf(request.records)) expect(stored).toContain(id)
    }
    const wanted = new Set(samples.requests.flatMap(({ records }) => idsOf(records)))
    expect(new Set((await room.events()).map((event) => event.event_id))).toEqual(wanted)
  })

  it('takes nothing of anybody without a good token, a right to send or the scope', async () => {
    const [request] = samples.requests
    if (request === undefined) throw new Error('no sample')
    const before = (await room.events()).length
    for (const token of ['wrong-token', 'analyst-token', 'none-token', 'constructor']) {
      expect([401, 403]).toContain((await post(request, token)).status)
    }
    const { path, body, headers } = request
    expect([401, 403]).toContain((await fetch(room.url + path, { method: 'POST', body, headers })).status)
    expect(await room.events()).toHaveLength(before)
  })

  it('takes the tenant and the scope from the token', async () => {
    const [request] = samples.requests
    if (request === undefined) throw new Error('no sample')
    const events = await newEvents(async () => {
      await post(request, 'other-token')
      await post(request, 'history-token')
    })
    expect(events.some(({ tenant }) => tenant === 'globex')).toBe(true)
    expect(events.some(({ history, tenant }) => history === 1 && tenant === 'acme')).toBe(true)
  })

  it('asks its clients to come again while it is not ready, in a way that they do', async () => {
    const [request] = samples.requests
    if (request === undefined) throw new Error('no sample')
    room.notReady = 'the log holds no configuration yet'
    try {
      const answer = await post(request)
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).not.toBeNull()
    } finally {
      room.notReady = undefined
    }
  })

  it('keeps the good records beside a bad one, which becomes a dead letter', async () => {
    const before = (await room.deadLetters()).length
    const answer = await post(samples.mixed)
    expect(answer.status).toBe(samples.status ?? 200)
    expect(await room.deadLetters()).toHaveLength(before + 1)
  })

  it('refuses a body of which nothing is a record', async () => {
    for (const request of samples.bad) {
      const answer = await post(request)
      expect([request.body, answer.status]).toEqual([request.body, 400])
    }
  })

  it('is at no address of another input', () => {
    const paths = new Set(input.takes.map(({ path }) => path))
    for (const other of INPUTS) {
      if (other !== input) expect(other.takes.filter(({ path }) => paths.has(path))).toEqual([])
    }
  })

  it('answers probes', async () => {
    for (const { path } of input.takes) {
      expect((await fetch(room.url + path.replace(/:\w+/, 'x'), { method: 'HEAD' })).status).toBe(200)
    }
  })
})
