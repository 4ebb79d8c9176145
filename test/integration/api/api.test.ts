/** The API over the real engine: what each route answers, page by page, and who may ask. */
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../schemas/finding.ts'
import { door } from '../warehouse/door.ts'
import { event, scratch, T0, warehouse } from '../warehouse/support.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import {
  answered,
  api,
  delivery,
  fill,
  finding,
  incident,
  letter,
  pages,
  quarantine,
  suppression,
  TOKENS,
} from './support.ts'

const count = (n: number) => Array.from({ length: n }, (_, index) => index)
const iso = (ms: number) => new Date(ms).toISOString()
/** As the API answers; of one time, what was written later comes first. */
const newestFirst = (written: readonly Finding[]) =>
  written
    .toReversed()
    .toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time))
    .map(answered)

describe('findings', () => {
  it('come newest first, each once in its newest revision, whatever the size of the page', async () => {
    const store = await warehouse()
    const first = count(57).map((n) => finding(n))
    const second = first
      .filter((_, n) => n % 3 === 0)
      .map((one) => Object.assign({}, one, { revision: 2, why: 'Its window closed.' }))
    await fill(store, { findings: first })
    await fill(store, { findings: second })
    const newest = newestFirst([...first.filter((_, n) => n % 3 !== 0), ...second])
    const asked = await api(store)
    for (const limit of [1, 2, 7, 57, 1_000]) {
      expect(await pages(asked, `/v1/findings?limit=${limit}`)).toEqual(newest)
    }
    expect((await asked.get('/v1/findings')).body).toEqual({ items: newest, next_cursor: null })
  })

  it('can be filtered by every field that the list names, and by time', async () => {
    const store = await warehouse()
    const all = count(40).map((n) => finding(n, n % 8 === 0 ? { mode: 'shadow' } : {}))
    await fill(store, { findings: all })
    const asked = await api(store)
    const expected: [string, (one: Finding) => boolean][] = [
      ['severity=high', ({ severity }) => severity === 'high'],
      ['severity=high,critical', ({ severity }) => severity === 'high' || severity === 'critical'],
      ['detector=lateral/recon-burst', ({ detector }) => detector === 'lateral/recon-burst'],
      ['agent=agent-3', ({ agent }) => agent === 'agent-3'],
      ['session=session-4', ({ session }) => session === 'session-4'],
      ['mode=shadow', ({ mode }) => mode === 'shadow'],
      ['history=true', ({ history }) => history],
      ['history=false', ({ history }) => !history],
      [`since=${iso(T0 + 5_000)}`, ({ time }) => time >= iso(T0 + 5_000)],
      [`until=${T0 + 5_000}`, ({ time }) => time < iso(T0 + 5_000)],
      [
        `agent=agent-1&since=${T0 + 2_000}&until=${iso(T0 + 9_000)}`,
        ({ agent, time }) => agent === 'agent-1' && time >= iso(T0 + 2_000) && time < iso(T0 + 9_000),
      ],
      ["agent=agent-1' OR '1'='1", () => false],
    ]
    for (const [query, holds] of expected) {
      expect([query, await pages(asked, `/v1/findings?limit=6&${query}`)]).toEqual([
        query,
        newestFirst(all.filter(holds)),
      ])
    }
  })

  it('stay in place under a reader who turns pages while others come in', async () => {
    const store = await warehouse()
    const before = count(20).map((n) => finding(n))
    await fill(store, { findings: before })
    const asked = await api(store)
    const first = (await asked.get('/v1/findings?limit=10')).body as { items: Finding[]; next_cursor: string }
    await fill(store, { findings: [finding(100), finding(101)] })
    const rest = (await asked.get(`/v1/findings?limit=10&cursor=${first.next_cursor}`)).body as { items: Finding[] }
    expect([...first.items, ...rest.items]).toEqual(newestFirst(before))
  })

  it('can be pulled in the order in which they were found, and none is missed that came late', async () => {
    const store = await warehouse()
    const asked = await api(store)
    const pull = async (after: string, limit = 7) =>
      (await asked.get(`/v1/findings?after=${after}&limit=${limit}`)).body as { items: Finding[]; next_cursor: string }
    const written = [3, 20, 7, 1, 30, 12, 5, 9, 2].map((n) => finding(n))
    const pulled: Finding[] = []
    let cursor = 'start'
    // What is written later lies before what was pulled already, by event time.
    for (const batch of [written.slice(0, 4), written.slice(4, 5), [], written.slice(5)]) {
      if (batch.length > 0) await fill(store, { findings: batch })
      for (let before = ''; before !== cursor; ) {
        before = cursor
        const { items, next_cursor } = await pull(cursor, 2)
        pulled.push(...items)
        cursor = next_cursor
      }
    }
    expect(pulled).toEqual(written.map(answered))
    const revised = { ...(written[0] as Finding), revision: 2, why: 'Its window closed.' }
    await fill(store, { findings: [revised] })
    expect((await pull(cursor)).items).toEqual([answered(revised)])
    expect((await pull('start', 100)).items).toEqual([...written.slice(1), revised].map(answered))
    expect((await asked.get('/v1/findings?after=nonsense')).status).toBe(400)
    expect((await asked.get(`/v1/findings?after=${cursor}&severity=low`)).status).toBe(400)
  })

  it('are given one by one with their evidence in full and in order', async () => {
    const store = await warehouse()
    const events = count(30).map((n) => event(n, { target: `bucket-${n}`, indicators: n === 4 ? '{"v":1}' : '' }))
    const chosen = [events[9], events[4], events[21]].map((one) => one as (typeof events)[number])
    const evidence = chosen.map(({ event_id, source_id, time, action, target }) => ({
      event_id,
      source_id,
      time: iso(time),
      action,
      target,
    }))
    const one = finding(1, { evidence: [...evidence, { ...evidence[0], event_id: 'f'.repeat(32) } as never] })
    await fill(store, { events: [...events, ...events.slice(0, 10)], findings: [one] })
    const asked = await api(store)
    const { status, body } = await asked.get(`/v1/findings/${one.id}`)
    expect(status).toBe(200)
    const {
      events: found,
      excerpts,
      excerpts_note: note,
      ...rest
    } = body as Finding & {
      events: Record<string, unknown>[]
      excerpts: unknown[]
      excerpts_note: string
    }
    expect(rest).toEqual(answered(one))
    expect([excerpts, note]).toEqual([[], expect.stringContaining('content: excerpts')])
    expect(found.map(({ source_id }) => source_id)).toEqual(['call-9', 'call-4', 'call-21'])
    // What an event leaves empty is not shown.
    const filled = Object.entries(chosen[1] as object).filter(
      ([, value]) => value !== '' && value !== 0 && value !== 'unknown' && String(value) !== '',
    )
    expect(found[1]).toEqual({
      ...Object.fromEntries(filled),
      time: iso(T0 + 4_000),
      receipt_time: iso((chosen[1] as { receipt_time: number }).receipt_time),
      indicators: { v: 1 },
    })
    expect((await asked.get(`/v1/findings/${'0'.repeat(32)}`)).status).toBe(404)
  })
})

describe('events', () => {
  it('are counted and listed once, however often and at whatever time they were repeated', async () => {
    const store = await warehouse()
    const events = count(50).map((n) => event(n))
    // Without a time of its own an event takes the receipt time, which differs on a repeat.
    const replaced = events.slice(10, 20).map((one) => Object.assign({}, one, { time_flag: 'missing' as const }))
    const repeats = replaced.map((one, n) => Object.assign({}, one, { time: one.time + 60_000 + n * 500 }))
    await fill(store, { events: [...events.slice(0, 10), ...replaced, ...events.slice(20)] })
    await fill(store, { events: [...events.slice(0, 5), ...repeats] })
    const asked = await api(store)
    expect((await asked.get('/v1/events/count')).body).toEqual({ count: 50 })
    for (const limit of [3, 7, 50, 1_000]) {
      const listed = await pages<{ source_id: string; time: string }>(asked, `/v1/events?limit=${limit}`)
      expect(listed.map(({ source_id }) => source_id)).toEqual(count(50).map((n) => `call-${49 - n}`))
      expect(listed.map(({ time }) => time)).toEqual(count(50).map((n) => iso(T0 + (49 - n) * 1_000)))
    }
  })

  it('come in the order of their nanoseconds, their receipt and their place in the request', async () => {
    const store = await warehouse()
    const second = Date.now()
    const order = [
      { time_ns: 0, receipt_time: second, sequence: 4 },
      { time_ns: 0, receipt_time: second, sequence: 5 },
      { time_ns: 0, receipt_time: second + 1, sequence: 0 },
      { time_ns: 7, receipt_time: second, sequence: 1 },
      { time_ns: 999_999, receipt_time: second, sequence: 0 },
    ]
    const events = order.map((fields, n) => event(n, { ...fields, time: T0 }))
    // An event that comes again stands where it stood first.
    const repeats = events.map((one, n) => Object.assign({}, one, { receipt_time: second + 50 - n, sequence: 9 - n }))
    await fill(store, { events: [...repeats.slice(3), ...events.toReversed(), ...repeats.slice(0, 3)] })
    const asked = await api(store)
    for (const limit of [1, 2, 100]) {
      const listed = await pages<{ source_id: string }>(asked, `/v1/events?limit=${limit}`)
      expect(listed.map(({ source_id }) => source_id)).toEqual(['call-4', 'call-3', 'call-2', 'call-1', 'call-0'])
    }
  })

  it('that another one pre-empts or copies with other content are shown beside it', async () => {
    const store = await warehouse()
    const first = event(1, { target: 'report.pdf' })
    const earlier = { time: first.time - 5_000, receipt_time: first.receipt_time + 1_000 }
    const forged = event(1, { ...earlier, target: 'holiday.jpg', event_id: first.event_id })
    const foreign = event(1, { ...earlier, identity: 'someone', event_id: first.event_id })
    await fill(store, { events: [forged, foreign, first, event(2)] })
    const asked = await api(store)
    const { body } = await asked.get(`/v1/events/${first.event_id}`)
    expect(body).toMatchObject({
      target: 'report.pdf',
      conflicts: expect.arrayContaining([
        expect.objectContaining({ target: 'holiday.jpg', conflict: true }),
        expect.objectContaining({ identity: 'someone', conflict: true }),
      ]),
    })
    const listed = await pages<{ target: string; conflict: boolean }>(asked, '/v1/events?limit=2')
    expect(listed).toHaveLength(4)
    expect(listed.filter(({ conflict }) => !conflict).map(({ target }) => target)).toContain('report.pdf')
    expect(listed.filter(({ target }) => target === 'holiday.jpg')).toMatchObject([{ conflict: true }])
    expect((await asked.get('/v1/events/count')).body).toEqual({ count: 2 })
  })

  it('can be filtered, counted by the same filters, and given one by one', async () => {
    const store = await warehouse()
    const events = count(60).map((n) => event(n))
    await fill(store, { events })
    const asked = await api(store)
    const query = `identity=agent-2&action=iam:ListUsers&since=${T0 + 10_000}&until=${T0 + 50_000}`
    const expected = events.filter(
      ({ identity, action }, n) => identity === 'agent-2' && action === 'iam:ListUsers' && n >= 10 && n < 50,
    )
    const listed = await pages<{ event_id: string }>(asked, `/v1/events?limit=2&${query}`)
    expect(listed.map(({ event_id }) => event_id)).toEqual(expected.map(({ event_id }) => event_id).reverse())
    expect((await asked.get(`/v1/events/count?${query}`)).body).toEqual({ count: expected.length })
    const one = events[7] as (typeof events)[number]
    expect((await asked.get(`/v1/events/${one.event_id}`)).body).toMatchObject({ source_id: 'call-7', conflicts: [] })
    expect((await asked.get('/v1/events/nothing')).status).toBe(404)
  })
})

describe('identities', () => {
  it('are listed by name with what is known of each', async () => {
    const store = await warehouse()
    const events = count(100).map((n) => event(n, { owner: 'team', instance: `copy-${n % 2}` }))
    await fill(store, { events: [...events, ...events.slice(0, 30)] })
    const asked = await api(store)
    const listed = await pages<{ identity: string }>(asked, '/v1/identities?limit=2')
    expect(listed.map(({ identity }) => identity)).toEqual(count(5).map((n) => `agent-${n}`))
    expect(listed[1]).toEqual({
      identity: 'agent-1',
      principal_kind: 'agent',
      owner: 'team',
      role: '',
      first_seen: iso(T0 + 1_000),
      last_seen: iso(T0 + 96_000),
      events: 20,
      sessions: 7,
      instances: 2,
      incidents_open: 0,
      incidents_worst: null,
    })
    expect((await pages<{ identity: string }>(asked, '/v1/identities?name=GENT-3')).map((one) => one.identity)).toEqual(
      ['agent-3'],
    )
    expect(await pages(asked, '/v1/identities?name=%25')).toEqual([])
    expect((await pages<{ name: string }>(asked, '/v1/coverage?name=nt-4')).map(({ name }) => name)).toEqual([
      'agent-4',
    ])
    expect(await pages(asked, '/v1/sources?name=nothing-like-that')).toEqual([])
  })

  it('are told in full: what they did, from where, with whom, and what was found', async () => {
    const store = await warehouse()
    const name = 'arn:aws:iam::1:role/a b?'
    const events = count(12).map((n) =>
      event(n, {
        identity: name,
        source_address: n < 9 ? '192.0.2.1' : '192.0.2.2',
        peer_domains: n % 2 === 0 ? ['a.example', 'b.example'] : [],
        outcome: n === 3 ? 'denied' : 'success',
      }),
    )
    const findings = [0, 1, 2].map((n) => finding(n, { agent: name, severity: n === 0 ? 'high' : 'low' }))
    await fill(store, { events: [...events, event(99)], findings: [...findings, finding(7)] })
    const { status, body } = await (await api(store)).get(`/v1/identities/${encodeURIComponent(name)}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      identity: name,
      events: 12,
      actions: [
        { value: 'iam:ListUsers', events: 8 },
        { value: 's3:GetObject', events: 4, first_seen: iso(T0), last_seen: iso(T0 + 9_000) },
      ],
      sources: [
        { value: '192.0.2.1', events: 9 },
        { value: '192.0.2.2', events: 3 },
      ],
      peers: [
        { value: 'a.example', events: 6 },
        { value: 'b.example', events: 6 },
      ],
      credentials: [],
      outcomes: [
        { value: 'success', events: 11 },
        { value: 'denied', events: 1 },
      ],
      findings: { info: 0, low: 2, medium: 0, high: 1, critical: 0 },
    })
    expect((await (await api(store)).get('/v1/identities/nobody')).status).toBe(404)
  })
})

describe('dead letters', () => {
  it('are listed newest first with their reason', async () => {
    const store = await warehouse()
    const letters = count(9).map((n) => letter(n, n % 2 === 0 ? { service: 'archiver', reason: 'refused' } : {}))
    await fill(store, { letters: [...letters, ...letters.slice(3)] })
    const asked = await api(store)
    const expected = letters.map((one) => Object.assign({}, one, { time: iso(one.time) }))
    expect(await pages(asked, '/v1/dead-letters?limit=4')).toEqual(expected)
    expect(await pages(asked, '/v1/dead-letters?limit=4&reason=refused')).toEqual(
      expected.filter((_, n) => n % 2 === 0),
    )
  })
})

describe('the responder', () => {
  it('answers for quarantines, incidents and deliveries, while the warehouse is away too', async () => {
    const behind = await door(scratch())
    await behind.shut()
    const store = await warehouse({ kind: 'server', url: behind.url() })
    const newest = [2, 1, 0]
    const held = {
      quarantines: newest.map((n) => quarantine(n)),
      incidents: newest.map((n) => incident(n, { finding_ids: ['0'.repeat(32)] })),
      deliveries: newest.map((n) => delivery(n)),
    }
    const asked = await api(store, held)
    for (const [list, items] of Object.entries(held)) {
      expect(await pages(asked, `/v1/${list}?limit=2`)).toEqual(items)
      // An incident comes with more than the list shows of it; here the warehouse is away.
      expect((await asked.get(`/v1/${list}/${items[1]?.id}`)).body).toMatchObject({ ...items[1] })
      expect((await asked.get(`/v1/${list}?cursor=globex:1`)).body).toEqual({
        error: { code: 'bad_cursor', message: 'the cursor is not one of this list' },
      })
    }
    const whole = await asked.get(`/v1/incidents/${held.incidents[1]?.id}`)
    expect(whole.body).toMatchObject({ findings: null, quarantines: [{ identity: 'agent-1' }] })
    expect((await asked.post('/v1/quarantines', { identity: 'agent-1', reason: 'stolen' })).status).toBe(202)
    const away = await asked.app.inject({ url: '/v1/findings', headers: { authorization: `Bearer ${TOKENS.acme}` } })
    expect(away.statusCode).toBe(503)
    expect(Number(away.headers['retry-after'])).toBeGreaterThan(0)
    expect(away.json()).toMatchObject({ error: { code: 'warehouse_unavailable' } })
  })

  it('gets orders as commands of the tenant and the token, whatever the body says', async () => {
    const asked = await api(await warehouse(), { quarantines: [quarantine(1)] })
    const { id } = quarantine(1)
    const analyst = await asked.post(`/v1/quarantines/${id}/release`, { reason: 'key rotated' }, {}, TOKENS.analyst)
    expect(analyst).toMatchObject({ status: 403, body: { error: { message: expect.stringContaining('responder') } } })
    const stop = await asked.post('/v1/commands', { type: 'stop', reason: 'x' }, {}, TOKENS.analyst)
    expect(stop.status).toBe(403)
    const sent = [
      await asked.post('/v1/quarantines', { identity: 'agent-1', reason: 'stolen', expires_in_ms: 60_000 }),
      await asked.post(`/v1/quarantines/${id}/release`, { reason: 'key rotated' }, {}, TOKENS.responder),
      await asked.post(`/v1/quarantines/${id}/approve`, { reason: 'yes' }),
      await asked.post('/v1/commands', { type: 'stop', reason: 'too many', tenant: 'globex', by: 'nobody', id: 'x' }),
    ]
    expect(sent.map(({ status }) => status)).toEqual([202, 202, 202, 202])
    const ids = sent.map(({ body }) => (body as { command_id: string }).command_id)
    const common = { tenant: 'acme', by: 'boss', time: expect.stringMatching(/^\d{4}-.*Z$/) }
    expect(await asked.commands()).toEqual([
      { type: 'quarantine', id: ids[0], identities: ['agent-1'], reason: 'stolen', expires_in_ms: 60_000, ...common },
      { type: 'release', id: ids[1], quarantine_ids: [id], reason: 'key rotated', ...common, by: 'night-shift' },
      { type: 'approve', id: ids[2], quarantine_ids: [id], reason: 'yes', ...common },
      { type: 'stop', id: ids[3], reason: 'too many', ...common },
    ])
  })

  it('gets the same command when a request is sent again with its idempotency key', async () => {
    const asked = await api(await warehouse(), { quarantines: [quarantine(1), quarantine(1, { tenant: 'globex' })] })
    const order = { identity: 'agent-1', reason: 'stolen' }
    const send = (key: string, token?: string) =>
      asked.post('/v1/quarantines', order, { 'idempotency-key': key }, token)
    const [a, again, other, rival] = [
      await send('k1'),
      await send('k1'),
      await send('k2'),
      await send('k1', TOKENS.globex),
    ]
    expect(again?.body).toEqual(a?.body)
    expect(new Set([a, other, rival].map((answer) => JSON.stringify(answer?.body))).size).toBe(3)
  })

  it('is asked for nothing that names nothing, or that only an admin may ask', async () => {
    const asked = await api(await warehouse(), { quarantines: [quarantine(1)] })
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const everything = { detector: '*', until, reason: 'quiet' }
    const none = 'a'.repeat(32)
    const send = async (path: string, body: object, token?: string) => (await asked.post(path, body, {}, token)).status
    expect(await send('/v1/quarantines', { identity: 'agent-l', reason: 'stolen' })).toBe(404)
    expect(await send('/v1/commands', { type: 'quarantine', identities: ['agent-1', 'agent-l'], reason: 'x' })).toBe(
      404,
    )
    expect(await send('/v1/commands', { type: 'release', quarantine_ids: [none], reason: 'x' })).toBe(404)
    expect(await send('/v1/commands', { type: 'unsuppress', suppression_id: none, reason: 'x' })).toBe(404)
    expect(await send('/v1/suppressions', { ...everything, detector: 'no/such' })).toBe(404)
    expect(await send('/v1/suppressions', { ...everything, until: '2026-01-01T00:00:00Z' })).toBe(409)
    expect(await send('/v1/suppressions', { ...everything, network: '::/0' }, TOKENS.analyst)).toBe(400)
    expect(await send('/v1/suppressions', everything, TOKENS.analyst)).toBe(403)
    expect(await asked.commands()).toEqual([])
    expect(await send('/v1/suppressions', everything)).toBe(202)
    expect(await send('/v1/suppressions', { ...everything, agent: 'agent-1' }, TOKENS.analyst)).toBe(202)
    expect(await send('/v1/quarantines', { identity: 'agent-l', reason: 'stolen', force: true })).toBe(202)
    expect(await asked.commands()).toHaveLength(3)
  })

  it('is asked for nothing above a cap: 409, and 429 while too much waits', async () => {
    const suppressions = Array.from({ length: LIMITS.suppressions_per_tenant_max }, (_, n) => suppression(n))
    const asked = await api(await warehouse(), { suppressions })
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const full = await asked.post('/v1/suppressions', { detector: 'lateral/recon-burst', until, reason: 'x' })
    expect(full).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } })
    const stop = () => asked.post('/v1/commands', { type: 'stop', reason: 'x' })
    for (let n = 0; n < LIMITS.commands_waiting_max; n++) expect((await stop()).status).toBe(202)
    expect(await stop()).toMatchObject({ status: 429, body: { error: { code: 'too_many_waiting' } } })
    const rival = await asked.post('/v1/commands', { type: 'stop', reason: 'x' }, {}, TOKENS.globex)
    expect(rival.status).toBe(202)
  })

  it('is asked for nothing by a bad order', async () => {
    const asked = await api(await warehouse())
    const id = 'a'.repeat(32)
    const bad: [string, unknown, RegExp][] = [
      ['/v1/quarantines', { identity: 'agent-1' }, /reason/],
      ['/v1/quarantines', { identity: '', reason: 'x' }, /identity/],
      ['/v1/quarantines', { identity: 'agent-1', reason: 'x', tenant: 'globex' }, /tenant/],
      ['/v1/quarantines', '{"identity": "agent-1",}', /not JSON.*position/],
      [`/v1/quarantines/${id}/release`, {}, /reason/],
      ['/v1/quarantines/nothing/release', { reason: 'x' }, /id/],
      ['/v1/commands', { type: 'configuration', configuration: {} }, /file of the service/],
      ['/v1/commands', { type: 'format-disk' }, /no such command/],
      ['/v1/commands', { type: '__proto__' }, /no such command/],
      ['/v1/commands', { type: 'stop' }, /reason/],
    ]
    for (const [path, body, message] of bad) {
      expect([path, await asked.post(path, body)]).toEqual([
        path,
        { status: 400, body: { error: { code: 'bad_request', message: expect.stringMatching(message) } } },
      ])
    }
    expect(await asked.commands()).toEqual([])
  })
})

describe('who may ask', () => {
  it('is decided by the token before anything else', async () => {
    const asked = await api(await warehouse())
    const get = (headers: Record<string, string>) => asked.app.inject({ url: '/v1/findings', headers })
    expect((await get({})).statusCode).toBe(401)
    expect((await get({})).headers['www-authenticate']).toBe('Bearer')
    expect((await get({ authorization: 'Bearer wrong' })).json()).toMatchObject({ error: { code: 'unauthenticated' } })
    for (const route of asked.routes) {
      const [method, url] = route.split(' ') as ['GET' | 'POST', string]
      const request = {
        method,
        url: url.replaceAll(/:\w+/g, 'a'.repeat(32)),
        payload: method === 'POST' ? '{' : undefined,
      }
      const without = await asked.app.inject(request as never)
      const sender = await asked.app.inject({
        ...request,
        headers: { authorization: `Bearer ${TOKENS.sender}` },
      } as never)
      expect([route, without.statusCode, sender.statusCode]).toEqual([route, 401, 403])
      expect(sender.json()).toMatchObject({
        error: { code: 'forbidden', message: expect.stringContaining('role ingest') },
      })
    }
  })

  it('does not matter for health and readiness', async () => {
    const asked = await api(await warehouse())
    expect((await asked.app.inject('/healthz')).json()).toEqual({ status: 'ok' })
    expect((await asked.app.inject('/readyz')).json()).toEqual({ ready: true })
    asked.setReadiness({ ready: false, reasons: ['the log is not writable: disk full'] })
    const answer = await asked.app.inject('/readyz')
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      { ready: false, reasons: ['the log is not writable: disk full'] },
    ])
    expect(answer.headers['retry-after']).toBeDefined()
  })

  it('reads metrics from loopback, or with a token that may read', async () => {
    const asked = await api(await warehouse())
    await asked.get('/v1/findings')
    const from = (remoteAddress: string, token?: string) =>
      asked.app.inject({
        url: '/metrics',
        remoteAddress,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })
    const local = await from('127.0.0.1')
    expect(local.body).toContain(
      'moltwatch_requests_total{service="api",route="/v1/findings",method="GET",status="200"} 1',
    )
    expect(local.body).toContain('moltwatch_warehouse_up')
    expect((await from('::1')).statusCode).toBe(200)
    expect((await from('198.51.100.7')).statusCode).toBe(401)
    expect((await from('198.51.100.7', TOKENS.sender)).statusCode).toBe(403)
    expect((await from('198.51.100.7', TOKENS.analyst)).statusCode).toBe(200)
  })
})

describe('bad questions', () => {
  it('are told what is wrong with them', async () => {
    const asked = await api(await warehouse())
    const bad: [string, number, string, RegExp][] = [
      ['/v1/findings?limit=1001', 400, 'bad_request', /limit must be <= 1000/],
      ['/v1/findings?limit=0', 400, 'bad_request', /limit/],
      ['/v1/findings?limit=ten', 400, 'bad_request', /limit must be a whole number/],
      ['/v1/findings?tenant=globex', 400, 'bad_request', /knows no tenant/],
      ['/v1/findings?severity=high,awful', 400, 'bad_request', /awful is none of info, low/],
      ['/v1/findings?since=yesterday', 400, 'bad_request', /since must be a time/],
      ['/v1/findings?since=2026-01-31T09:00:00', 400, 'bad_request', /since must be a time/],
      ['/v1/findings?cursor=abc', 400, 'bad_cursor', /ask again without a cursor/],
      ['/v1/events?colour=red', 400, 'bad_request', /knows no colour/],
      ['/v1/nothing', 404, 'not_found', /\/v1\/nothing/],
    ]
    for (const [path, status, code, message] of bad) {
      expect([path, await asked.get(path)]).toEqual([
        path,
        { status, body: { error: { code, message: expect.stringMatching(message) } } },
      ])
    }
    const order = (headers: Record<string, string>, payload: string) =>
      asked.app.inject({
        method: 'POST',
        url: '/v1/quarantines',
        headers: { authorization: `Bearer ${TOKENS.acme}`, ...headers },
        payload,
      })
    expect((await order({ 'content-type': 'text/plain' }, 'x')).statusCode).toBe(415)
    expect(
      (await order({ 'content-type': 'application/json' }, JSON.stringify({ reason: 'x'.repeat(100_000) }))).statusCode,
    ).toBe(413)
  })
})
