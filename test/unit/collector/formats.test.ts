/** What the formats say: who acted, what its id is, how it ended. The contract of all formats is in test/conformance. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../../schemas/event.ts'
import { type FormatId, normalise } from '../../../services/collector/normalise.ts'
import { FORMATS } from '../../../services/collector/formats/registry.ts'
import { normaliseContext } from '../../support/normalise.ts'

function eventsOf(format: FormatId, body: unknown): Event[] {
  const result = normalise(format, body, normaliseContext())
  if (!result.ok) throw new Error(result.detail)
  expect(result.rejected).toEqual([])
  return result.events
}
const eventOf = (format: FormatId, body: unknown): Event => eventsOf(format, body)[0] as Event

const value = (one: unknown) => (typeof one === 'string' ? { stringValue: one } : one)
const pairs = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, one]) => ({ key, value: value(one) }))
const record = (values: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  timeUnixNano: '1772366400000000000',
  attributes: pairs(values),
  ...more,
})
const request = (resource: Record<string, unknown>, ...logRecords: unknown[]) => ({
  resourceLogs: [{ resource: { attributes: pairs(resource) }, scopeLogs: [{ logRecords }] }],
})
const CALL = { 'gen_ai.tool.name': 'read_file', 'gen_ai.tool.call.id': 'call_1', 'gen_ai.conversation.id': 's-1' }

describe('OTLP', () => {
  it('takes the identity from agent id, agent name and service name, in this order', () => {
    const all = { 'service.name': 'svc', 'gen_ai.agent.name': 'name', 'gen_ai.agent.id': 'id' }
    expect(eventOf('otlp', request(all, record(CALL))).identity).toBe('id')
    expect(
      eventOf('otlp', request({ 'service.name': 'svc', 'gen_ai.agent.name': 'name' }, record(CALL))).identity,
    ).toBe('name')
    expect(eventOf('otlp', request({ 'service.name': 'svc' }, record(CALL))).identity).toBe('svc')
    expect(eventOf('otlp', request(all, record({ ...CALL, 'gen_ai.agent.id': 'sub-agent' }))).identity).toBe(
      'sub-agent',
    )
  })

  it('rejects what names nobody', () => {
    const result = normalise('otlp', request({}, record(CALL)), normaliseContext())
    expect(result).toMatchObject({ ok: true, events: [], rejected: [{ index: 0, reason: 'unnamed' }] })
  })

  it('never makes an id of a tool call id alone', () => {
    const first = eventOf('otlp', request({ 'service.name': 'a' }, record(CALL)))
    const session = eventOf(
      'otlp',
      request({ 'service.name': 'a' }, record({ ...CALL, 'gen_ai.conversation.id': 's-2' })),
    )
    const later = eventOf(
      'otlp',
      request({ 'service.name': 'a' }, record(CALL, { timeUnixNano: '1772366401000000000' })),
    )
    expect(new Set([first.event_id, session.event_id, later.event_id]).size).toBe(3)
    expect(first.source_id).toBe('call_1')
  })

  it('counts equal records without an id', () => {
    const twice = request(
      { 'service.name': 'a' },
      record({}, { body: value('tick') }),
      record({}, { body: value('tick') }),
    )
    const ids = eventsOf('otlp', twice).map(({ event_id }) => event_id)
    expect(new Set(ids).size).toBe(2)
    expect(eventsOf('otlp', twice).map(({ event_id }) => event_id)).toEqual(ids)
  })

  it('falls back to the observed time', () => {
    const { time, time_flag: flag } = eventOf(
      'otlp',
      request(
        { 'service.name': 'a' },
        record(CALL, { timeUnixNano: '0', observedTimeUnixNano: '1772366400000000000' }),
      ),
    )
    expect({ time, flag }).toEqual({ time: 1772366400000, flag: 'ok' })
  })

  it('does not let the observed time into the id of a record that has its own', () => {
    const observed = (nanos: string) =>
      eventOf('otlp', request({ 'service.name': 'a' }, record({}, { body: value('x'), observedTimeUnixNano: nanos })))
        .event_id
    expect(observed('1772366401000000000')).toBe(observed('1772366402000000000'))
  })

  it('makes one id of a record without one, however its JSON is spelled', () => {
    const id = (more: Record<string, unknown>) =>
      eventOf('otlp', request({ 'service.name': 'a' }, { timeUnixNano: '1772366400000000000', ...more })).event_id
    const body = (any: unknown) => id({ body: any })
    const zeros = { severityNumber: 0, severityText: '', flags: 0, droppedAttributesCount: 0, attributes: [] }
    expect(id({ ...zeros, traceId: '', spanId: null, eventName: '', observedTimeUnixNano: '0' })).toBe(id({}))
    expect(body({ intValue: 7 })).toBe(body({ intValue: '7' }))
    expect(body({ arrayValue: { values: [] } })).toBe(body({ arrayValue: {} }))
    expect(body({ kvlistValue: { values: [{ key: '', value: null }] } })).toBe(body({ kvlistValue: { values: [{}] } }))
    // What is set to zero in an AnyValue says something all the same.
    const values = [{}, { stringValue: '' }, { intValue: '0' }, { doubleValue: 0 }, { boolValue: false }]
    expect(new Set(values.map(body)).size).toBe(values.length)
    expect(id({ severityText: '0' })).not.toBe(id({}))
  })

  it('reads old names', () => {
    const old = {
      ...CALL,
      'gen_ai.usage.prompt_tokens': { intValue: '7' },
      'gen_ai.usage.completion_tokens': { intValue: 9 },
    }
    expect(eventOf('otlp', request({ 'service.name': 'a' }, record(old)))).toMatchObject({
      tokens_in: 7,
      tokens_out: 9,
    })
  })

  it('reads the calls that a choice asks for', () => {
    const message = {
      kvlistValue: {
        values: pairs({
          tool_calls: {
            arrayValue: {
              values: ['a', 'b'].map((id) => ({
                kvlistValue: {
                  values: pairs({
                    id,
                    function: {
                      kvlistValue: { values: pairs({ name: 'send_email', arguments: '{"to": "x@example.com"}' }) },
                    },
                  }),
                },
              })),
            },
          },
        }),
      },
    }
    const choice = record({}, { eventName: 'gen_ai.choice', body: { kvlistValue: { values: pairs({ message }) } } })
    const events = eventsOf('otlp', request({ 'service.name': 'a' }, choice))
    expect(events.map(({ action, source_id: id, peer }) => [action, id, peer])).toEqual([
      ['send_email', 'a', 'example.com'],
      ['send_email', 'b', 'example.com'],
    ])
  })

  it('keeps a captured credential as a keyed hash', () => {
    const header = { 'http.request.header.authorization': { arrayValue: { values: [value('Bearer very-secret')] } } }
    const { credential } = eventOf('otlp', request({ 'service.name': 'a' }, record({ ...CALL, ...header })))
    expect(credential).toMatch(/^[0-9a-f]{32}$/)
  })

  it.each([
    [{}, 'unknown', ''],
    [{ 'gen_ai.tool.call.result': 'ok' }, 'success', ''],
    [{ 'error.type': 'ValueError' }, 'failure', 'ValueError'],
    [{ 'error.type': 'PermissionError', 'error.message': 'x' }, 'denied', 'PermissionError'],
    [{ 'http.response.status_code': { intValue: 403 } }, 'denied', '403'],
    [{ 'http.response.status_code': { intValue: 200 } }, 'success', ''],
    // An object that refuses to become a number says nothing.
    [{ 'http.response.status_code': { intValue: { valueOf: 1, toString: 1 } } }, 'unknown', ''],
    [{ 'http.response.status_code': { doubleValue: { valueOf: 1, toString: 1 } } }, 'unknown', ''],
  ])('%j ended as %s', (values, outcome, error) => {
    expect(eventOf('otlp', request({ 'service.name': 'a' }, record({ ...CALL, ...values })))).toMatchObject({
      outcome,
      error,
    })
  })

  it('knows the tools of an MCP server by their name', () => {
    const named = { ...CALL, 'gen_ai.tool.name': 'mcp__files__read' }
    expect(eventOf('otlp', request({ 'service.name': 'a' }, record(named)))).toMatchObject({
      kind: 'mcp',
      peer: 'files',
      protocol: 'mcp',
    })
  })
})

const trail = (userIdentity: unknown, more: Record<string, unknown> = {}) => ({
  eventTime: '2026-03-01T12:00:00Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'GetObject',
  eventID: 'e-1',
  recipientAccountId: '111122223333',
  userIdentity,
  ...more,
})
const assumed = (role: string, session: string, issuer = true) => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::111122223333:assumed-role/${role}/${session}`,
  accountId: '111122223333',
  accessKeyId: 'ASIAEXAMPLE',
  ...(issuer
    ? { sessionContext: { sessionIssuer: { arn: `arn:aws:iam::111122223333:role/${role}`, userName: role } } }
    : {}),
})

/** Who calls, and how it is named. */
const CALLERS: readonly (readonly [what: string, who: object, identity: string, instance: string, kind: string])[] = [
  ['an assumed role', assumed('deploy', 'job-7'), 'arn:aws:iam::111122223333:role/deploy', 'job-7', 'service'],
  [
    'one without its issuer',
    assumed('deploy', 'job-7', false),
    'arn:aws:iam::111122223333:role/deploy',
    'job-7',
    'service',
  ],
  [
    'an agent by its name',
    assumed('support-agent', 'a1'),
    'arn:aws:iam::111122223333:role/support-agent',
    'a1',
    'agent',
  ],
  [
    'a person of IAM Identity Center',
    assumed('AWSReservedSSO_Admin_0a1b', 'alice@example.com'),
    'arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0a1b/alice@example.com',
    '',
    'person',
  ],
  ['a user', { type: 'IAMUser', arn: 'arn:aws:iam::1:user/bob' }, 'arn:aws:iam::1:user/bob', '', 'person'],
  ['a user without ARN', { type: 'IAMUser', userName: 'bob', accountId: '1' }, 'arn:aws:iam::1:user/bob', '', 'person'],
  ['root', { type: 'Root', accountId: '1' }, 'arn:aws:iam::111122223333:root', '', 'person'],
  ['a service', { type: 'AWSService', invokedBy: 'rds.amazonaws.com' }, 'rds.amazonaws.com', '', 'service'],
  ['a service event', { accountId: '1', invokedBy: 'ec2.amazonaws.com' }, 'ec2.amazonaws.com', '', 'service'],
  ['another account', { type: 'AWSAccount', accountId: '2', principalId: 'AIDAX' }, 'AIDAX', '', 'service'],
  [
    'a role of another account',
    { type: 'AWSAccount', accountId: '2', principalId: 'AROAQGFTBBBGOBWV2EMZA:job-7' },
    'AROAQGFTBBBGOBWV2EMZA',
    'job-7',
    'service',
  ],
  ['another account by its number', { type: 'AWSAccount', accountId: '2' }, '2', '', 'service'],
  [
    'an anonymous caller',
    { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' },
    'ANONYMOUS_PRINCIPAL',
    '',
    'service',
  ],
  ['another account that is not named', { type: 'AWSAccount' }, 'AWSAccount', '', 'service'],
  [
    'a federated user',
    { type: 'FederatedUser', arn: 'arn:aws:sts::1:federated-user/alice', principalId: '1:alice' },
    'arn:aws:sts::1:federated-user/alice',
    '',
    'person',
  ],
  ['a user of SAML', { type: 'SAMLUser', principalId: 'Q=:alice', userName: 'alice' }, 'Q=:alice', '', 'person'],
  [
    'a user of IAM Identity Center by its id',
    { type: 'IdentityCenterUser', accountId: '1', onBehalfOf: { userId: 'u-1', identityStoreArn: 'arn:x' } },
    'u-1',
    '',
    'person',
  ],
  [
    'the same user where it acts in the access portal',
    { type: 'Unknown', principalId: 'u-1', arn: '', accountId: '1', userName: 'alice@example.com' },
    'u-1',
    '',
    'person',
  ],
  [
    'a user who signs in by its name, not by the number of the account',
    { type: 'Unknown', principalId: '1', arn: '', accountId: '1', userName: 'alice' },
    'alice',
    '',
    'person',
  ],
  ['a user of a directory', { type: 'Directory', accountId: '1', userName: 'alice' }, 'alice', '', 'person'],
  ['a role itself', { type: 'Role', arn: 'arn:aws:iam::1:role/deploy' }, 'arn:aws:iam::1:role/deploy', '', 'service'],
  ['nobody but the account', { type: 'Unknown', accountId: '1' }, '1', '', 'service'],
  ['a web identity', { type: 'WebIdentityUser', principalId: 'p:x', userName: 'u' }, 'p:x', 'u', 'service'],
]

describe('CloudTrail', () => {
  it.each(CALLERS)('names %s', (_what, who, identity, instance, kind) => {
    expect(eventOf('cloudtrail', trail(who))).toMatchObject({ identity, instance, principal_kind: kind })
  })

  it.each(['IAMUser', 'AssumedRole', 'Role', 'AWSService', 'SAMLUser', 'IdentityCenterUser', 'Unknown'])(
    'says of a %s that names nobody what is missing',
    (type) => {
      const result = normalise('cloudtrail', trail({ type }), normaliseContext())
      const detail = expect.stringContaining(`of the type ${type} names nobody: no arn, userName`) as string
      expect(result).toMatchObject({ events: [], rejected: [{ reason: 'unnamed', detail }] })
    },
  )

  it.each([
    [{}, 'success'],
    [{ errorCode: 'AccessDenied' }, 'denied'],
    [{ errorCode: 'Client.UnauthorizedOperation' }, 'denied'],
    [{ errorCode: 'ThrottlingException' }, 'failure'],
    [{ errorCode: 'Client.DryRunOperation' }, 'success'],
    [{ errorCode: 'ServiceException', errorMessage: 'User: x is not authorized to perform: y' }, 'denied'],
  ])('%j ended as %s', (more, outcome) => {
    expect(eventOf('cloudtrail', trail(assumed('r', 's'), more)).outcome).toBe(outcome)
  })

  it.each([
    ['iam', 'CreateUser', 'admin'],
    ['iam', 'ListUsers', 'api'],
    ['s3', 'PutBucketPolicy', 'admin'],
    ['ssm', 'SendCommand', 'exec'],
    ['sts', 'AssumeRole', 'auth'],
    ['sts', 'GetCallerIdentity', 'api'],
    ['signin', 'ConsoleLogin', 'auth'],
    ['bedrock-agentcore', 'InvokeGateway', 'mcp'],
  ])('%s:%s is of the kind %s', (service, eventName, kind) => {
    const event = eventOf(
      'cloudtrail',
      trail(assumed('r', 's'), { eventSource: `${service}.amazonaws.com`, eventName }),
    )
    expect(event).toMatchObject({ action: `${service}:${eventName}`, kind })
  })

  it('names the resource, by its ARN or by the noun of the operation', () => {
    const target = (more: Record<string, unknown>) => eventOf('cloudtrail', trail(assumed('r', 's'), more)).target
    expect(
      target({
        resources: [
          { ARN: 'arn:aws:s3:::b', type: 'AWS::S3::Bucket' },
          { ARN: 'arn:aws:s3:::b/k', type: 'AWS::S3::Object' },
        ],
      }),
    ).toBe('arn:aws:s3:::b/k')
    expect(
      target({ eventName: 'DeleteDBSnapshot', requestParameters: { force: true, dBSnapshotIdentifier: 'nightly' } }),
    ).toBe('nightly')
    expect(
      target({
        eventName: 'TerminateInstances',
        requestParameters: { instancesSet: { items: [{ instanceId: 'i-1' }] } },
      }),
    ).toBe('i-1')
    expect(
      target({
        eventName: 'SendCommand',
        requestParameters: { documentName: 'AWS-RunShellScript', instanceIds: ['i-1'] },
      }),
    ).toBe('i-1')
    expect(
      target({
        eventName: 'DescribeInstances',
        requestParameters: { filterSet: { items: [{ name: 'vpc-id' }] }, maxResults: 5 },
      }),
    ).toBe('')
  })

  it('says when a target lies in another account', () => {
    const resources = [{ ARN: 'arn:aws:iam::999988887777:role/x', accountId: '999988887777', type: 'AWS::IAM::Role' }]
    expect(eventOf('cloudtrail', trail(assumed('r', 's'), { resources })).peer).toBe('aws:999988887777')
  })

  it('keeps the service that called as the source, so that it is no new address', () => {
    const who = { type: 'IAMUser', arn: 'arn:aws:iam::1:user/bob', invokedBy: 'kms.amazonaws.com' }
    expect(eventOf('cloudtrail', trail(who, { sourceIPAddress: 'kms.amazonaws.com' }))).toMatchObject({
      source_network: 'kms.amazonaws.com',
      on_behalf_of: ['kms.amazonaws.com'],
    })
  })

  it('rejects what is no record', () => {
    const result = normalise('cloudtrail', { Records: [trail({}), { eventName: 'x' }, 5] }, normaliseContext())
    expect(result).toMatchObject({ ok: true, events: [] })
    expect(result.ok && result.rejected.map(({ reason }) => reason)).toEqual(['unnamed', 'malformed', 'malformed'])
  })
})

const event = (more: Record<string, unknown> = {}) => ({ id: '1', identity: 'bot', action: 'read', ...more })

describe('canonical events', () => {
  it('hash a secret that is sent as one, also where it stands as an id', () => {
    const hashed = eventOf('events', event({ credential_secret: 'very-secret' })).credential
    expect(hashed).toMatch(/^[0-9a-f]{32}$/)
    expect(eventOf('events', event({ credential: 'ghp_0123456789abcdefghijABCDEFGHIJ012345' })).credential).toMatch(
      /^[0-9a-f]{32}$/,
    )
    expect(eventOf('events', event({ credential: 'key-7' })).credential).toBe('key-7')
  })

  it('cannot set what the collector decides', () => {
    const result = normalise(
      'events',
      event({
        tenant: 'x',
        event_id: 'y',
        history: 1,
        identity_assurance: 'provider',
        source: 'cloudtrail',
        receipt_time: 5,
      }),
      normaliseContext(),
    )
    expect(result).toMatchObject({
      events: [{ tenant: 'acme', history: 0, identity_assurance: 'claimed', source: 'events' }],
      ignored: { tenant: 1, event_id: 1, history: 1, identity_assurance: 1, source: 1, receipt_time: 1 },
    })
  })

  it('have an id of their producer, or of their body', () => {
    const id = (more: Record<string, unknown>) => eventOf('events', event(more)).event_id
    expect(id({ target: 'a' })).toBe(id({ target: 'b' }))
    expect(id({ identity: 'other' })).not.toBe(id({}))
    const body = (more: Record<string, unknown>) => id({ id: undefined, ...more })
    expect(body({ target: 'a' })).not.toBe(body({ target: 'b' }))
    const twice = eventsOf('events', [event({ id: undefined }), event({ id: undefined })])
    expect(new Set(twice.map(({ event_id }) => event_id)).size).toBe(2)
  })

  it('keep long names apart', () => {
    const [a, b] = ['a', 'b'].map((end) => eventOf('events', event({ identity: 'x'.repeat(300) + end })).identity)
    expect(a).toHaveLength(256)
    expect(a).not.toBe(b)
  })

  it('give kind, activity, target and peers from a call', () => {
    const call = {
      action: 'http_request',
      arguments: { method: 'POST', url: 'https://api.example.com/x' },
      result: 'ok',
    }
    expect(eventOf('events', event(call))).toMatchObject({
      kind: 'tool',
      target: 'https://api.example.com/x',
      peer: 'api.example.com',
      outcome: 'success',
    })
  })
})

describe('what carries CloudTrail', () => {
  const record = {
    eventID: 'carried-1',
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    eventTime: '2026-03-01T12:00:00Z',
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/report', accountId: '111122223333' },
  }
  const text = JSON.stringify(record)
  const notification = { Type: 'Notification', Message: text }

  it.each([
    ['a file', { Records: [record] }],
    ['EventBridge', { 'detail-type': 'AWS API Call via CloudTrail', detail: record }],
    ['SNS', notification],
    ['SQS', { Records: [{ eventSource: 'aws:sqs', body: text }] }],
    ['SNS in SQS', { Records: [{ eventSource: 'aws:sqs', body: JSON.stringify(notification) }] }],
    ['a file in SNS', { Type: 'Notification', Message: JSON.stringify({ Records: [record] }) }],
    ['CloudWatch Logs', { messageType: 'DATA_MESSAGE', logEvents: [{ id: '1', timestamp: 1, message: text }] }],
  ])('%s changes nothing of the event', (_what, body) => {
    expect(eventsOf('cloudtrail', body)).toEqual(eventsOf('cloudtrail', record))
  })

  it('is opened only so far', () => {
    let nested = text
    for (let depth = 0; depth < 12; depth++) nested = JSON.stringify({ Type: 'Notification', Message: nested })
    expect(normalise('cloudtrail', JSON.parse(nested), normaliseContext())).toMatchObject({ ok: false })
  })
})

describe('the table of names', () => {
  it('is the one that docs/formats.md prints', () => {
    const page = readFileSync(new URL('../../../docs/formats.md', import.meta.url), 'utf8')
    for (const [id, row] of FORMATS.flatMap(({ id, names }) => names.map((one) => [id, one] as const))) {
      const line = `| ${id} | ${row.records} | ${row.producerId} | ${row.identity} | ${row.instance} | ${row.owner} | ${row.session} | ${row.credential} |`
      expect(page).toContain(line)
    }
  })
})

describe('Kubernetes audit as Azure exports it', () => {
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    auditID: 'audit-1',
    stage: 'ResponseComplete',
    verb: 'delete',
    user: { username: 'alice@example.com' },
    sourceIPs: ['192.0.2.7'],
    objectRef: { resource: 'clusterroles', name: 'reader' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-03-01T12:00:00Z',
  }
  const exported = (category: string, log: unknown) => ({
    time: '2026-03-01T12:00:03Z',
    resourceId: '/SUBSCRIPTIONS/S/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/ONE',
    operationName: 'Microsoft.ContainerService/managedClusters/diagnosticLogs/Read',
    category,
    properties: { log, stream: 'stdout', pod: 'kube-apiserver-0' },
  })

  it.each(['kube-audit', 'kube-audit-admin'])('%s is the event of the API server, with its id', (category) => {
    const [own] = eventsOf('kubernetes-audit', event)
    expect(eventsOf('entra', { records: [exported(category, JSON.stringify(event))] })).toEqual([own])
    expect(eventsOf('auto', exported(category, JSON.stringify(event)))).toEqual([own])
    expect(own).toMatchObject({
      source: 'kubernetes-audit',
      identity: 'alice@example.com',
      target: 'clusterroles/reader',
      outcome: 'success',
      source_address: '192.0.2.7',
    })
  })

  it('tells no stage of a request twice, and other logs of the cluster name nobody', () => {
    expect(eventsOf('entra', exported('kube-audit', JSON.stringify({ ...event, stage: 'RequestReceived' })))).toEqual(
      [],
    )
    const result = normalise('entra', exported('kube-scheduler', 'I0301 12:00:00 scheduled'), normaliseContext())
    expect(result).toMatchObject({ ok: true, events: [], rejected: [{ reason: 'unnamed' }] })
  })
})
