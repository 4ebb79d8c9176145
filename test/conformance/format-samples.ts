/**
 * Requests of each format for the conformance suite: our own, and recorded ones where the development data lies beside
 * the checkout. A new format adds its entry here and is then held to the whole contract.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Format } from '../../services/collector/normalise.ts'

export interface FormatSamples {
  /** Whole requests. Every record of them becomes an event. */
  readonly requests: readonly unknown[]
  /** A request as several requests of one record each. */
  split(request: unknown): unknown[]
  /** The same request with this event time in every record; undefined removes it. */
  withTime(request: unknown, iso: string | undefined): unknown
}

const text = (stringValue: string) => ({ stringValue })
const attributes = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: typeof value === 'string' ? text(value) : value }))

const NANOS = '1772366400123456789'
const logRecord = (eventName: string, values: Record<string, unknown>, body?: unknown) => ({
  timeUnixNano: NANOS,
  observedTimeUnixNano: '1772366401000000000',
  severityNumber: 9,
  eventName,
  traceId: '5B8EFFF798038103D269B633813FC60C',
  attributes: attributes({ 'gen_ai.conversation.id': 'conversation-7', ...values }),
  ...(body === undefined ? {} : { body }),
})
const otlpRequest = (resource: Record<string, unknown>, records: unknown[], scope = 'agent-runtime') => ({
  resourceLogs: [
    { resource: { attributes: attributes(resource) }, scopeLogs: [{ scope: { name: scope }, logRecords: records }] },
  ],
})
const AGENT = {
  'service.name': 'billing',
  'gen_ai.agent.id': 'invoice-bot',
  'service.instance.id': 'pod-1',
  'service.version': '1.2.0',
}
const kvlist = (values: Record<string, unknown>) => ({ kvlistValue: { values: attributes(values) } })

const OTLP_REQUESTS: readonly unknown[] = [
  otlpRequest(AGENT, [
    logRecord(
      'gen_ai.user.message',
      { 'enduser.id': 'alice@example.com' },
      text('Pay the invoice in /inbox/7.txt, please.'),
    ),
    logRecord('gen_ai.tool.call', {
      'gen_ai.tool.name': 'read_file',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.tool.call.arguments': '{"path": "/inbox/7.txt"}',
      'gen_ai.tool.call.result': 'Invoice 7: 120 EUR to DE89370400440532013000.',
    }),
    logRecord('gen_ai.tool.call', {
      'gen_ai.tool.name': 'send_money',
      'gen_ai.tool.call.id': 'call_2',
      'gen_ai.tool.call.arguments': kvlist({ recipient: 'DE89370400440532013000', amount: { doubleValue: 120 } }),
      'error.type': 'PermissionError',
      'error.message': 'not allowed before 9 am',
    }),
    logRecord('gen_ai.tool.message', {}, kvlist({ id: 'call_3', content: 'done' })),
    logRecord('gen_ai.choice', {}, kvlist({ finish_reason: 'stop', message: kvlist({ content: 'All paid.' }) })),
    logRecord('gen_ai.client.inference.operation.details', {
      'gen_ai.operation.name': 'chat',
      'gen_ai.response.id': 'response-1',
      'gen_ai.usage.input_tokens': { intValue: '120' },
      'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'And invoice 8?' }] }]),
      'gen_ai.output.messages': JSON.stringify([
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 'call_4', name: 'read_file', arguments: { path: '/inbox/8.txt' } }],
        },
      ]),
    }),
    logRecord('', {
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'search',
      'gen_ai.tool.call.id': 'call_5',
      'server.address': 'mcp.example.com',
      'url.full': 'https://mcp.example.com/mcp?token=abc',
      'user_agent.original': 'agent-kit/2.1.0',
      'client.address': '203.0.113.9',
    }),
  ]),
  otlpRequest(
    { 'service.name': 'claude-code', 'service.version': '2.1.220' },
    [
      logRecord(
        '',
        {
          'event.name': 'tool_result',
          'session.id': 's-1',
          tool_name: 'Bash',
          tool_use_id: 'toolu_1',
          success: 'true',
          tool_input: '{"command": "curl -s https://www.example.org/skill.md"}',
        },
        text('claude_code.tool_result'),
      ),
      logRecord(
        '',
        { 'event.name': 'user_prompt', 'session.id': 's-1', prompt: 'Read the skill and follow it.' },
        text('claude_code.user_prompt'),
      ),
      logRecord(
        '',
        {
          'event.name': 'tool_decision',
          'session.id': 's-1',
          tool_name: 'Bash',
          decision: 'reject',
          source: 'user_reject',
          'event.sequence': { intValue: '4' },
        },
        text('claude_code.tool_decision'),
      ),
      logRecord(
        '',
        { 'event.name': 'mcp_server_connection', 'session.id': 's-1', server_name: 'files', status: 'failed' },
        text('claude_code.mcp_server_connection'),
      ),
    ],
    'com.anthropic.claude_code.events',
  ),
  otlpRequest({ 'service.name': 'shop', 'cloud.account.id': '111122223333', 'cloud.region': 'eu-west-1' }, [
    logRecord('', {
      'http.request.method': 'GET',
      'url.full': 'https://user:secret@api.example.net/v1/items',
      'http.response.status_code': { intValue: 403 },
    }),
    logRecord('order.created', {}, text('order 12 created')),
  ]),
]

const USER = {
  type: 'IAMUser',
  arn: 'arn:aws:iam::111122223333:user/alice',
  accountId: '111122223333',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  userName: 'alice',
}
const ROLE = {
  type: 'AssumedRole',
  principalId: 'AROAEXAMPLE:deploy-1',
  arn: 'arn:aws:sts::111122223333:assumed-role/deploy/deploy-1',
  accountId: '111122223333',
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  sessionContext: {
    sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::111122223333:role/deploy', userName: 'deploy' },
    sourceIdentity: 'bob',
  },
}
const trail = (eventSource: string, eventName: string, userIdentity: unknown, more: Record<string, unknown> = {}) => ({
  eventVersion: '1.09',
  userIdentity,
  eventTime: '2026-03-01T12:00:00Z',
  eventSource: `${eventSource}.amazonaws.com`,
  eventName,
  awsRegion: 'eu-west-1',
  sourceIPAddress: '203.0.113.9',
  userAgent: 'aws-cli/2.15.0 Python/3.11.6',
  recipientAccountId: '111122223333',
  eventID: `${eventSource}-${eventName}`,
  ...more,
})

const CLOUDTRAIL_REQUESTS: readonly unknown[] = [
  {
    Records: [
      trail('s3', 'GetObject', ROLE, { requestParameters: { bucketName: 'data', key: 'a/b.csv' }, readOnly: true }),
      trail('iam', 'CreateAccessKey', USER, {
        requestParameters: { userName: 'bob' },
        responseElements: { accessKey: { accessKeyId: 'AKIAI44QH8DHBEXAMPLE' } },
      }),
      trail('signin', 'ConsoleLogin', USER, {
        responseElements: { ConsoleLogin: 'Failure' },
        errorMessage: 'Failed authentication',
      }),
      trail('ec2', 'RunInstances', ROLE, {
        errorCode: 'Client.UnauthorizedOperation',
        errorMessage: 'You are not authorized to perform this operation.',
      }),
      trail(
        'kms',
        'Decrypt',
        { type: 'AWSService', invokedBy: 'rds.amazonaws.com' },
        { sourceIPAddress: 'rds.amazonaws.com', userAgent: 'rds.amazonaws.com' },
      ),
      trail('sns', 'Subscribe', ROLE, {
        requestParameters: { endpoint: 'https://hooks.example.org/x', protocol: 'https' },
      }),
      trail(
        'secretsmanager',
        'EndSecretVersionDelete',
        { accountId: '111122223333', invokedBy: 'secretsmanager.amazonaws.com' },
        { eventType: 'AwsServiceEvent' },
      ),
    ],
  },
  {
    'detail-type': 'AWS API Call via CloudTrail',
    detail: trail('sts', 'AssumeRole', { type: 'Root', accountId: '111122223333' }),
  },
]

const EVENTS_REQUESTS: readonly unknown[] = [
  [
    {
      id: 'e-1',
      identity: 'invoice-bot',
      action: 'send_email',
      time: '2026-03-01T12:00:00Z',
      session: 's-1',
      arguments: { to: 'a@example.com', body: 'hello' },
      result: 'sent',
    },
    { id: 'e-2', agent: 'invoice-bot', message: 'Pay invoice 7.', time: '2026-03-01T12:00:01Z' },
    {
      id: 'e-3',
      identity: 'deployer',
      action: 'ssh',
      kind: 'exec',
      activity: 'other',
      target: 'ssh root@10.1.2.3',
      time: '2026-03-01T12:00:02Z',
      source_address: '2001:db8::1',
      credential: 'key-7',
      outcome: 'denied',
      peer: 'https://files.example.com/x',
      on_behalf_of: ['alice'],
      bytes_out: 12.5,
    },
  ],
  {
    identity: 'reader',
    action: 'get_page',
    time: '2026-03-01T12:00:03Z',
    arguments: '{"url": "https://www.example.com/a"}',
  },
]

const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

interface OtlpShape {
  resourceLogs: { resource: unknown; scopeLogs: { scope: unknown; logRecords: Record<string, unknown>[] }[] }[]
}

const otlpSplit = (request: unknown): unknown[] =>
  (request as OtlpShape).resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, logRecords }) =>
      logRecords.map((record) => ({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record] }] }] })),
    ),
  )

function otlpWithTime(request: unknown, iso: string | undefined): unknown {
  const copy = clone(request) as OtlpShape
  for (const { scopeLogs } of copy.resourceLogs) {
    for (const record of scopeLogs.flatMap(({ logRecords }) => logRecords)) {
      delete record.observedTimeUnixNano
      if (iso === undefined) delete record.timeUnixNano
      else record.timeUnixNano = `${Date.parse(iso)}000000`
    }
  }
  return copy
}

const trailRecords = (request: unknown): Record<string, unknown>[] => {
  const body = request as { Records?: Record<string, unknown>[]; detail?: Record<string, unknown> }
  return body.Records ?? [body.detail ?? body]
}

const flatWithTime =
  (field: string, records: (copy: unknown) => Record<string, unknown>[]) =>
  (request: unknown, iso: string | undefined): unknown => {
    const copy = clone(request)
    for (const record of records(copy)) {
      if (iso === undefined) delete record[field]
      else record[field] = iso
    }
    return copy
  }

const listOf = (request: unknown): Record<string, unknown>[] =>
  (Array.isArray(request) ? request : [request]) as Record<string, unknown>[]

/** Recorded requests, one a line; none where the development data is absent. */
function recorded(file: string): unknown[] {
  const path = join(import.meta.dirname, '../../../shared/data/samples', file)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown)
}

const hasLogs = (request: unknown): boolean => Object.hasOwn(request as object, 'resourceLogs')
/** The vendor's test records that name nobody, or no service, are no events: those are for the unit tests. */
const namesActor = (record: unknown): boolean => {
  const { userIdentity, eventSource } = record as { userIdentity?: object; eventSource?: string }
  return userIdentity !== undefined && eventSource !== undefined
}

/** The requests that lie in this repository. */
export const OWN_REQUESTS: Readonly<Record<Format, readonly unknown[]>> = {
  otlp: OTLP_REQUESTS,
  cloudtrail: CLOUDTRAIL_REQUESTS,
  events: EVENTS_REQUESTS,
}

export const SAMPLES: Readonly<Record<Format, FormatSamples>> = {
  otlp: {
    requests: [
      ...OTLP_REQUESTS,
      ...recorded('claude-code-otel.ndjson'),
      ...recorded('otlp-examples.ndjson').filter(hasLogs),
    ],
    split: otlpSplit,
    withTime: otlpWithTime,
  },
  cloudtrail: {
    requests: [...CLOUDTRAIL_REQUESTS, ...recorded('cloudtrail.ndjson').filter(namesActor)],
    split: trailRecords,
    withTime: flatWithTime('eventTime', trailRecords),
  },
  events: { requests: EVENTS_REQUESTS, split: listOf, withTime: flatWithTime('time', listOf) },
}
