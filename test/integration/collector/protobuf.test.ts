/**
 * OTLP in protobuf through the door: every answer of the contract in the encoding of the request, and OpenTelemetry's own
 * exporters, which know nothing of our field numbers.
 */
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '../../../schemas/event.ts'
import { type CollectorRoom, openCollector } from '../../support/collector.ts'
import { PATIENCE_MS } from '../../support/patience.ts'
import {
  encodeOtlp,
  type KeyValue,
  type LogRecord,
  readPartialSuccess,
  readStatus,
} from '../../support/otlp-protobuf.ts'

const TYPE = 'application/x-protobuf'
const text = (key: string, stringValue: string): KeyValue => ({ key, value: { stringValue } })
const call = (id: string): LogRecord => ({
  timeUnixNano: '1772366400000000000',
  eventName: 'gen_ai.tool.call',
  attributes: [
    text('gen_ai.tool.name', 'read_file'),
    text('gen_ai.tool.call.id', id),
    text('gen_ai.conversation.id', 'conversation-1'),
  ],
})
const request = (logRecords: readonly LogRecord[], identity = 'invoice-bot') => ({
  resourceLogs: [{ resource: { attributes: [text('gen_ai.agent.id', identity)] }, scopeLogs: [{ logRecords }] }],
})

describe('the door for OTLP in protobuf', () => {
  let room: CollectorRoom
  beforeAll(async () => {
    room = await openCollector()
  })
  afterAll(() => room.close())

  const post = (body: Buffer, headers: Record<string, string> = {}, path = '/v1/logs'): Promise<Response> =>
    room.post(path, body, { 'content-type': TYPE, ...headers })
  const bytes = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer())
  const stored = async (prefix: string): Promise<Event[]> =>
    (await room.events()).filter(({ source_id }) => source_id.startsWith(prefix))
  const status = async (answer: Response): Promise<ReturnType<typeof readStatus>> => {
    expect(answer.headers.get('content-type')).toBe(TYPE)
    return readStatus(await bytes(answer))
  }

  it.each([TYPE, `${TYPE}; charset=utf-8`, 'Application/X-Protobuf'])('answers %s in kind', async (type) => {
    const answer = await post(encodeOtlp(request([call(`ok-${type}`)])), { 'content-type': type })
    expect([answer.status, answer.headers.get('content-type'), await bytes(answer)]).toEqual([
      200,
      TYPE,
      Buffer.alloc(0),
    ])
    expect(await stored(`ok-${type}`)).toHaveLength(1)
  })

  it('gives the event and the id that JSON gives', async () => {
    const one = request([call('same-1'), call('same-2')])
    expect((await room.post('/v1/logs', JSON.stringify(one))).status).toBe(200)
    expect((await post(encodeOtlp(one))).status).toBe(200)
    const events = (await stored('same-')).map((event) => ({ ...event, receipt_time: 0 }))
    expect(events).toHaveLength(4)
    expect(events.slice(2)).toEqual(events.slice(0, 2))
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('reads bodies in %s', async (encoding, compress) => {
    const body = compress(encodeOtlp(request([call(`enc-${encoding}`)])))
    expect((await post(body, { 'content-encoding': encoding })).status).toBe(200)
    expect(await stored(`enc-${encoding}`)).toHaveLength(1)
  })

  it('keeps the good records of a batch and tells the bad ones', async () => {
    const { resourceLogs } = request([call('part-1')])
    const nobody = { scopeLogs: [{ logRecords: [{ body: { stringValue: 'password=hunter2' } }] }] }
    const answer = await post(encodeOtlp({ resourceLogs: [...resourceLogs, nobody] }))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, TYPE])
    expect(readPartialSuccess(await bytes(answer))).toEqual({
      rejected: 1,
      message: expect.stringContaining('record 1: the record names nobody'),
    })
    expect(await stored('part-')).toHaveLength(1)
    const letters = await room.deadLetters()
    expect(letters).toMatchObject([{ origin: 'otlp', reason: 'unnamed', index: 1 }])
    expect(JSON.stringify(letters)).not.toContain('hunter2')
  })

  it('takes an empty body as a request without records', async () => {
    const answer = await post(Buffer.alloc(0))
    expect([answer.status, await bytes(answer)]).toEqual([200, Buffer.alloc(0)])
  })

  it('answers 400 with the place where the protobuf breaks', async () => {
    const whole = encodeOtlp(request([call('cut-1')]))
    for (let end = 1; end < whole.length; end++) {
      const answer = await post(whole.subarray(0, end))
      expect(answer.status, `cut at ${end}`).toBe(400)
      expect(await status(answer)).toEqual({ code: 3, message: expect.stringMatching(/\(byte \d+\)$/) })
    }
    expect(await stored('cut-')).toEqual([])
  })

  it('answers 400 to a body in JSON, and to JSON that is protobuf', async () => {
    const [json, protobuf] = [JSON.stringify(request([call('mixed-1')])), encodeOtlp(request([call('mixed-2')]))]
    expect((await status(await post(Buffer.from(json)))).code).toBe(3)
    const answer = await room.post('/v1/logs', protobuf)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8'])
    expect(await stored('mixed-')).toEqual([])
  })

  it('refuses in protobuf whatever it refuses', async () => {
    const body = encodeOtlp(request([call('refused-1')]))
    const refusal = async (headers: Record<string, string>, path?: string) => {
      const answer = await post(body, headers, path)
      return [answer.status, (await status(answer)).code]
    }
    expect(await refusal({ authorization: 'Bearer wrong' })).toEqual([401, 16])
    expect(await refusal({ authorization: 'Bearer analyst-token' })).toEqual([403, 7])
    expect(await refusal({ 'content-encoding': 'snappy' })).toEqual([415, 3])
    expect(await refusal({ 'content-encoding': 'gzip' })).toEqual([400, 3])
    expect(await refusal({}, '/v1/metrics')).toEqual([415, 3])
    room.notReady = 'the log holds no configuration yet'
    try {
      expect(await refusal({})).toEqual([503, 14])
    } finally {
      room.notReady = undefined
    }
    expect(await stored('refused-')).toEqual([])
  })

  it('answers 415 in JSON where protobuf is no format of the door', async () => {
    const answer = await post(Buffer.from('x'), {}, '/v1/events')
    expect(answer.status).toBe(415)
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('/v1/logs') } })
  })

  it('answers 413 to a gzip bomb, and to more records than one request may have', async () => {
    const bomb = await post(gzipSync(Buffer.alloc(400 * 1024 * 1024)), { 'content-encoding': 'gzip' })
    expect([bomb.status, (await status(bomb)).code]).toEqual([413, 3])
    const many = await post(encodeOtlp(request(Array.from({ length: 100_001 }, () => ({})))))
    expect([many.status, (await status(many)).message]).toEqual([413, expect.stringContaining('100000 records')])
  })

  it('is never a 200 and never a 500 where the log fails', async () => {
    const failing = await openCollector()
    try {
      await failing.log.close()
      const body = encodeOtlp(request([call('lost-1')]))
      const answer = await failing.post('/v1/logs', body, { 'content-type': TYPE })
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
      expect((await status(answer)).code).toBe(14)
    } finally {
      await failing.close()
    }
  })
})

type Exporter = Pick<ProtobufExporter, 'export'>
type Records = Parameters<Exporter['export']>[0]
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- its enum is in a package that nothing else here needs
const INFO = 9 as NonNullable<Records[number]['severityNumber']>
const SPAN = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', traceFlags: 1 }

/** Records as an instrumented agent makes them: every type of value that the SDK takes, on record, scope and resource. */
function agentRecords(): Records {
  const exporter = new InMemoryLogRecordExporter()
  const traced: LogRecordProcessor = {
    onEmit: (record) => {
      record.spanContext = SPAN
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const provider = new LoggerProvider({ processors: [traced, new SimpleLogRecordProcessor({ exporter })] })
  const logger = provider.getLogger('agent-runtime', '1.2.3')
  const who = { 'gen_ai.agent.id': 'invoice-bot', 'gen_ai.conversation.id': 'c-1' }
  const timestamp = Date.UTC(2026, 2, 1)
  logger.emit({
    timestamp,
    eventName: 'gen_ai.tool.call',
    attributes: {
      ...who,
      'gen_ai.tool.name': 'send_email',
      'gen_ai.tool.call.id': 'call-1',
      'gen_ai.tool.call.arguments': { to: ['a@example.com'], urgent: true, size: 12, share: 0.5, nothing: null },
      'gen_ai.usage.input_tokens': 120,
      raw: new Uint8Array([0, 1, 254, 255]),
    },
  })
  const message = { content: 'All paid – für immer ✓', parts: [1, -1, 2.5, 2 ** 40, { deep: [[]] }] }
  logger.emit({
    timestamp,
    severityNumber: INFO,
    severityText: 'INFO',
    eventName: 'gen_ai.choice',
    attributes: who,
    body: { finish_reason: 'stop', message },
  })
  logger.emit({ attributes: who, body: 'neither a time nor a name' })
  return exporter.getFinishedLogRecords()
}

const exported = (exporter: Exporter, records: Records): Promise<unknown> =>
  new Promise((resolve) => {
    exporter.export(records, resolve)
  })

describe("OpenTelemetry's own exporters", () => {
  // They give up after ten seconds unless told otherwise: on a loaded machine the collector's first answer takes longer.
  const patient = { headers: { authorization: 'Bearer live-token' }, timeoutMillis: PATIENCE_MS }
  const records = agentRecords()

  async function eventsThrough(create: (url: string) => Exporter): Promise<Event[]> {
    const room = await openCollector()
    try {
      expect(await exported(create(`${room.url}/v1/logs`), records)).toMatchObject({ code: 0 })
      expect(await room.deadLetters()).toEqual([])
      const events = (await room.events()).map((event) => ({ ...event, receipt_time: 0 }))
      return events.map((event) => (event.time_flag === 'ok' ? event : { ...event, time: 0 }))
    } finally {
      await room.close()
    }
  }

  it('deliver in protobuf what they deliver in JSON, with the same ids', async () => {
    const protobuf = await eventsThrough((url) => new ProtobufExporter({ url, ...patient }))
    expect(protobuf.map(({ action, source_id: id }) => [action, id])).toEqual([
      ['send_email', 'call-1'],
      ['assistant.message', ''],
      ['log', ''],
    ])
    expect(protobuf[0]).toMatchObject({ identity: 'invoice-bot', tokens_in: 120, peer_domains: ['example.com'] })
    expect(protobuf.map(({ trace }) => trace)).toEqual(Array<string>(3).fill(SPAN.traceId))
    const json = await eventsThrough((url) => new JsonExporter({ url, ...patient }))
    expect(protobuf).toEqual(json)
  })

  it('understand a refusal', async () => {
    const room = await openCollector()
    try {
      const url = `${room.url}/v1/logs`
      const wrong = new ProtobufExporter({ url, headers: { authorization: 'Bearer wrong' } })
      expect(await exported(wrong, records)).toMatchObject({ code: 1, error: { code: 401 } })
      expect(await room.events()).toEqual([])
    } finally {
      await room.close()
    }
  })
})
