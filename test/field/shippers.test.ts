/**
 * What shippers really send, odd forms included: records in the fields and batches of each, times that only the shipper knows,
 * compression under a wrong name. Each is an event of who acted when, a dead letter with its reason, or a refusal that says what
 * was expected.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '../../schemas/event.ts'
import { type CollectorRoom, openCollector } from '../support/collector.ts'

const TIME = Date.now() - 3_600_000
const ISO = new Date(TIME).toISOString()
const NANOS = `${TIME}000000`
const JSON_TYPE = { 'content-type': 'application/json' }
const BEARER = { authorization: 'Bearer live-token' }
const SPLUNK = { authorization: 'Splunk live-token' }
const FIREHOSE = { 'x-amz-firehose-access-key': 'live-token' }

let collector: CollectorRoom
beforeAll(async () => {
  collector = await openCollector()
})
afterAll(() => collector.close())

/** A record without a time and without an id, as a program writes it whose logger leaves both to the shipper. */
const bare = (identity: string): object => ({ identity, action: 'read_file', target: '/etc/hosts' })
const text = (value: unknown): string => JSON.stringify(value)
const kubernetes = (username: string): object => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  auditID: `audit of ${username}`,
  stage: 'ResponseComplete',
  requestURI: '/api/v1/pods',
  verb: 'list',
  user: { username },
  objectRef: { resource: 'pods' },
  responseStatus: { code: 200 },
  requestReceivedTimestamp: ISO,
})
const trail = (name: string): object => ({
  eventID: `trail of ${name}`,
  eventTime: ISO,
  eventSource: 's3.amazonaws.com',
  eventName: 'GetObject',
  recipientAccountId: '111122223333',
  userIdentity: { type: 'AWSAccount', principalId: name, accountId: '444455556666' },
})
/** A subscription of CloudWatch Logs. */
const subscription = (...lines: readonly string[]): object => ({
  messageType: 'DATA_MESSAGE',
  logGroup: '/aws/eks/shop/cluster',
  logStream: 'kube-apiserver-audit-1',
  logEvents: lines.map((message, n) => ({ id: String(n), timestamp: TIME, message })),
})
const delivery = (...values: readonly object[]): string =>
  text({
    requestId: 'r',
    timestamp: TIME,
    records: values.map((one) => ({ data: gzipSync(text(one)).toString('base64') })),
  })
const otlpLog = (body: object): object => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'file-reader' } }] },
      scopeLogs: [{ logRecords: [{ timeUnixNano: NANOS, body }] }],
    },
  ],
})

type Case = readonly [what: string, path: string, headers: Record<string, string>, body: string | Buffer, who: string]

const CASES: readonly Case[] = [
  [
    'Vector, the line in message',
    '/v1/records',
    BEARER,
    text([{ message: text(bare('vector')), timestamp: ISO }]),
    'vector',
  ],
  ['Fluent Bit, seconds', '/v1/records', BEARER, text([{ date: TIME / 1000, log: text(bare('fluent')) }]), 'fluent'],
  [
    'Fluent Bit, the prefix of a container runtime in log',
    '/v1/records',
    BEARER,
    text([{ date: TIME / 1000, log: `${ISO.replace('Z', '000000Z')} stdout F ${text(bare('container'))}` }]),
    'container',
  ],
  [
    'Fluent Bit, Merge_Log_Key',
    '/v1/records',
    BEARER,
    text([{ date: ISO, log: 'x', log_processed: bare('merged') }]),
    'merged',
  ],
  ['Splunk HEC, seconds', '/services/collector/event', SPLUNK, text({ time: TIME / 1000, event: bare('hec') }), 'hec'],
  [
    'Splunk HEC, seconds and event as text, nulls around',
    '/services/collector/event',
    SPLUNK,
    text({ time: String(TIME / 1000), host: null, fields: null, event: text(bare('hec-text')) }),
    'hec-text',
  ],
  [
    'Filebeat, parsed under json',
    '/elastic/_bulk',
    BEARER,
    `{"create":{}}\r\n${text({ '@timestamp': ISO, message: '', json: bare('filebeat') })}`,
    'filebeat',
  ],
  [
    'Logstash, the line twice',
    '/v1/records',
    BEARER,
    text([{ '@timestamp': ISO, message: text(bare('logstash')), event: { original: text(bare('logstash')) } }]),
    'logstash',
  ],
  [
    'rsyslog, @cee in msg',
    '/v1/records',
    { ...BEARER, 'content-type': 'text/plain' },
    `${text({ timereported: ISO, msg: ` @cee: ${text(bare('rsyslog'))}` })}\n`,
    'rsyslog',
  ],
  ['syslog-ng, MESSAGE', '/v1/records', BEARER, text({ ISODATE: ISO, MESSAGE: text(bare('syslog-ng')) }), 'syslog-ng'],
  [
    'Alloy, nanoseconds',
    '/loki/api/v1/push',
    BEARER,
    text({ streams: [{ stream: null, values: [[NANOS, text(bare('alloy'))]] }] }),
    'alloy',
  ],
  [
    'the Collector, a line of a file',
    '/v1/logs',
    BEARER,
    text(otlpLog({ stringValue: text(kubernetes('filelog')) })),
    'filelog',
  ],
  [
    'the Collector, a parsed line without a time',
    '/v1/logs',
    BEARER,
    text(
      otlpLog({
        kvlistValue: {
          values: Object.entries(bare('parsed')).map(([key, one]) => ({ key, value: { stringValue: String(one) } })),
        },
      }),
    ),
    'parsed',
  ],
  [
    'Firehose, EKS from CloudWatch Logs',
    '/v1/firehose',
    FIREHOSE,
    delivery(subscription(text(kubernetes('eks')))),
    'eks',
  ],
  ['Firehose, a log of Lambda', '/v1/firehose', FIREHOSE, delivery(subscription(text(bare('lambda')))), 'lambda'],
  [
    'Firehose, from EventBridge',
    '/v1/firehose',
    FIREHOSE,
    delivery({ version: '0', 'detail-type': 'call', time: ISO, detail: bare('bridge') }),
    'bridge',
  ],
  [
    'a subscription where only Kubernetes is expected',
    '/v1/kubernetes-audit',
    BEARER,
    text({ awslogs: { data: gzipSync(text(subscription(text(kubernetes('packed'))))).toString('base64') } }),
    'packed',
  ],
  [
    'an empty time before the time',
    '/v1/events',
    BEARER,
    text({ ...bare('empty'), time: '', timestamp: ISO }),
    'empty',
  ],
]

const eventsBy = async (who: string): Promise<Event[]> =>
  (await collector.events()).filter(({ identity }) => identity === who)

async function send(path: string, headers: Record<string, string>, body: string | Buffer): Promise<[number, string]> {
  const answer = await collector.post(path, body, { ...JSON_TYPE, ...headers })
  return [answer.status, await answer.text()]
}

describe('a record in the form of its shipper', () => {
  it.each(CASES)('%s', async (_what, path, headers, body, who) => {
    for (const _ of ['sent', 'sent again']) {
      const [status, said] = await send(path, headers, body)
      expect(status, said).toBeLessThan(300)
    }
    const events = await eventsBy(who)
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(1)
    expect(events[0]).toMatchObject({ identity: who, time: TIME, time_flag: 'ok' })
  })

  it('is another act at another time, where only the shipper tells them apart', async () => {
    const at = (ms: number): object => ({ time: ms / 1000, event: bare('twice') })
    await send('/services/collector/event', SPLUNK, text(at(TIME)))
    await send('/services/collector/event', SPLUNK, text(at(TIME + 5_000)))
    expect(new Set((await eventsBy('twice')).map(({ time }) => time))).toEqual(new Set([TIME, TIME + 5_000]))
  })

  it('leaves a line that is none as a dead letter beside the others', async () => {
    const [status] = await send(
      '/v1/firehose',
      FIREHOSE,
      delivery(subscription('a line of prose', text(trail('AIDAMIX')))),
    )
    expect([status, (await eventsBy('AIDAMIX')).length]).toEqual([200, 1])
    expect((await collector.deadLetters()).map(({ record }) => record)).toContain('"a line of prose"')
  })

  it('keeps what an agent says of its own, though it has the names of an event', async () => {
    const attributes = [{ key: 'gen_ai.tool.name', value: { stringValue: 'read_file' } }]
    const body = otlpLog({ stringValue: text(bare('somebody-else')) })
    const [resourceLogs] = (body as { resourceLogs: { scopeLogs: { logRecords: object[] }[] }[] }).resourceLogs
    Object.assign(resourceLogs?.scopeLogs[0]?.logRecords[0] ?? {}, { attributes })
    await send('/v1/logs', BEARER, text(body))
    expect([await eventsBy('somebody-else'), (await eventsBy('file-reader')).length]).toEqual([[], 1])
  })
})

describe('a body that cannot be read', () => {
  it.each([
    ['gzip without its header', gzipSync('[]'), 'Content-Encoding: gzip'],
    ['zstd without its header', zstdCompressSync('[]'), 'Content-Encoding: zstd'],
    ['UTF-16', Buffer.from(`\uFEFF${text(bare('wide'))}`, 'utf16le'), 'send UTF-8'],
  ])('that is %s says what to send', async (_what, body, hint) => {
    expect(await send('/v1/records', BEARER, body)).toEqual([400, expect.stringContaining(hint)])
  })

  it.each([
    [
      'a notification of S3',
      { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: {} }] },
      'notification of S3',
    ],
    ['a notice of a delivered file', { s3Bucket: 'logs', s3ObjectKey: ['a.json.gz'] }, 'send what is in the file'],
    [
      'a Kubernetes event without its verb',
      { kind: 'Event', apiVersion: 'audit.k8s.io/v1', user: {} },
      'verb and objectRef',
    ],
  ])('that is %s says what it is', async (_what, body, hint) => {
    const path = 'kind' in body ? '/v1/records' : '/v1/cloudtrail'
    expect(await send(path, BEARER, text(body))).toEqual([400, expect.stringContaining(hint)])
  })
})
