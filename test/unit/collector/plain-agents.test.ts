/**
 * Agents that follow no convention and say in plain words which tool they called, with what, and what came of it: in names with
 * humps, behind a first word of their own, in structures, in a body of JSON, in the words of a framework.
 */
import { describe, expect, it } from 'vitest'
import type { Event } from '../../../schemas/event.ts'
import { normalise } from '../../../services/collector/normalise.ts'
import { normaliseContext } from '../../support/normalise.ts'

const URL_OF_NETWORK = 'https://forum.example.com/api/v1/posts'
const CURL = `curl ${URL_OF_NETWORK}`
const fetching = JSON.stringify({ url: URL_OF_NETWORK })

function valueOf(one: unknown): object {
  if (typeof one === 'string') return { stringValue: one }
  if (typeof one === 'number') return { intValue: String(one) }
  if (typeof one === 'boolean') return { boolValue: one }
  return { kvlistValue: { values: pairsOf(one as object) } }
}
const pairsOf = (values: object): object[] => Object.entries(values).map(([key, one]) => ({ key, value: valueOf(one) }))

/** The one event of a record of a service that names itself and nothing else. */
function eventOf(attributes: object, body?: unknown): Event | undefined {
  const record = {
    timeUnixNano: '1772366400000000000',
    attributes: pairsOf(attributes),
    ...(body === undefined ? {} : { body: valueOf(body) }),
  }
  const resource = { attributes: pairsOf({ 'service.name': 'house' }) }
  const request = { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] }
  const result = normalise('otlp', request, normaliseContext())
  if (!result.ok) throw new Error(result.detail)
  expect(result.rejected).toEqual([])
  expect(result.events).toHaveLength(1)
  return result.events[0]
}

const contact = { principal_kind: 'agent', peer: 'forum.example.com' }

/** How it is said, the attributes, the body, and what the event must say. */
const CALLS: readonly (readonly [string, object, unknown, object])[] = [
  [
    'with humps',
    { toolName: 'fetch', toolInput: fetching, toolCallId: 'c1', sessionId: 's', toolOutput: 'x', isError: true },
    undefined,
    { ...contact, action: 'fetch', target: URL_OF_NETWORK, session: 's', source_id: 'c1', outcome: 'failure' },
  ],
  [
    'in a structured body',
    {},
    { tool: 'bash', args: { command: CURL }, exit_code: 1 },
    { ...contact, action: 'bash', target: CURL, outcome: 'failure', error: '1' },
  ],
  [
    'in a body of JSON, as models write calls',
    {},
    JSON.stringify({ type: 'tool_use', name: 'shell', input: { command: CURL }, session_id: 's' }),
    { ...contact, action: 'shell', target: CURL, session: 's' },
  ],
  [
    'behind a first word of its own',
    { 'acme.tool.name': 'browse', 'acme.tool.input': fetching, 'acme.tool.status': 'DENIED', 'acme.session.id': 's' },
    undefined,
    { ...contact, action: 'browse', target: URL_OF_NETWORK, outcome: 'denied', session: 's' },
  ],
  [
    'with parameters',
    { tool: 'web_fetch', parameters: fetching, result: 'not found', status: 'error' },
    undefined,
    { ...contact, action: 'web_fetch', target: URL_OF_NETWORK, outcome: 'failure' },
  ],
  [
    'on a server of MCP',
    { mcp_server: 'github', mcp_tool: 'create_issue', mcp_arguments: '{"repo":"a/b"}', outcome: 'Blocked' },
    undefined,
    {
      principal_kind: 'agent',
      kind: 'mcp',
      action: 'create_issue',
      target: 'a/b',
      peer: 'github',
      outcome: 'denied',
    },
  ],
  [
    'in an attribute that is a structure',
    { 'tool.call': { name: 'fetch', arguments: { url: URL_OF_NETWORK }, id: 'c9' } },
    undefined,
    { ...contact, action: 'fetch', target: URL_OF_NETWORK, source_id: 'c9' },
  ],
  [
    'by a hook that refused it',
    { tool_name: 'Bash', tool_input: JSON.stringify({ command: CURL }), permission_decision: 'deny' },
    undefined,
    { ...contact, action: 'Bash', target: CURL, outcome: 'denied' },
  ],
  [
    'with a command and the code of its end',
    { 'tool.name': 'terminal', 'tool.command': CURL, 'tool.exit_code': 0 },
    'Tool executed',
    { ...contact, action: 'terminal', target: CURL, outcome: 'success' },
  ],
  [
    'as an action and its input',
    { action: 'fetch', action_input: fetching, observation: 'a page' },
    undefined,
    { ...contact, action: 'fetch', target: URL_OF_NETWORK, outcome: 'success' },
  ],
  [
    'before it was approved',
    { requested_tool: 'fetch', tool_arguments: fetching, approval: 'rejected' },
    undefined,
    { ...contact, action: 'fetch', target: URL_OF_NETWORK, outcome: 'denied' },
  ],
]

const JOB = { function_name: 'nightly_export', result: '{"rows": 12}' }

describe('a function with a result', () => {
  it.each([
    ['of a job', JOB, undefined],
    ['of a job, in a body of JSON', {}, JSON.stringify({ ...JOB, status: 'ok', duration_ms: 12 })],
    ['of a function in the cloud', { ...JOB, function_request_id: 'r-1', args: fetching }, undefined],
    [
      'of a request',
      { ...JOB, 'http.request.method': 'GET', 'url.path': '/export', 'session.id': 'visitor-1' },
      undefined,
    ],
    ['of a thread', { ...JOB, 'thread.id': 7 }, undefined],
    ['of a command', { command_name: 'migrate', args: '--fake', output: 'done' }, undefined],
    ['of a tool of a build', { tool: 'eslint', args: '--fix src', output: 'done' }, undefined],
  ])('%s is no call of an agent', (_whose, attributes, body) => {
    expect(eventOf(attributes, body)).toMatchObject({ principal_kind: 'service', kind: 'api' })
  })

  it.each([
    ['the id of the call', { call_id: 'c1' }],
    ['a conversation', { conversation_id: 's' }],
    ['an agent', { 'gen_ai.agent.name': 'exporter' }],
    ['arguments of a function', { function_args: '{"rows": 12}' }],
    ['a result of a tool', { tool_result: '12 rows' }],
  ])('is one where the record has %s', (_what, more) => {
    expect(eventOf({ ...JOB, ...more })).toMatchObject({
      action: 'nightly_export',
      kind: 'tool',
      principal_kind: 'agent',
    })
    expect(eventOf({}, JSON.stringify({ ...JOB, ...more }))).toMatchObject({ principal_kind: 'agent' })
  })
})

describe('a call that is said flatly', () => {
  it.each(CALLS)('%s', (_how, attributes, body, expected) => {
    expect(eventOf(attributes, body)).toMatchObject(expected)
  })
})

describe('what is no call', () => {
  it.each([
    ['an action without an input', { action: 'checkout', name: 'order' }, undefined],
    ['a command of a service', { command: 'rotate', input: 'x', params: '1' }, undefined],
    ['a body of JSON of another type', {}, JSON.stringify({ type: 'order', name: 'shirt', input: 'web' })],
    ['a list as a body', {}, '[{"tool":"bash","args":{}}]'],
  ])('%s', (_what, attributes, body) => {
    expect(eventOf(attributes, body)).toMatchObject({ principal_kind: 'service', kind: 'api', action: 'log' })
  })
})
