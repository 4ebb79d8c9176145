/**
 * OpenClaw's plugin diagnostics-otel. The turn, the log record and the warning are what the plugin of OpenClaw 2026.4.29 (from npm)
 * sent of a gateway, with a stand-in of the model; attributes that say nothing of the act (sizes, budgets) are left out. Calls with
 * content, blocked and failed ones are written as its source and its documentation (2026.9.6) have them.
 */
import { describe, expect, it } from 'vitest'
import type { Event } from '../../schemas/event.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { normaliseContext } from '../support/normalise.ts'

type Attributes = Readonly<Record<string, string | number>>
const TIME = Date.UTC(2026, 10, 29, 2, 54)
const nanos = (n: number): string => `${TIME + n}000000`
const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'openclaw' } }] }

const pairs = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
  }))

type Span = readonly [name: string, attributes: Attributes, status?: object]

function spansIn(scope: string, all: readonly Span[]): readonly Event[] {
  const spans = all.map(([name, attributes, status = {}], n) => ({
    traceId: '6a5e1ca22970842a6e7d745a971e39a0',
    spanId: `6d631f38563d745${n}`,
    name,
    kind: 1,
    startTimeUnixNano: nanos(n),
    endTimeUnixNano: nanos(n + 1),
    attributes: pairs(attributes),
    status,
  }))
  return eventsOf({ resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ scope: { name: scope }, spans }] }] })
}

function eventsOf(body: object): readonly Event[] {
  const result = normalise('otlp', body, normaliseContext({ receiptTime: TIME + 60_000 }))
  if (!result.ok) throw new Error(result.detail)
  expect(result.rejected).toEqual([])
  return result.events
}

const TOOL = { 'openclaw.toolName': 'read', 'gen_ai.tool.name': 'read', 'openclaw.tool.params.kind': 'object' }
const MODEL = {
  'openclaw.provider': 'local',
  'openclaw.model': 'stand-in',
  'gen_ai.system': 'local',
  'gen_ai.request.model': 'stand-in',
  'gen_ai.operation.name': 'chat',
  'gen_ai.usage.input_tokens': 10,
  'gen_ai.usage.output_tokens': 5,
}

const OF_MODEL = { 'openclaw.provider': 'local', 'openclaw.model': 'stand-in' }
const OF_TURN = { ...OF_MODEL, 'openclaw.channel': 'webchat', 'openclaw.trigger': 'user' }
const CALL_OF_MODEL = {
  ...OF_MODEL,
  'gen_ai.system': 'local',
  'gen_ai.request.model': 'stand-in',
  'gen_ai.operation.name': 'text_completion',
  'openclaw.api': 'openai-completions',
  'openclaw.transport': 'sse',
}
const USAGE = {
  ...OF_MODEL,
  'openclaw.channel': 'webchat',
  'openclaw.agent': 'main',
  'openclaw.tokens.input': 20,
  'openclaw.tokens.output': 10,
  'openclaw.tokens.total': 15,
  'gen_ai.system': 'local',
  'gen_ai.request.model': 'stand-in',
  'gen_ai.operation.name': 'chat',
  'gen_ai.usage.input_tokens': 20,
  'gen_ai.usage.output_tokens': 10,
}
const MESSAGE = { 'openclaw.channel': 'webchat', 'openclaw.outcome': 'completed', 'openclaw.messageId': 'message-1' }
const RUN = ['42ab8cab60f3cac1bac3e131c1390636', '55be59df42943d53'] as const
const HARNESS = ['9182c85a5d69d1e304ccb390be8705ce', '81d8d9733d123688'] as const

/** The message "Read notes.txt." of the web chat, in the order in which its spans came, `captureContent` on: start, end, attributes. */
const TURN = [
  ['openclaw.context.assembled', ...RUN, 'ede9cc4ccf7f1eee', 101_489, 101_489, OF_TURN],
  ['openclaw.model.call', ...RUN, 'ded363f8ce531bbf', 101_510, 101_628, CALL_OF_MODEL],
  ['openclaw.tool.execution', ...RUN, '1f4e501f51f1ed01', 101_651, 101_714, TOOL],
  ['openclaw.model.call', ...RUN, 'fc8f914cdaff425a', 101_798, 101_826, CALL_OF_MODEL],
  ['openclaw.run', RUN[0], '', RUN[1], 45_048, 101_841, { ...OF_TURN, 'openclaw.outcome': 'completed' }],
  [
    'openclaw.harness.run',
    ...HARNESS,
    'fb0ad7baa93a7511',
    45_029,
    101_843,
    { ...OF_MODEL, 'openclaw.harness.id': 'pi' },
  ],
  ['openclaw.model.usage', '4f4777adc37c7c7b4faff787a027ae59', '', '284344f4b1cef261', 6_686, 102_077, USAGE],
  ['openclaw.message.processed', '086cb3643466923ed870edc88a284ccc', '', '99158eed23580c34', 0, 102_725, MESSAGE],
] as const

function turn(): readonly Event[] {
  const spans = TURN.map(([name, traceId, parentSpanId, spanId, from, to, attributes]) => ({
    traceId,
    spanId,
    name,
    kind: 1,
    status: {},
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(to),
    attributes: pairs(attributes),
  }))
  return eventsOf({ resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ scope: { name: 'openclaw' }, spans }] }] })
}

describe('a turn of OpenClaw', () => {
  it('is a message of the user, two calls of the model and one of a tool, and its tokens', () => {
    expect(turn()).toMatchObject([
      { action: 'user.message', kind: 'message', outcome: 'success', source_id: 'message-1' },
      { action: 'openclaw.model.usage', kind: 'api', tokens_in: 20, tokens_out: 10 },
      { action: 'text_completion', kind: 'api', outcome: 'success', tokens_in: 0, tokens_out: 0 },
      { action: 'read', kind: 'tool', outcome: 'success', target: '' },
      { action: 'text_completion', kind: 'api', outcome: 'success', tokens_in: 0, tokens_out: 0 },
    ])
  })

  it('is of one agent; its message, its tokens and its calls name no conversation, and each is in a trace of its own', () => {
    const events = turn()
    expect(new Set(events.map((event) => `${event.identity} ${event.principal_kind}`))).toEqual(
      new Set(['openclaw agent']),
    )
    expect(events.map(({ session_derived: derived }) => derived)).toEqual([1, 1, 1, 1, 1])
    const [message, usage, ...calls] = events.map(({ session }) => session)
    expect(new Set(calls).size).toBe(1)
    expect(new Set([message, usage, ...calls]).size).toBe(3)
  })
})

describe('OpenClaw', () => {
  it('says of a call without content which tool it was, and that it ended well', () => {
    expect(spansIn('openclaw', [['openclaw.tool.execution', TOOL]])).toMatchObject([
      { identity: 'openclaw', principal_kind: 'agent', action: 'read', kind: 'tool', outcome: 'success' },
    ])
  })

  it('tells of a message that it could not deal with, and of a repetition nothing', () => {
    const failed = { ...MESSAGE, 'openclaw.outcome': 'error' }
    const repeated = { ...MESSAGE, 'openclaw.outcome': 'skipped', 'openclaw.reason': 'duplicate' }
    const events = spansIn('openclaw', [
      ['openclaw.message.processed', failed, { code: 2, message: 'model is away' }],
      ['openclaw.message.processed', repeated],
    ])
    expect(events).toMatchObject([{ action: 'user.message', outcome: 'failure', error: 'model is away' }])
    expect(spansIn('another', [['openclaw.message.processed', MESSAGE]])).toEqual([])
  })

  it('says with content what it was called with', () => {
    const content = {
      'openclaw.content.tool_input': '{"path":"notes.txt"}',
      'openclaw.content.tool_output': 'buy milk',
    }
    const events = spansIn('openclaw', [['openclaw.tool.execution', { ...TOOL, ...content }]])
    expect(events).toMatchObject([{ action: 'read', target: 'notes.txt', outcome: 'success' }])
    expect(JSON.stringify(events[0]?.indicators)).toContain('result')
  })

  it('says that a call was blocked, or failed', () => {
    const blocked = { ...TOOL, 'openclaw.outcome': 'blocked', 'openclaw.deniedReason': 'plugin-before-tool-call' }
    const failed = { ...TOOL, 'openclaw.errorCategory': 'timeout' }
    const events = spansIn('openclaw', [
      ['openclaw.tool.execution', blocked],
      ['openclaw.tool.execution', failed, { code: 2, message: 'timeout' }],
    ])
    expect(events).toMatchObject([{ outcome: 'denied' }, { outcome: 'failure', error: 'timeout' }])
  })

  it('counts the tokens of a turn once', () => {
    const events = spansIn('openclaw', [
      ['openclaw.model.call', MODEL],
      ['openclaw.model.usage', MODEL],
    ])
    expect(events).toMatchObject([
      { action: 'chat', tokens_in: 0, tokens_out: 0 },
      { action: 'openclaw.model.usage', tokens_in: 10, tokens_out: 5 },
    ])
  })

  it('does not act where it warns of itself', () => {
    const warning = { 'openclaw.liveness.reason': 'event_loop_delay', 'openclaw.liveness.active': 0 }
    const status = { code: 2, message: 'event_loop_delay' }
    expect(spansIn('openclaw', [['openclaw.liveness.warning', warning, status]])).toEqual([])
  })

  it('is the same agent in the lines of its log', () => {
    const attributes = pairs({
      'openclaw.log.level': 'INFO',
      'openclaw.logger.parents': 'openclaw',
      'openclaw.subsystem': 'gateway',
      'code.lineno': 150,
      'code.function': 'logToFile',
    })
    const record = { timeUnixNano: nanos(0), severityText: 'INFO', body: { stringValue: 'gateway ready' }, attributes }
    const scopeLogs = [{ scope: { name: 'openclaw' }, logRecords: [record] }]
    expect(eventsOf({ resourceLogs: [{ resource: RESOURCE, scopeLogs }] })).toMatchObject([
      { identity: 'openclaw', principal_kind: 'agent', action: 'log', kind: 'api' },
    ])
  })

  it('is read as any other where another program calls its spans the same', () => {
    const events = spansIn('another', [['openclaw.model.call', MODEL]])
    expect(events).toMatchObject([{ action: 'chat', tokens_in: 10 }])
  })
})
