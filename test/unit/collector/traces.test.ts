/** Spans in the spellings of the frameworks: agent, call, message, delegation, conversation. */
import { describe, expect, it } from 'vitest'
import type { Event } from '../../../schemas/event.ts'
import { normalise, normaliseBody } from '../../../services/collector/normalise.ts'
import { normaliseContext } from '../../support/normalise.ts'
import { encodeTraces, type TraceRequest } from '../../support/otlp-protobuf.ts'

const TRACE = '5b8efff798038103d269b633813fc60c'
const pairs = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : value,
  }))

interface SpanSpec {
  readonly name: string
  readonly attributes: Record<string, unknown>
  readonly parent?: string
  readonly more?: object
}
const spans = (...specs: SpanSpec[]) => ({
  resourceSpans: [
    {
      resource: { attributes: pairs({ 'service.name': 'desk' }) },
      scopeSpans: [
        {
          scope: { name: 'any' },
          spans: specs.map(({ name, attributes, parent, more }, n) => ({
            traceId: TRACE,
            spanId: `000000000000000${n + 1}`,
            ...(parent === undefined ? {} : { parentSpanId: parent }),
            name,
            kind: 1,
            startTimeUnixNano: `177236640${n}000000000`,
            endTimeUnixNano: `177236650${n}000000000`,
            attributes: pairs(attributes),
            ...more,
          })),
        },
      ],
    },
  ],
})
function eventsOf(body: unknown): Event[] {
  const result = normalise('auto', body, normaliseContext())
  if (!result.ok) throw new Error(result.detail)
  expect(result.rejected).toEqual([])
  return result.events
}
const ARGS = '{"url": "https://files.example.com/a"}'
const FETCH = {
  action: 'fetch',
  kind: 'tool',
  principal_kind: 'agent',
  target: 'https://files.example.com/a',
  peer: 'files.example.com',
  outcome: 'success',
  source: 'otlp',
}

describe('a tool span', () => {
  it.each([
    [
      'GenAI',
      'execute_tool fetch',
      {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'fetch',
        'gen_ai.tool.call.arguments': ARGS,
        'gen_ai.tool.call.result': 'text',
      },
    ],
    [
      'GenAI, named by the span alone',
      'execute_tool fetch',
      {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.call.arguments': ARGS,
        'gen_ai.tool.call.result': 'text',
      },
    ],
    [
      'OpenInference',
      'fetch',
      { 'openinference.span.kind': 'TOOL', 'tool.name': 'fetch', 'input.value': ARGS, 'output.value': 'text' },
    ],
    [
      'OpenLLMetry',
      'fetch.tool',
      {
        'traceloop.span.kind': 'tool',
        'traceloop.entity.name': 'fetch',
        'traceloop.entity.input': `{"inputs": ${ARGS}}`,
        'traceloop.entity.output': '{"output": "text"}',
      },
    ],
    [
      'Vercel AI SDK',
      'ai.toolCall',
      {
        'ai.operationId': 'ai.toolCall',
        'ai.toolCall.name': 'fetch',
        'ai.toolCall.id': 'c1',
        'ai.toolCall.args': ARGS,
        'ai.toolCall.result': 'text',
      },
    ],
    [
      'Langfuse',
      'fetch',
      {
        'langfuse.observation.type': 'tool',
        'langfuse.observation.input': ARGS,
        'langfuse.observation.output': 'text',
      },
    ],
    ['LangSmith', 'fetch', { 'langsmith.span.kind': 'tool', 'input.value': ARGS, 'output.value': 'text' }],
    [
      'Pydantic AI',
      'running tool: fetch',
      { 'gen_ai.tool.name': 'fetch', 'gen_ai.tool.call.id': 'c1', tool_arguments: ARGS, tool_response: 'text' },
    ],
  ])('of %s is the call with its arguments and its result', (_what, name, attributes) => {
    expect(eventsOf(spans({ name, attributes }))).toMatchObject([FETCH])
  })

  it('of MCP is a call of a server', () => {
    const attributes = {
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'fetch',
      'mcp.session.id': 'm1',
      'gen_ai.tool.call.arguments': ARGS,
    }
    expect(eventsOf(spans({ name: 'tools/call fetch', attributes }))).toMatchObject([
      { action: 'fetch', kind: 'mcp', session: 'm1' },
    ])
  })

  it('that failed says so', () => {
    const attributes = { 'gen_ai.tool.name': 'fetch', 'gen_ai.tool.call.arguments': ARGS }
    const failed = { status: { code: 2, message: 'connection refused' } }
    expect(eventsOf(spans({ name: 'x', attributes, more: failed }))).toMatchObject([
      { outcome: 'failure', error: 'connection refused' },
    ])
    const exception = {
      events: [
        {
          name: 'exception',
          attributes: pairs({ 'exception.type': 'PermissionError', 'exception.message': 'permission denied' }),
        },
      ],
    }
    expect(eventsOf(spans({ name: 'x', attributes, more: exception }))).toMatchObject([
      { outcome: 'denied', error: 'PermissionError' },
    ])
  })
})

describe('spans under others', () => {
  const agent = (name: string, parent?: string): SpanSpec => ({
    name: `invoke_agent ${name}`,
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name, 'gen_ai.conversation.id': 'c-9' },
    ...(parent === undefined ? {} : { parent }),
  })

  it('belong to the agent and the conversation above them', () => {
    const tool = { name: 'execute_tool fetch', attributes: { 'gen_ai.tool.name': 'fetch' }, parent: '0000000000000001' }
    const [, call] = eventsOf(spans(agent('buyer'), tool))
    expect(call).toMatchObject({ identity: 'buyer', session: 'c-9', action: 'fetch' })
  })

  it('act on behalf of the agent that called them', () => {
    const [, second] = eventsOf(spans(agent('planner'), agent('buyer', '0000000000000001')))
    expect(second).toMatchObject({ identity: 'buyer', on_behalf_of: ['planner'] })
  })

  it('survive a cycle', () => {
    expect(eventsOf(spans({ ...agent('a'), parent: '0000000000000001' }))).toHaveLength(1)
  })
})

describe('messages of a model call', () => {
  const task = { kind: 'message', action: 'user.message' }

  it.each([
    [
      'GenAI',
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Book a room"}]}]',
      },
    ],
    [
      'OpenInference',
      {
        'openinference.span.kind': 'LLM',
        'llm.input_messages.0.message.role': 'user',
        'llm.input_messages.0.message.content': 'Book a room',
      },
    ],
    [
      'OpenLLMetry',
      {
        'llm.request.type': 'chat',
        'gen_ai.system': 'OpenAI',
        'gen_ai.prompt.0.role': 'user',
        'gen_ai.prompt.0.content': 'Book a room',
      },
    ],
    [
      'Vercel AI SDK',
      {
        'ai.operationId': 'ai.generateText.doGenerate',
        'ai.prompt.messages': '[{"role":"user","content":[{"type":"text","text":"Book a room"}]}]',
      },
    ],
  ])('in the spelling of %s hold the task', (_what, attributes) => {
    const [first] = eventsOf(spans({ name: 'chat', attributes }))
    expect(first).toMatchObject(task)
    expect(first?.indicators).not.toBe('')
  })

  it('hold calls, in numbered attributes too', () => {
    const attributes = {
      'gen_ai.system': 'OpenAI',
      'gen_ai.completion.0.role': 'assistant',
      'gen_ai.completion.0.tool_calls.0.id': 'c1',
      'gen_ai.completion.0.tool_calls.0.name': 'fetch',
      'gen_ai.completion.0.tool_calls.0.arguments': ARGS,
    }
    expect(eventsOf(spans({ name: 'openai.chat', attributes })).at(-1)).toMatchObject({
      action: 'fetch',
      peer: 'files.example.com',
    })
  })
})

describe('a conversation that nobody named', () => {
  const messages = (...list: object[]) => ({
    'gen_ai.operation.name': 'chat',
    'gen_ai.input.messages': JSON.stringify(list),
  })
  const user = { role: 'user', parts: [{ type: 'text', content: 'Pay invoice 7' }] }
  const asked = {
    role: 'assistant',
    parts: [{ type: 'tool_call', id: 'c1', name: 'read_file', arguments: { path: '/inbox/7' } }],
  }
  const answered = { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'Invoice 7: 120 EUR' }] }
  const chat = (trace: string, ...list: object[]) =>
    JSON.parse(
      JSON.stringify(spans({ name: 'chat', attributes: messages(...list) })).replaceAll(TRACE, trace),
    ) as unknown

  it('is the same through all requests that begin alike, and each act counts once', () => {
    const first = eventsOf(chat('a'.repeat(32), user))
    const second = eventsOf(chat('b'.repeat(32), user, asked, answered))
    const sessions = new Set([...first, ...second].map(({ session }) => session))
    expect(sessions.size).toBe(1)
    expect([...sessions][0]).toMatch(/^derived:/)
    const [task] = first
    expect(second.find(({ action }) => action === 'user.message')?.event_id).toBe(task?.event_id)
    expect(second.map(({ action }) => action)).toEqual(['user.message', 'read_file', 'tool.result', 'chat'])
  })

  it('is another one where the first words differ, and the trace where there are none', () => {
    const other = { role: 'user', parts: [{ type: 'text', content: 'Pay invoice 8' }] }
    const [one] = eventsOf(chat('a'.repeat(32), user))
    const [two] = eventsOf(chat('a'.repeat(32), other))
    expect(one?.session).not.toBe(two?.session)
    const [call] = eventsOf(spans({ name: 'x', attributes: { 'gen_ai.tool.name': 'fetch' } }))
    expect(call?.session).toBe(`derived:${TRACE}`)
  })

  it('holds the tool spans of its trace, too', () => {
    const tool = { name: 'execute_tool fetch', attributes: { 'gen_ai.tool.name': 'fetch' } }
    const events = eventsOf(spans({ name: 'chat', attributes: messages(user) }, tool))
    expect(new Set(events.map(({ session }) => session)).size).toBe(1)
  })

  it('leaves one that was named alone', () => {
    const attributes = { ...messages(user), 'gen_ai.conversation.id': 'c-1' }
    expect(eventsOf(spans({ name: 'chat', attributes })).map(({ session }) => session)).toEqual(['c-1', 'c-1'])
  })
})

describe('spans of ordinary programs', () => {
  it('say nothing, but for calls over the network', () => {
    const step = { name: 'compute', attributes: { 'code.function.name': 'f' } }
    const call = {
      name: 'GET',
      attributes: { 'http.request.method': 'GET', 'url.full': 'https://api.example.com/x' },
      more: { kind: 3 },
    }
    expect(eventsOf(spans(step, call))).toMatchObject([
      { action: 'http.GET', principal_kind: 'service', peer: 'api.example.com' },
    ])
  })
})

describe('traces in protobuf', () => {
  it('give the events of JSON', () => {
    const body = spans(
      {
        name: 'invoke_agent buyer',
        attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'buyer' },
      },
      {
        name: 'execute_tool fetch',
        attributes: { 'gen_ai.tool.name': 'fetch', 'gen_ai.tool.call.arguments': ARGS },
        parent: '0000000000000001',
        more: { status: { code: 2, message: 'no' } },
      },
    )
    const context = normaliseContext()
    const read = normaliseBody('otlp', encodeTraces(body as TraceRequest), 'protobuf-traces', context)
    expect(read).toEqual(normalise('otlp', body, context))
  })
})
