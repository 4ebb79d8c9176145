/** Agents that follow no convention but say flatly what they called: they are seen, and services stay services. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '../../schemas/event.ts'
import { DETECTORS } from '../../detectors/registry.ts'
import type { Finding } from '../../schemas/finding.ts'
import { addReplay } from '../../services/commands/replay/replay.ts'
import { normalise } from '../../services/collector/normalise.ts'
import { type CommandRoom, createCommandRoom } from '../support/command-room.ts'
import { normaliseContext } from '../support/normalise.ts'

const pairs = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : value,
  }))
const request = (
  resource: Record<string, unknown>,
  ...records: { name: string; body?: unknown; attributes: Record<string, unknown> }[]
) => ({
  resourceLogs: [
    {
      resource: { attributes: pairs(resource) },
      scopeLogs: [
        {
          scope: { name: 'builder' },
          logRecords: records.map(({ name, body, attributes }, n) => ({
            timeUnixNano: '0',
            observedTimeUnixNano: `179568444${n}121000000`,
            attributes: pairs({ 'event.name': name, ...attributes }),
            ...(body === undefined ? {} : { body }),
          })),
        },
      ],
    },
  ],
})
function eventsOf(body: unknown): Event[] {
  const result = normalise('otlp', body, normaliseContext({ receiptTime: Date.UTC(2026, 11, 1) }))
  if (!result.ok) throw new Error(result.detail)
  expect(result.rejected).toEqual([])
  return result.events
}

const CURL = '{"cmd": "curl -s https://www.moltbook.com/api/v1/posts"}'
const FIRST = request(
  { 'service.name': 'builder-cli' },
  {
    name: 'event core/src/telemetry.rs:118',
    attributes: {
      'conversation.id': 'give-01',
      tool_name: 'run_command',
      call_id: 'call_1',
      arguments: CURL,
      success: 'false',
      output: 'timed out',
    },
  },
  {
    name: 'event core/src/telemetry.rs:97',
    attributes: { 'conversation.id': 'give-01', prompt: 'Fix the failing test' },
  },
)
const SECOND = request(
  { 'service.name': 'helper-b' },
  {
    name: 'agent.tool.call',
    attributes: {
      'session.id': 'give-01b',
      'tool.name': 'http_get',
      'tool.arguments': '{"url": "https://www.moltbook.com/"}',
    },
  },
)
const THIRD = request(
  { 'service.name': 'builder-cli', 'gen_ai.agent.id': 'builder-7' },
  {
    name: 'builder.tool_result',
    attributes: { 'conversation.id': 'give-01c', tool_name: 'run_command', arguments: CURL },
  },
)

describe('a call that is said flatly', () => {
  it('is a call of an agent, with target, peer and outcome', () => {
    expect(eventsOf(FIRST)).toMatchObject([
      {
        action: 'run_command',
        kind: 'tool',
        principal_kind: 'agent',
        session: 'give-01',
        target: 'curl -s https://www.moltbook.com/api/v1/posts',
        peer: 'www.moltbook.com',
        outcome: 'failure',
        source_id: 'call_1',
      },
      { action: 'user.message', kind: 'message', principal_kind: 'agent' },
    ])
    expect(eventsOf(FIRST)[1]?.indicators).not.toBe('')
    expect(eventsOf(SECOND)).toMatchObject([
      {
        action: 'http_get',
        kind: 'tool',
        principal_kind: 'agent',
        target: 'https://www.moltbook.com/',
        peer: 'www.moltbook.com',
      },
    ])
    expect(eventsOf(THIRD)).toMatchObject([
      { action: 'run_command', kind: 'tool', principal_kind: 'agent', peer: 'www.moltbook.com' },
    ])
  })

  it.each([
    [
      { function_name: 'web_fetch', function_args: '{"url": "https://a.example.com/x"}' },
      'web_fetch',
      'https://a.example.com/x',
    ],
    [{ toolName: 'read', tool_input: '{"path": "/etc/hosts"}' }, 'read', '/etc/hosts'],
    [
      { 'tool_call.function.name': 'read', 'tool_call.function.arguments': '{"path": "/etc/hosts"}' },
      'read',
      '/etc/hosts',
    ],
    [{ tool: 'read', args: '{"path": "/etc/hosts"}' }, 'read', '/etc/hosts'],
  ])('in whatever plain names: %j', (attributes, action, target) => {
    expect(eventsOf(request({ 'service.name': 'a' }, { name: 'x', attributes }))).toMatchObject([
      { action, target, kind: 'tool', principal_kind: 'agent' },
    ])
  })

  it('where only the name of the record says so', () => {
    const attributes = { tool: 'shell', input: CURL, sessionId: 's' }
    expect(eventsOf(request({ 'service.name': 'a' }, { name: 'tool_use', attributes }))).toMatchObject([
      { action: 'shell', kind: 'tool', principal_kind: 'agent', peer: 'www.moltbook.com' },
    ])
    expect(
      eventsOf(request({ 'service.name': 'a' }, { name: 'toolbox.used', attributes: { tool: 'lathe' } })),
    ).toMatchObject([{ action: 'toolbox.used', kind: 'api', principal_kind: 'service' }])
  })

  it('also in a structured body', () => {
    const body = {
      kvlistValue: { values: pairs({ tool_name: 'read', arguments: '{"path": "/etc/hosts"}', session_id: 's' }) },
    }
    expect(eventsOf(request({ 'service.name': 'a' }, { name: 'x', body, attributes: {} }))).toMatchObject([
      { action: 'read', target: '/etc/hosts', session: 's', principal_kind: 'agent' },
    ])
  })

  it('but a decision about one is no call', () => {
    const attributes = { tool_name: 'shell', call_id: 'c1', decision: 'denied', 'conversation.id': 's' }
    expect(eventsOf(request({ 'service.name': 'a' }, { name: 'cli.tool_decision', attributes }))).toMatchObject([
      { action: 'tool.decision', kind: 'control', target: 'shell', outcome: 'denied' },
    ])
  })
})

describe('what is not said of tools', () => {
  it.each([
    [{ prompt: '[REDACTED]', 'session.id': 's' }, 'x', 'x'],
    [{ prompt: 'Continue? [y/n]' }, 'shell.prompt', 'shell.prompt'],
    [{ name: 'cron', arguments: '--daily' }, 'job.started', 'job.started'],
    [{ 'session.id': 's' }, 'src/main.go:77', 'log'],
    [{ 'session.id': 's' }, 'The user was logged out after ten minutes', 'log'],
  ])('%j stays an act of a service', (attributes, name, action) => {
    expect(eventsOf(request({ 'service.name': 'svc' }, { name, attributes }))).toMatchObject([
      { action, kind: 'api', principal_kind: 'service' },
    ])
  })
})

describe('each of these contacts', () => {
  let room: CommandRoom
  beforeAll(() => {
    room = createCommandRoom()
  })
  afterAll(() => room.clear())

  it.each([
    ['first', FIRST],
    ['second', SECOND],
    ['third', THIRD],
  ])('is found: the %s', async (name, body) => {
    const { out } = await room.run(addReplay, ['replay', room.file(`${name}.ndjson`, JSON.stringify(body))], DETECTORS)
    const findings = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Finding)
    expect(findings).toMatchObject([{ detector: 'peer/known-agent-network', severity: 'high' }])
  })
})
