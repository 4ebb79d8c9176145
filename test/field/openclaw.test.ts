/**
 * OpenClaw's plugin diagnostics-otel. The log record and the warning are what the plugin of OpenClaw 2026.4.29 (from npm) sent of a
 * gateway; no call of a tool was seen, so the other spans are written as its source and its documentation (2026.9.6) have them.
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

describe('OpenClaw', () => {
  it('says of a call without content which tool it was, and that it ended well', () => {
    expect(spansIn('openclaw', [['openclaw.tool.execution', TOOL]])).toMatchObject([
      { identity: 'openclaw', principal_kind: 'agent', action: 'read', kind: 'tool', outcome: 'success' },
    ])
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
