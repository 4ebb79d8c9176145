/**
 * Coding agents as they are: what Codex CLI 0.171.0 and Gemini CLI 0.61.0 (both from npm) sent of one task, "read notes.txt", with a
 * stand-in of their model. Attributes that say nothing of the act (versions, sizes, settings) are left out.
 */
import { describe, expect, it } from 'vitest'
import type { Event } from '../../schemas/event.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { normaliseContext } from '../support/normalise.ts'

type Attributes = Readonly<Record<string, string | number | boolean>>
const TIME = Date.UTC(2026, 10, 29, 1, 15)
const nanos = (n: number): string => `${TIME + n}000000`

const valueOf = (value: string | number | boolean): object =>
  typeof value === 'string'
    ? { stringValue: value }
    : typeof value === 'boolean'
      ? { boolValue: value }
      : { intValue: value }
const pairs = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }))

function eventsOf(body: object): readonly Event[] {
  const result = normalise('otlp', body, normaliseContext({ receiptTime: TIME + 60_000 }))
  if (!result.ok) throw new Error(result.detail)
  expect(result.rejected).toEqual([])
  return result.events
}

/** Each record names the place in Codex's source where it was made, and the event in an attribute. */
function codex(...records: readonly (readonly [place: string, attributes: Attributes])[]): object {
  const logRecords = records.map(([place, attributes], n) => ({
    timeUnixNano: '0',
    observedTimeUnixNano: nanos(n),
    eventName: `event otel/src/${place}`,
    severityText: 'INFO',
    attributes: pairs({
      ...attributes,
      'conversation.id': '01a224de-7d28-7ab1-9bdb-58826603cc8a',
      originator: 'codex_exec',
      model: 'stand-in',
    }),
  }))
  const scopeLogs = [{ scope: { name: 'codex_otel.log_only' }, logRecords }]
  return { resourceLogs: [{ resource: { attributes: pairs({ 'service.name': 'codex_exec' }) }, scopeLogs }] }
}

const SESSION = '4497bc7b-3be0-49e3-aa68-166ca7855e15'
const GEMINI = { attributes: pairs({ 'service.name': 'gemini-cli' }) }

function geminiLogs(...records: readonly Attributes[]): object {
  const logRecords = records.map((attributes, n) => ({
    timeUnixNano: nanos(n),
    body: { stringValue: 'A sentence about it.' },
    attributes: pairs({ 'session.id': SESSION, 'installation.id': 'i-1', interactive: false, ...attributes }),
  }))
  return { resourceLogs: [{ resource: GEMINI, scopeLogs: [{ scope: { name: 'gemini-cli' }, logRecords }] }] }
}

function geminiSpans(...all: readonly (readonly [name: string, attributes: Attributes])[]): object {
  const spans = all.map(([name, attributes], n) => ({
    traceId: 'd892c5b5799b773993ecd665378791bb',
    spanId: `3fba5bb53da33b8${n}`,
    name,
    startTimeUnixNano: nanos(n),
    endTimeUnixNano: nanos(n + 1),
    status: { code: 1 },
    attributes: pairs({
      'gen_ai.operation.name': name,
      'gen_ai.agent.name': 'gemini-cli',
      'gen_ai.conversation.id': SESSION,
      ...attributes,
    }),
  }))
  return {
    resourceSpans: [{ resource: GEMINI, scopeSpans: [{ scope: { name: 'gemini-cli', version: 'v1' }, spans }] }],
  }
}

describe('Codex CLI', () => {
  const events = eventsOf(
    codex(
      ['events/session_telemetry.rs:310', { 'event.name': 'codex.conversation_starts', approval_policy: 'never' }],
      ['events/session_telemetry.rs:512', { 'event.name': 'codex.user_prompt', prompt: 'read notes.txt' }],
      [
        'events/session_telemetry.rs:640',
        { 'event.name': 'codex.tool_decision', tool_name: 'exec_command', call_id: 'call_abc1', decision: 'approved' },
      ],
      [
        'tool_result.rs:54',
        {
          'event.name': 'codex.tool_result',
          tool_name: 'exec_command',
          tool_namespace: 'functions',
          call_id: 'call_abc1',
          duration_ms: '144',
          success: 'true',
          arguments: '{"cmd":"cat notes.txt"}',
          output: 'Process exited with code 0\nOutput:\nbuy milk\n',
          mcp_server: '',
        },
      ],
      [
        'events/session_telemetry.rs:201',
        { 'event.name': 'codex.api_request', 'http.response.status_code': '200', endpoint: '/responses' },
      ],
    ),
  )

  it('is an agent that was asked, called a tool once, and got its result', () => {
    expect(events).toMatchObject([
      { action: 'codex.conversation_starts', kind: 'api' },
      { action: 'user.message', kind: 'message' },
      { action: 'tool.decision', kind: 'control', target: 'exec_command', outcome: 'success' },
      { action: 'exec_command', kind: 'tool', target: 'cat notes.txt', outcome: 'success', source_id: 'call_abc1' },
      { action: 'codex.api_request', kind: 'api', outcome: 'success' },
    ])
  })

  it('is one identity of one kind, in its conversation', () => {
    const identities = events.map(({ identity, principal_kind: kind, session }) => `${identity} ${kind} ${session}`)
    expect(new Set(identities)).toEqual(new Set(['codex_exec agent 01a224de-7d28-7ab1-9bdb-58826603cc8a']))
  })
})

describe('Gemini CLI', () => {
  const logs = eventsOf(
    geminiLogs(
      { 'event.name': 'gemini_cli.user_prompt', prompt: 'read notes.txt', prompt_id: SESSION },
      { 'event.name': 'gemini_cli.file_operation', tool_name: 'read_file', operation: 'read', lines: 2 },
      {
        'event.name': 'gemini_cli.tool_call',
        function_name: 'read_file',
        function_args: '{\n  "file_path": "notes.txt"\n}',
        duration_ms: 19,
        success: true,
        decision: 'accept',
        prompt_id: SESSION,
        tool_type: 'native',
        content_length: 9,
      },
    ),
  )

  it('is an agent that was asked and called a tool once, though it tells of the call three times', () => {
    expect(logs).toMatchObject([
      { action: 'user.message', kind: 'message' },
      { action: 'gemini_cli.file_operation', kind: 'api' },
      { action: 'read_file', kind: 'tool', target: 'notes.txt', outcome: 'success' },
    ])
    expect(new Set(logs.map((event) => `${event.identity} ${event.principal_kind}`))).toEqual(
      new Set(['gemini-cli agent']),
    )
    const spans = geminiSpans(
      ['llm_call', { 'gen_ai.request.model': 'gemini-2.5-flash' }],
      ['tool_call', { 'gen_ai.tool.name': 'read_file', 'gen_ai.tool.call_id': 'read_file__read_file_1795914919935_0' }],
      ['schedule_tool_calls', {}],
    )
    expect(eventsOf(spans)).toEqual([])
  })

  it('calls its model once, though it tells of the request and of the answer', () => {
    const details = {
      'event.name': 'gen_ai.client.inference.operation.details',
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'gcp.gen_ai',
      'gen_ai.request.model': 'gemini-2.5-flash',
    }
    const usage = { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 5 }
    const answered = [details, { ...details, 'gen_ai.response.finish_reasons': 'stop', ...usage }]
    const error = {
      'event.name': 'gemini_cli.api_error',
      'error.message': 'quota',
      error_type: 'Error',
      status_code: 429,
    }
    expect(eventsOf(geminiLogs(...answered, details, details, error))).toMatchObject([
      { action: 'generate_content', outcome: 'success', tokens_in: 10, tokens_out: 5 },
      { action: 'gemini_cli.api_error', outcome: 'failure' },
    ])
  })

  it('has a span of another program judged as it is', () => {
    const other = geminiSpans(['tool_call', { 'gen_ai.tool.name': 'read_file' }])
    const text = JSON.stringify(other).replace('"name":"gemini-cli","version"', '"name":"a-fork","version"')
    expect(eventsOf(JSON.parse(text) as object)).toMatchObject([{ action: 'read_file', kind: 'tool' }])
  })
})
