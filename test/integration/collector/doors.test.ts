/** The doors as clients meet them: every answer of the contract, over HTTP and a real embedded log. */
import { connect } from 'node:net'
import { once } from 'node:events'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CollectorRoom, openCollector } from '../../support/collector.ts'

const event = (id: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  identity: 'invoice-bot',
  action: 'read_file',
  time: '2026-03-01T12:00:00Z',
  ...more,
})

const text = (value: string) => ({ stringValue: value })
const logRecord = (callId: string, tool = 'read_file') => ({
  timeUnixNano: '1772366400000000000',
  eventName: 'gen_ai.tool.call',
  attributes: [
    { key: 'gen_ai.tool.name', value: text(tool) },
    { key: 'gen_ai.tool.call.id', value: text(callId) },
    { key: 'gen_ai.conversation.id', value: text('conversation-1') },
  ],
})
const otlp = (records: unknown[], resource = [{ key: 'gen_ai.agent.id', value: text('invoice-bot') }]): string =>
  JSON.stringify({ resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ logRecords: records }] }] })

describe('the doors of the collector', () => {
  let room: CollectorRoom
  beforeAll(async () => {
    room = await openCollector()
  })
  afterAll(() => room.close())

  const idsWith = async (prefix: string): Promise<string[]> =>
    (await room.events()).map(({ source_id }) => source_id).filter((id) => id.startsWith(prefix))

  it('answers 200 when the log holds the events, and {} to OTLP', async () => {
    const answer = await room.post('/v1/logs', otlp([logRecord('ok-1'), logRecord('ok-2')]))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(await answer.json()).toEqual({})
    expect(await idsWith('ok-')).toEqual(['ok-1', 'ok-2'])
  })

  it('takes an object, a list, lines and joined objects as events', async () => {
    const [a, b, c] = [event('form-a'), event('form-b'), event('form-c')].map((one) => JSON.stringify(one))
    for (const [body, type] of [
      [a, 'application/json'],
      [`[${a},${b}]`, 'application/json'],
      [`${a}\n${b}\n${c}\n`, 'application/x-ndjson'],
      [`${a}${b} ${c}`, 'application/json'],
    ] as const) {
      const answer = await room.post('/v1/events', body as string, { 'content-type': type })
      expect(answer.status).toBe(200)
      expect(await answer.json()).toMatchObject({ rejected: 0 })
    }
    expect(await idsWith('form-')).toHaveLength(1 + 2 + 3 + 3)
    const ids = new Set(
      (await room.events()).filter(({ source_id }) => source_id.startsWith('form-')).map((e) => e.event_id),
    )
    expect(ids.size).toBe(3)
  })

  it('takes CloudTrail records', async () => {
    const record = {
      eventTime: '2026-03-01T12:00:00Z',
      eventSource: 's3.amazonaws.com',
      eventName: 'GetObject',
      eventID: 'trail-1',
      userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/alice', accountId: '111122223333' },
    }
    const answer = await room.post('/v1/cloudtrail', JSON.stringify({ Records: [record] }))
    expect(await answer.json()).toMatchObject({ accepted: 1, rejected: 0 })
    expect(await idsWith('trail-')).toEqual(['trail-1'])
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('reads bodies in %s', async (encoding, compress) => {
    const answer = await room.post('/v1/logs', compress(Buffer.from(otlp([logRecord(`enc-${encoding}`)]))), {
      'content-encoding': encoding,
    })
    expect(answer.status).toBe(200)
    expect(await idsWith(`enc-${encoding}`)).toHaveLength(1)
  })

  it('keeps the good records of a batch, tells the bad ones, and makes dead letters of them', async () => {
    const bad = { timeUnixNano: '1772366400000000000', body: text('password=hunter2') }
    const nobody = JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: text('bot') }] },
          scopeLogs: [{ logRecords: [logRecord('part-1')] }],
        },
        { scopeLogs: [{ logRecords: [bad] }] },
      ],
    })
    const answer = await room.post('/v1/logs', nobody)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: expect.stringContaining('gen_ai.agent.id') },
    })
    expect(await idsWith('part-')).toEqual(['part-1'])
    const letter = (await room.deadLetters()).find(({ origin }) => origin === 'otlp')
    expect(letter).toMatchObject({ tenant: 'acme', service: 'collector', reason: 'unnamed', index: 1 })
    expect(letter?.record).not.toContain('hunter2')
  })

  it('names the field that is wrong, and fields that it left out', async () => {
    const answer = await room.post(
      '/v1/events',
      JSON.stringify([event('field-1', { hostname: 'x' }), event('field-2', { outcome: 'splendid' })]),
    )
    expect(await answer.json()).toMatchObject({
      accepted: 1,
      rejected: 1,
      errors: [{ index: 1, reason: 'invalid', detail: expect.stringContaining('outcome') }],
      ignored_fields: { hostname: 1 },
    })
  })

  it('tells apart a bad line and good ones', async () => {
    const answer = await room.post('/v1/events', `${JSON.stringify(event('line-1'))}\n{"id":\n`, {
      'content-type': 'application/x-ndjson',
    })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ accepted: 1, rejected: 1, errors: [{ reason: 'malformed' }] })
  })

  it.each([
    ['broken JSON', '{"resourceLogs": [}', /unexpected "}".*byte 18/],
    ['nothing', '', /empty|too early/],
    ['__proto__', '{"resourceLogs": [], "__proto__": {"x": 1}}', /__proto__/],
    ['an escaped __proto__', '{"\\u005f_proto__": {"x": 1}}', /__proto__/],
    ['depth 10,000', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, /nested deeper/],
    ['metrics', '{"resourceMetrics": []}', /OTEL_METRICS_EXPORTER/],
    ['snake case', '{"resource_logs": []}', /lowerCamelCase/],
  ])('answers 400 with a reason to %s', async (_what, body, reason) => {
    const answer = await room.post('/v1/logs', body)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({ code: 3, message: expect.stringMatching(reason) })
  })

  it('answers 415 to types and encodings that it cannot read, and says which it can', async () => {
    const grpc = await room.post('/v1/logs', 'x', { 'content-type': 'application/grpc' })
    expect(grpc.status).toBe(415)
    expect(await grpc.json()).toMatchObject({
      message: expect.stringContaining('application/json or application/x-protobuf is'),
    })
    const form = await room.post('/v1/events', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' })
    expect(form.status).toBe(415)
    expect(await form.json()).toMatchObject({ error: { code: 'unsupported_type' } })
    const snappy = await room.post('/v1/logs', 'x', { 'content-encoding': 'snappy' })
    expect(snappy.status).toBe(415)
    const metrics = await room.post('/v1/metrics', '{}')
    expect(metrics.status).toBe(415)
    expect(await metrics.json()).toMatchObject({ message: expect.stringContaining('metrics are not taken') })
  })

  it('answers 400 to a body that is not in its encoding', async () => {
    const answer = await room.post('/v1/logs', 'no gzip at all', { 'content-encoding': 'gzip' })
    expect(answer.status).toBe(400)
  })

  it('answers 401 without a good token, 403 without the right or the scope', async () => {
    const status = async (token: string): Promise<number> => {
      const { status: answered } = await room.post('/v1/events', JSON.stringify(event('auth-1')), {
        authorization: token,
      })
      return answered
    }
    expect(await status('')).toBe(401)
    expect(await status('Bearer wrong')).toBe(401)
    expect(await status('Bearer analyst-token')).toBe(403)
    expect(await status('Bearer none-token')).toBe(403)
    expect(await idsWith('auth-')).toEqual([])
  })

  it('marks history: by scope alone, and for who may send both by header or query', async () => {
    const send = (id: string, token: string, path = '/v1/events', headers = {}) =>
      room.post(path, JSON.stringify(event(id)), { authorization: `Bearer ${token}`, ...headers })
    await send('hist-live', 'live-token')
    await send('hist-scope', 'history-token')
    await send('hist-query', 'both-token', '/v1/events?history=1')
    await send('hist-header', 'both-token', '/v1/events', { 'x-moltwatch-history': '1' })
    const events = (await room.events()).filter(({ source_id }) => source_id.startsWith('hist-'))
    const history = Object.fromEntries(events.map((one) => [one.source_id, one.history]))
    expect(history).toEqual({ 'hist-live': 0, 'hist-scope': 1, 'hist-query': 1, 'hist-header': 1 })
  })

  it('takes the tenant from the token, whatever the body says', async () => {
    const claimed = event('tenant-1', { tenant: 'acme' })
    const answer = await room.post('/v1/events?tenant=acme', JSON.stringify(claimed), {
      authorization: 'Bearer other-token',
    })
    expect(await answer.json()).toMatchObject({ accepted: 1, ignored_fields: { tenant: 1 } })
    const stored = (await room.events()).find(({ source_id }) => source_id === 'tenant-1')
    expect(stored?.tenant).toBe('globex')
  })

  it('asks senders to wait until it is ready', async () => {
    room.notReady = 'the log holds no configuration yet'
    try {
      const answer = await room.post('/v1/logs', otlp([logRecord('ready-1')]))
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(await answer.json()).toMatchObject({ code: 14, message: expect.stringContaining('no configuration') })
      expect((await fetch(`${room.url}/v1/logs`, { method: 'HEAD' })).status).toBe(503)
    } finally {
      room.notReady = undefined
    }
    expect((await fetch(`${room.url}/v1/logs`, { method: 'HEAD' })).status).toBe(200)
    expect(await idsWith('ready-')).toEqual([])
  })

  it('keeps the order of one sender and loses nothing of many', async () => {
    const senders = Array.from({ length: 12 }, (_, sender) => sender)
    await Promise.all(
      senders.map(async (sender) => {
        for (let n = 0; n < 15; n++) {
          const body = JSON.stringify([event(`order-${sender}-${n}`, { identity: `agent-${sender % 4}` })])
          expect((await room.post('/v1/events', body)).status).toBe(200)
        }
      }),
    )
    const ids = await idsWith('order-')
    expect(new Set(ids).size).toBe(12 * 15)
    expect(ids).toHaveLength(12 * 15)
    for (const sender of senders) {
      const own = ids.filter((id) => id.startsWith(`order-${sender}-`)).map((id) => Number(id.split('-')[2]))
      expect(own).toEqual(own.toSorted((a, b) => a - b))
    }
  })

  it('puts what comes while the log is busy into few frames', async () => {
    const requests = Array.from({ length: 200 }, (_, n) => JSON.stringify([event(`crowd-${n}`)]))
    const busy = Promise.withResolvers<void>()
    const before = room.prepared
    room.logBusy = busy.promise
    const asked = Promise.all(requests.map((body) => room.post('/v1/events', body)))
    try {
      await vi.waitUntil(() => room.prepared === before + requests.length, { timeout: 60_000 })
    } finally {
      busy.resolve()
      room.logBusy = undefined
    }
    const answers = await asked
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const frames = (await room.frames()).filter(({ events }) => events[0]?.source_id.startsWith('crowd-'))
    expect(frames.reduce((sum, { events }) => sum + events.length, 0)).toBe(requests.length)
    expect(frames.length).toBeLessThan(requests.length / 10)
  })

  it('keeps no tenant waiting for what another one appends', async () => {
    // Each body has rows of every partition.
    const everywhere = (name: string): string =>
      JSON.stringify(Array.from({ length: 100 }, (_, n) => event(`${name}-${n}`, { identity: `agent-${n}` })))
    const busy = Promise.withResolvers<void>()
    const before = room.appends
    room.logBusy = busy.promise
    let isAnswered = false
    const held = room.post('/v1/events', everywhere('held')).finally(() => {
      isAnswered = true
    })
    try {
      await vi.waitUntil(() => room.appends === before + room.log.partitions('events'), { timeout: 60_000 })
      room.logBusy = undefined
      const other = { authorization: 'Bearer other-token' }
      expect((await room.post('/v1/events', everywhere('passing'), other)).status).toBe(200)
      expect(isAnswered).toBe(false)
    } finally {
      busy.resolve()
      room.logBusy = undefined
    }
    expect((await held).status).toBe(200)
    expect(await idsWith('held-')).toHaveLength(100)
    expect(await idsWith('passing-')).toHaveLength(100)
  })

  it('sent twice, gives the same ids', async () => {
    const body = otlp([logRecord('twice-1'), logRecord('twice-2')])
    await room.post('/v1/logs', body)
    await room.post('/v1/logs', body)
    const events = (await room.events()).filter(({ source_id }) => source_id.startsWith('twice-'))
    expect(events).toHaveLength(4)
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(2)
  })

  it('counts what it took and what it gave up', async () => {
    const metrics = await room.metrics()
    expect(metrics).toMatch(/moltwatch_events_accepted_total\{source="otlp"\} \d+/)
    expect(metrics).toMatch(/moltwatch_dead_letters_total\{service="collector",reason="unnamed"\} 1/)
    expect(metrics).toMatch(
      /moltwatch_requests_total\{service="collector",route="\/v1\/logs",method="POST",status="200"\}/,
    )
  })
})

describe('hostile bodies', () => {
  let room: CollectorRoom
  beforeAll(async () => {
    room = await openCollector()
  })
  afterAll(() => room.close())

  it('answers 413 to 100 MB, announced or not', async () => {
    const large = Buffer.alloc(100 * 1024 * 1024, 0x20)
    const announced = await room.post('/v1/events', large)
    expect(announced.status).toBe(413)
    expect(await announced.json()).toMatchObject({ error: { code: 'too_large' } })

    const chunk = large.subarray(0, 1024 * 1024)
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 100; n++) controller.enqueue(chunk)
        controller.close()
      },
    })
    const streamed = await fetch(`${room.url}/v1/logs`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { authorization: 'Bearer live-token', 'content-type': 'application/json' },
    })
    expect(streamed.status).toBe(413)
  })

  it('answers 413 to a gzip bomb and stays small', async () => {
    const bomb = gzipSync(Buffer.alloc(400 * 1024 * 1024, 0x20))
    expect(bomb.length).toBeLessThan(1024 * 1024)
    const before = process.memoryUsage().rss
    const answers = await Promise.all([1, 2, 3].map(() => room.post('/v1/logs', bomb, { 'content-encoding': 'gzip' })))
    expect(answers.map(({ status }) => status).every((status) => status === 413 || status === 503)).toBe(true)
    expect(answers.some(({ status }) => status === 413)).toBe(true)
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
  })

  it('answers 413 to millions of empty lists', async () => {
    const wide = Buffer.from(`[${'[],'.repeat(4_000_001)}[]]`)
    const answer = await room.post('/v1/events', wide)
    expect(answer.status).toBe(413)
  })

  it.each(['/v1/events', '/v1/cloudtrail'])('answers 413 to millions of records on %s', async (path) => {
    const answer = await room.post(path, `[${'1,'.repeat(10_000_000)}1]`)
    expect(answer.status).toBe(413)
    expect(await room.deadLetters()).toEqual([])
  })

  it('survives a sender that breaks off', async () => {
    const { hostname, port } = new URL(room.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(
      'POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer live-token\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{"id"',
    )
    socket.destroy()
    const answer = await room.post('/v1/events', JSON.stringify(event('after-1')))
    expect(answer.status).toBe(200)
    expect(await room.events()).toHaveLength(1)
  })
})

describe('a log that fails', () => {
  it('is never a 200 and never a 500', async () => {
    const room = await openCollector()
    try {
      await room.log.close()
      for (const path of ['/v1/events', '/v1/logs']) {
        const body = path === '/v1/logs' ? otlp([logRecord('lost-1')]) : JSON.stringify(event('lost-1'))
        const answer = await room.post(path, body)
        expect(answer.status).toBe(503)
        expect(answer.headers.get('retry-after')).toBe('1')
      }
    } finally {
      await room.close()
    }
  })

  it('refuses new requests once it drains', async () => {
    const room = await openCollector()
    try {
      await room.drain()
      expect((await room.post('/v1/events', JSON.stringify(event('drained-1')))).status).toBe(503)
      expect(await room.events()).toEqual([])
    } finally {
      await room.close()
    }
  })
})
