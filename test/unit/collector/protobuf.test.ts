/**
 * OTLP in protobuf against OTLP in JSON: the same request gives the same events with the same ids, in whatever spelling
 * its JSON is; and what is no request is refused with its place, whatever bytes it holds.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { normaliseBody, type NormaliseResult } from '../../../services/collector/normalise.ts'
import { readProtobuf } from '../../../services/collector/protobuf/decode.ts'
import { samplesOf } from '../../conformance/formats/samples.ts'
import { normaliseContext } from '../../support/normalise.ts'
import {
  type AnyValue,
  encodeOtlp,
  type KeyValue,
  type LogRecord,
  type OtlpRequest,
} from '../../support/otlp-protobuf.ts'

const CONTEXT = normaliseContext({ receiptTime: Date.UTC(2100, 0, 1) })
const SAMPLES = await samplesOf('otlp')
const fromJson = (request: unknown): NormaliseResult =>
  normaliseBody('otlp', Buffer.from(JSON.stringify(request)), 'json', CONTEXT)
const fromProtobuf = (body: Buffer): NormaliseResult => normaliseBody('otlp', body, 'protobuf', CONTEXT)
const idsOf = (result: NormaliseResult): string[] => (result.ok ? result.events.map(({ event_id }) => event_id) : [])

const someText = fc.oneof(
  fc.constantFrom('', 'invoice-bot', 'read_file', 'execute_tool', '{"path": "/a", "url": "https://x.example.com"}'),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('\ufeffmark', '\u0000', '__proto__', 'constructor', 'x'.repeat(200)),
)
const KEYS =
  'service.name gen_ai.agent.id gen_ai.agent.name gen_ai.conversation.id gen_ai.tool.name gen_ai.tool.call.id ' +
  'gen_ai.tool.call.arguments gen_ai.tool.call.result gen_ai.operation.name http.response.status_code success ' +
  'log.record.uid client.address gen_ai.input.messages __proto__'
const keys = fc.constantFrom(...KEYS.split(' '))
const bytes = (minLength: number, maxLength: number, encoding: 'hex' | 'base64'): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array).toString(encoding))
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const double = fc.oneof(
  // JSON as JavaScript writes it has no -0.
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.constantFrom<number | string>('NaN', 'Infinity', '-Infinity', 0, 120),
)
const nanos = fc
  .oneof(
    fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_800_000_000_000_000_000n }),
  )
  .map(String)

const ANY_LEFT_OUT = { requiredKeys: [] }
const SOME = { minLength: 1, maxLength: 3 }

/** Everything that an exporter writes: nothing that is zero, 64 bits as text, lists where they hold something. */
const { any, pairs } = fc.letrec<{ any: AnyValue; pair: KeyValue; pairs: readonly KeyValue[] }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    someText.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    int64.map((intValue) => ({ intValue })),
    double.map((doubleValue) => ({ doubleValue })),
    bytes(0, 12, 'base64').map((bytesValue) => ({ bytesValue })),
    fc.constantFrom({}, { arrayValue: {} }, { kvlistValue: {} }),
    fc.array(tie('any'), SOME).map((values) => ({ arrayValue: { values } })),
    fc.array(tie('pair'), SOME).map((values) => ({ kvlistValue: { values } })),
  ),
  pair: fc.record(
    { key: fc.oneof(keys, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })), value: tie('any') },
    ANY_LEFT_OUT,
  ),
  pairs: fc.array(tie('pair'), { minLength: 1, maxLength: 5 }),
}))
const record: fc.Arbitrary<LogRecord> = fc.record(
  {
    timeUnixNano: nanos,
    severityNumber: fc.integer({ min: 1, max: 24 }),
    severityText: fc.constantFrom('INFO', '0'),
    body: any,
    attributes: pairs,
    droppedAttributesCount: fc.integer({ min: 1, max: 2 ** 31 }),
    flags: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    traceId: bytes(16, 16, 'hex'),
    spanId: bytes(8, 8, 'hex'),
    observedTimeUnixNano: nanos,
    eventName: fc.constantFrom('gen_ai.tool.call', 'gen_ai.choice', 'gen_ai.user.message', 'order.created'),
  },
  ANY_LEFT_OUT,
)
const count = fc.integer({ min: 1, max: 9 })
const scopeLogs = fc.record(
  {
    scope: fc.record(
      {
        name: fc.constantFrom('agent-runtime', 'com.anthropic.claude_code.events'),
        version: fc.constant('1'),
        attributes: pairs,
        droppedAttributesCount: count,
      },
      ANY_LEFT_OUT,
    ),
    logRecords: fc.array(record, SOME),
    schemaUrl: fc.constant('https://opentelemetry.io/schemas/1.30.0'),
  },
  ANY_LEFT_OUT,
)
const resourceLogs = fc.record(
  {
    resource: fc.record({ attributes: pairs, droppedAttributesCount: count }, ANY_LEFT_OUT),
    scopeLogs: fc.array(scopeLogs, SOME),
    schemaUrl: fc.constant('https://opentelemetry.io/schemas/1.30.0'),
  },
  ANY_LEFT_OUT,
)
const request: fc.Arbitrary<OtlpRequest> = fc.record({ resourceLogs: fc.array(resourceLogs, SOME) })

/** The same value as other JSON writers spell it: zeros and empty lists written out, safe 64-bit integers as numbers. */
function respell(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => respell(item))
  if (typeof value === 'string' && ['intValue', 'timeUnixNano', 'observedTimeUnixNano'].includes(name)) {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (typeof value !== 'object' || value === null) return value
  const spelled = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, respell(item, key)]))
  if (name === 'arrayValue' || name === 'kvlistValue') return { values: [], ...spelled }
  return spelled
}

const ZERO_RECORD = {
  timeUnixNano: '0',
  observedTimeUnixNano: 0,
  severityNumber: 0,
  severityText: '',
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
  traceId: '',
  spanId: null,
  eventName: '',
}
const respellRequest = (one: OtlpRequest): unknown => ({
  resourceLogs: (one.resourceLogs ?? []).map((resourceLogs) => ({
    schemaUrl: '',
    ...resourceLogs,
    scopeLogs: (resourceLogs.scopeLogs ?? []).map((scopeLogs) => ({
      ...scopeLogs,
      logRecords: (scopeLogs.logRecords ?? []).map((each) => ({ ...ZERO_RECORD, ...(respell(each) as object) })),
    })),
  })),
})

describe('OTLP in protobuf', () => {
  it('is read into exactly what parsing the same request in JSON gives', () => {
    fc.assert(
      fc.property(request, (one) => {
        const read = readProtobuf(encodeOtlp(one))
        expect(read).toEqual({ ok: true, value: JSON.parse(JSON.stringify(one)) })
      }),
    )
  })

  it('gives the same events, ids and dead letters as JSON', () => {
    let events = 0
    fc.assert(
      fc.property(request, (one) => {
        const result = fromJson(one)
        expect(fromProtobuf(encodeOtlp(one))).toEqual(result)
        events += idsOf(result).length
      }),
      { numRuns: 300 },
    )
    expect(events).toBeGreaterThan(100)
  })

  it('gives the same events as JSON that writes zeros, empty lists and numbers out', () => {
    fc.assert(
      fc.property(request, (one) => {
        const result = fromJson(respellRequest(one))
        const read = fromProtobuf(encodeOtlp(one))
        expect(read.ok && read.events).toEqual(result.ok && result.events)
      }),
      { numRuns: 300 },
    )
  })

  it('gives the ids of the samples of JSON', () => {
    for (const one of SAMPLES.requests) {
      // The samples write trace ids in capitals, which is another record where its id is a hash.
      const lower = JSON.parse(
        JSON.stringify(one).replace(/(?<="(?:traceId|spanId)":")[^"]*/g, (id) => id.toLowerCase()),
      ) as OtlpRequest
      const [json, protobuf] = [fromJson(lower), fromProtobuf(encodeOtlp(lower))]
      expect(idsOf(json).length).toBeGreaterThan(0)
      expect(protobuf).toEqual(json)
    }
  })

  it('takes an empty body as a request without records', () => {
    expect(fromProtobuf(Buffer.alloc(0))).toMatchObject({ ok: true, records: 0, events: [], rejected: [] })
  })

  it('skips what it does not know, groups included', () => {
    const unknown = new BinaryWriter().tag(99, WireType.StartGroup).tag(1, WireType.Varint).uint32(7)
    unknown
      .tag(99, WireType.EndGroup)
      .tag(77, WireType.LengthDelimited)
      .string('new')
      .tag(78, WireType.Bit64)
      .fixed64(1)
    const one = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'x' } }] }] }] }
    const known = encodeOtlp(one)
    expect(readProtobuf(Buffer.concat([known, unknown.finish()]))).toEqual({ ok: true, value: one })
  })

  it('lets the last value of an AnyValue count, and adds up messages that come twice', () => {
    const field = (number: number, bytes: Uint8Array): Buffer =>
      Buffer.from(new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish())
    const twice = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string('a')
      .tag(3, WireType.Varint)
      .int64(0)
      .finish()
    const resource = (key: string) => field(1, field(1, field(1, Buffer.from(key))))
    const severity = new BinaryWriter().tag(2, WireType.Varint).int32(9).tag(2, WireType.Varint).int32(0).finish()
    const scopeLogs = field(2, field(2, Buffer.concat([severity, field(5, twice)])))
    expect(readProtobuf(field(1, Buffer.concat([resource('a'), scopeLogs, resource('b')])))).toEqual({
      ok: true,
      value: {
        resourceLogs: [
          {
            resource: { attributes: [{ key: 'a' }, { key: 'b' }] },
            scopeLogs: [{ logRecords: [{ body: { intValue: '0' } }] }],
          },
        ],
      },
    })
  })

  it('reads what is no UTF-8 as JSON does', () => {
    const [before, after] = [Buffer.from('caf'), Buffer.from([0xe9, 0x21])]
    const body = encodeOtlp({ resourceLogs: [{ schemaUrl: 'caf??' }] })
    body.set(Buffer.concat([before, after]), body.length - 5)
    expect(readProtobuf(body)).toEqual({ ok: true, value: { resourceLogs: [{ schemaUrl: 'caf\ufffd!' }] } })
  })
})

/** A field with so many bytes, whatever its message. */
const wrap = (bytes: Uint8Array, ...numbers: readonly number[]): Buffer =>
  numbers.reduceRight<Buffer>(
    (inner, number) => Buffer.from(new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(inner).finish()),
    Buffer.from(bytes),
  )
const RECORD_PATH = [1, 2, 2] as const

describe('hostile protobuf', () => {
  const whole = encodeOtlp(SAMPLES.requests[0] as OtlpRequest)

  it('is refused wherever a request is cut off', () => {
    for (let end = 1; end < whole.length; end++) {
      const result = fromProtobuf(whole.subarray(0, end))
      expect(result.ok, `cut at ${end}`).toBe(false)
      if (!result.ok) expect(result.position).toBeLessThanOrEqual(end)
    }
  })

  it('never crashes, whatever the bytes are', () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }))
    const mutated = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
      const copy = Buffer.from(whole)
      for (const [at, byte] of changes) copy[at] = byte
      return copy
    })
    const junk = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes))
    const begun = junk.map((bytes) => wrap(bytes, ...RECORD_PATH))
    fc.assert(
      fc.property(fc.oneof(mutated, junk, begun), (body) => {
        const result = fromProtobuf(body)
        if (result.ok) for (const { reason } of result.rejected) expect(reason).not.toBe('poison')
        else expect([400, 413]).toContain(result.status)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['a length beyond the end', Buffer.from([0x0a, 0x7f, 0x00]), /length goes beyond/, 0],
    ['a length of 2^32 + 1', Buffer.from([0x0a, 0x81, 0x80, 0x80, 0x80, 0x10, 0x00]), /length goes beyond/, 0],
    ['a length of 2^63', Buffer.from([0x0a, ...Array<number>(9).fill(0x80), 0x01]), /length goes beyond/, 0],
    ['an inner length beyond its message', wrap(Buffer.from([0x12, 0x05, 0x00]), 1), /length goes beyond/, 2],
    ['a number cut off by its message', wrap(Buffer.from([0x09, 1, 2, 3]), ...RECORD_PATH), /broken protobuf/, 6],
    ['a varint without an end', Buffer.alloc(20, 0xff), /broken protobuf/, 0],
    ['a field 0', Buffer.from([0x02, 0x00]), /illegal tag/, 0],
    ['a group without its beginning', Buffer.from([0x0c]), /wire type 4/, 0],
    ['a request in JSON', Buffer.from('{"resourceLogs": []}'), /broken protobuf|no ExportLogsServiceRequest/, 0],
    ['words', Buffer.from('hello'), /broken protobuf|no ExportLogsServiceRequest/, 2],
    ['only fields that nobody knows', wrap(Buffer.from('x'), 9), /no ExportLogsServiceRequest/, 0],
    ['records where they stood until 2022', wrap(Buffer.from('x'), 1, 1000), /no ExportLogsServiceRequest/, 0],
    ['a span', wrap(wrap(Buffer.alloc(16, 1), 1), ...RECORD_PATH), /traces to \/v1\/traces/, 6],
    ['a metric', wrap(wrap(Buffer.from('requests'), 1), ...RECORD_PATH), /OTEL_METRICS_EXPORTER=none/, 6],
    ['attributes of the wrong type', wrap(Buffer.from([0x30, 1]), ...RECORD_PATH), /attributes of LogRecord/, 6],
  ])('refuses %s', (_what, body, detail, position) => {
    expect(fromProtobuf(body)).toEqual({ ok: false, status: 400, detail: expect.stringMatching(detail), position })
  })

  it('refuses nesting as deep as JSON may not nest either', () => {
    const deep = (levels: number): OtlpRequest => {
      let body: AnyValue = { stringValue: 'x' }
      for (let level = 0; level < levels; level++) body = { arrayValue: { values: [body] } }
      return { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body }] }] }] }
    }
    for (let levels = 1; levels < 40; levels++) {
      expect(fromProtobuf(encodeOtlp(deep(levels))).ok, `${levels} levels`).toBe(fromJson(deep(levels)).ok)
    }
    expect(fromProtobuf(encodeOtlp(deep(40)))).toMatchObject({ status: 400, detail: /nested deeper/ })
    const levels = Array.from({ length: 10_000 }, (_, level) => (level % 2 === 0 ? 5 : 1))
    expect(fromProtobuf(wrap(Buffer.alloc(0), ...RECORD_PATH, 5, ...levels))).toMatchObject({ status: 400 })
    const groups = Buffer.concat([Buffer.alloc(10_000, 0x7b), Buffer.alloc(10_000, 0x7c)])
    expect(fromProtobuf(groups)).toMatchObject({ status: 400 })
  })

  it('refuses too many records and too many objects before it makes them', () => {
    const empty = (count: number) => Buffer.from(Array.from({ length: count }, () => [0x12, 0x00]).flat())
    const records = (count: number) => wrap(empty(count), 1, 2)
    expect(fromProtobuf(records(LIMITS.records_per_request_max))).toMatchObject({ ok: true })
    expect(fromProtobuf(records(LIMITS.records_per_request_max + 1))).toMatchObject({ status: 413, detail: /records/ })
    const values = Buffer.alloc(2 * (LIMITS.json_nodes_max + 1))
    for (let at = 0; at < values.length; at += 2) values[at] = 0x0a
    expect(fromProtobuf(wrap(values, ...RECORD_PATH, 5, 5))).toMatchObject({ status: 413, detail: /objects and lists/ })
  })
})
