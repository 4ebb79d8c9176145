/**
 * The topic `raw` as a door: what a producer writes there becomes what the HTTP door makes of the same bytes, bad records
 * are buried with their place, and a crash at any moment counts nothing twice and loses nothing.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RecordInput } from '../../../services/lib/log/port.ts'
import { LogError } from '../../../services/lib/log/port.ts'
import { createRawIntake, type RawIntake, type RawIntakeOptions } from '../../../services/collector/raw/index.ts'
import { systemClock } from '../../../services/lib/clock.ts'
import { createLogger } from '../../../services/lib/logger.ts'
import { createMetrics } from '../../../services/lib/metrics.ts'
import { createPartitioning } from '../../../services/lib/partitioning.ts'
import { demoLoad } from '../../support/demo-load.ts'
import { encodeOtlp, encodeTraces, type OtlpRequest, type TraceRequest } from '../../support/otlp-protobuf.ts'
import { type CollectorRoom, openCollector } from '../../support/collector.ts'
import { until } from '../../support/service.ts'

const trail = {
  eventVersion: '1.11',
  eventTime: '2026-06-01T10:00:00Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'GetObject',
  eventID: 'b1946ac9-2492-4c1f-8f2e-000000000001',
  eventType: 'AwsApiCall',
  awsRegion: 'eu-west-1',
  sourceIPAddress: '192.0.2.10',
  userAgent: 'aws-cli/2.15',
  recipientAccountId: '111122223333',
  userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/scout', accountId: '111122223333' },
}
const plain = (id: string) => ({ id, agent: 'mailer', action: 'send_mail', time: '2026-06-01T10:00:00Z' })

describe('the topic raw', () => {
  let room: CollectorRoom
  const intakes: RawIntake[] = []
  const otlp = demoLoad(2).lines.slice(0, 4)

  beforeEach(async () => {
    room = await openCollector(4)
  })
  afterEach(async () => {
    for (const intake of intakes.splice(0)) await intake.stop()
    await room.close()
  })

  const open = (more: Partial<RawIntakeOptions> = {}): RawIntake => {
    const intake = createRawIntake({
      log: room.log,
      clock: systemClock,
      logger: createLogger('silent'),
      metrics: createMetrics(),
      preparer: room.preparer,
      partitioning: createPartitioning(room.log),
      tenant: 'acme',
      format: 'auto',
      history: false,
      ready: () => ({ ok: true }),
      ...more,
    })
    intake.start()
    intakes.push(intake)
    return intake
  }
  const produce = async (values: readonly (string | Buffer | null)[], key: string | null = null): Promise<void> => {
    for (const [index, value] of values.entries()) {
      const record: RecordInput = { key, value: value === null ? null : Buffer.from(value) }
      await room.log.append('raw', index % 4, [record])
    }
  }
  const ids = async (): Promise<string[]> => [...new Set((await room.events()).map((event) => event.event_id))].sort()

  it('becomes what the HTTP doors make of the same bytes, in every format', async () => {
    const bodies = { '/v1/logs': otlp, '/v1/events': ['a', 'b'].map((id) => JSON.stringify(plain(id))) }
    const records = [...otlp, ...bodies['/v1/events'], JSON.stringify(trail), JSON.stringify({ Records: [trail] })]
    for (const [path, lines] of Object.entries(bodies)) {
      for (const line of lines) expect((await room.post(path, line)).status).toBe(200)
    }
    expect((await room.post('/v1/cloudtrail', JSON.stringify(trail))).status).toBe(200)
    const wanted = await ids()
    const before = (await room.events()).length
    await produce(records, 'any key')
    open()
    // The record of CloudTrail comes twice: bare, and in a file of its own.
    await until(
      async () => (await room.events()).length,
      (count) => count === 2 * before + 1,
    )
    expect(await ids()).toEqual(wanted)
    expect(await room.deadLetters()).toEqual([])
  })

  it.each(['auto', 'otlp_proto'] as const)('reads OTLP in protobuf like OTLP in JSON (%s)', async (format) => {
    for (const line of otlp) expect((await room.post('/v1/logs', line)).status).toBe(200)
    const wanted = await ids()
    const before = (await room.events()).length
    // Under auto both may come.
    await produce([
      ...otlp.map((line) => encodeOtlp(JSON.parse(line) as OtlpRequest)),
      ...(format === 'auto' ? otlp : []),
    ])
    open({ format })
    const copies = format === 'auto' ? 3 : 2
    await until(
      async () => (await room.events()).length,
      (count) => count === copies * before,
    )
    expect(await ids()).toEqual(wanted)
    expect(await room.deadLetters()).toEqual([])
  })

  it.each(['auto', 'otlp_proto'] as const)('reads traces in protobuf like traces in JSON (%s)', async (format) => {
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
    const request: TraceRequest = {
      resourceSpans: [
        {
          resource: { attributes: [text('service.name', 'scout')] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: '5b8efff798038103d269b633813fc60c',
                  spanId: 'eee19b7ec3c1b174',
                  name: 'execute_tool read_file',
                  startTimeUnixNano: '1780308000000000000',
                  endTimeUnixNano: '1780308001000000000',
                  attributes: [text('gen_ai.operation.name', 'execute_tool'), text('gen_ai.tool.name', 'read_file')],
                },
              ],
            },
          ],
        },
      ],
    }
    expect((await room.post('/v1/traces', JSON.stringify(request))).status).toBe(200)
    const wanted = await ids()
    expect(wanted).toHaveLength(1)
    const logs = otlp[0] ?? ''
    await produce([encodeTraces(request), encodeOtlp(JSON.parse(logs) as OtlpRequest)])
    open({ format })
    await until(
      async () => (await room.events()).length,
      (count) => count >= 3,
    )
    expect(await ids()).toEqual(expect.arrayContaining(wanted))
    expect((await room.events()).filter(({ event_id }) => event_id === wanted[0])).toHaveLength(2)
    expect(await room.deadLetters()).toEqual([])
  })

  it('buries protobuf that breaks in base64 and without its secrets, and its neighbours go on', async () => {
    const secrets = ['hunter2hunter2', 'ghp_0123456789abcdefghijABCDEFGHIJ012345']
    const request = (id: string): OtlpRequest => {
      const values = { 'gen_ai.agent.id': 'mailer', 'gen_ai.tool.name': 'x', 'gen_ai.tool.call.id': id }
      const more = { 'db.password': secrets[0] ?? '', note: `use ${secrets[1]}` }
      const attributes = Object.entries({ ...values, ...more }).map(([key, stringValue]) => ({
        key,
        value: { stringValue },
      }))
      return { resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }] }
    }
    const broken = encodeOtlp(request('broken'))
    for (const value of [broken.subarray(0, -1), Buffer.from([0xff, 0xfe, 0]), encodeOtlp(request('good'))]) {
      await room.log.append('raw', 0, [{ key: null, value }])
    }
    open()
    const [event] = await until(room.events, (events) => events.length === 1)
    expect(event?.source_id).toBe('good')
    const letters = await until(room.deadLetters, (found) => found.length === 2)
    expect(letters).toMatchObject([
      { origin: 'raw/0/0', reason: 'malformed', detail: expect.stringMatching(/broken protobuf.*\(byte 0\)/) },
      { origin: 'raw/0/1', reason: 'malformed', record: Buffer.from([0xff, 0xfe, 0]).toString('base64') },
    ])
    const kept = Buffer.from(letters[0]?.record ?? '', 'base64').toString('latin1')
    expect(kept).toContain('gen_ai.tool.call.id')
    for (const secret of secrets) expect(kept).not.toContain(secret)
  })

  it('buries what is not in the format that is configured', async () => {
    const [line = ''] = otlp
    await produce([encodeOtlp(JSON.parse(line) as OtlpRequest)])
    const json = open({ format: 'otlp' })
    const [letter] = await until(room.deadLetters, (found) => found.length === 1)
    expect(letter?.detail).toMatch(/not JSON/)
    await json.stop()
    await produce([line])
    open({ format: 'otlp_proto' })
    await until(room.deadLetters, (found) => found.length === 2)
    expect(await room.events()).toEqual([])
  })

  it('buries what it cannot read with its place, and its neighbours go on', async () => {
    const bad = ['{"password": "hunter2hunter2", ', '{"what": "is this"}', Buffer.from([0xff, 0xfe, 0])]
    for (const value of [...bad, null, JSON.stringify(plain('good'))]) {
      await room.log.append('raw', 0, [{ key: null, value: value === null ? null : Buffer.from(value) }])
    }
    open()
    await until(
      async () => (await room.events()).length,
      (count) => count === 1,
    )
    const letters = await until(room.deadLetters, (found) => found.length === 3)
    expect(letters.map(({ origin, tenant }) => [origin, tenant])).toEqual([
      ['raw/0/0', 'acme'],
      ['raw/0/1', 'acme'],
      ['raw/0/2', 'acme'],
    ])
    expect(letters.every(({ reason, service }) => reason === 'malformed' && service === 'collector')).toBe(true)
    expect(JSON.stringify(letters)).not.toContain('hunter2')
  })

  it('takes the tenant and the scope from the configuration alone', async () => {
    await produce([JSON.stringify({ ...plain('x'), tenant: 'globex', history: 0 })])
    open({ tenant: 'initech', history: true })
    const [event] = await until(room.events, (events) => events.length === 1)
    expect([event?.tenant, event?.history]).toEqual(['initech', 1])
  })

  it('reads on after what it committed, and counts once what it had not', async () => {
    const lines = Array.from({ length: 40 }, (_, n) => JSON.stringify(plain(`n${n}`)))
    await produce(lines.slice(0, 20))
    const first = open()
    await until(
      async () => (await ids()).length,
      (count) => count === 20,
    )
    await first.stop()
    const written = (await room.events()).length
    await produce(lines.slice(20))
    const second = open()
    await until(
      async () => (await ids()).length,
      (count) => count === 40,
    )
    // An orderly stop had committed everything: nothing was read again.
    expect((await room.events()).length).toBe(written + 20)
    await second.stop()
    // One that never commits, as if it had been killed each time.
    const forgetful = { ...room.log, committed: async () => null }
    open({ log: forgetful })
    await until(
      async () => (await room.events()).length,
      (count) => count === written + 60,
    )
    expect((await ids()).length).toBe(40)
  })

  it('waits for the configuration, and for a log that takes nothing', async () => {
    let ready = false
    let refusals = 2
    const log: RawIntakeOptions['log'] = {
      ...room.log,
      async append(topic, partition, records) {
        if (topic === 'events' && refusals-- > 0) throw new LogError('log_unavailable', 'too few replicas')
        return room.log.append(topic, partition, records)
      },
    }
    await produce([JSON.stringify(plain('patient'))])
    open({ log, ready: () => ({ ok: ready }) })
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect([await room.events(), refusals]).toEqual([[], 2])
    ready = true
    await until(room.events, (events) => events.length === 1)
    expect(refusals).toBeLessThan(0)
  })
})
