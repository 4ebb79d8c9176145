/** Samples of OTLP: records of the GenAI conventions, of Claude Code, and of services that follow none. */
import { clone, type FormatSamples, recorded } from './samples.ts'

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

const hasLogs = (request: unknown): boolean => Object.hasOwn(request as object, 'resourceLogs')

export const samples: FormatSamples = {
  own: OTLP_REQUESTS,
  recorded: [...recorded('claude-code-otel.ndjson'), ...recorded('otlp-examples.ndjson').filter(hasLogs)],
  split: otlpSplit,
  withTime: otlpWithTime,
}
