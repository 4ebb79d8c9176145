/** Samples of ToolHive's audit log: its fields and words are those of its source (pkg/audit). */
import { type FormatSamples, flatWithTime, listOf } from './samples.ts'

const AROUND = { level: 'INFO+2', msg: 'audit_event' }

const OWN: readonly unknown[] = [
  [
    {
      time: '2026-03-01T12:00:00.120Z',
      ...AROUND,
      audit_id: '0b1c2d3e-0001-4000-8000-000000000001',
      type: 'mcp_tool_call',
      logged_at: '2026-03-01T12:00:00.100Z',
      outcome: 'success',
      component: 'github-server',
      source: {
        type: 'network',
        value: '192.0.2.8',
        extra: { user_agent: 'node', request_id: 'r-1', session_id: 'mcp-session-1' },
      },
      subjects: {
        user: 'triage-bot@example.com',
        user_id: 'service-account-triage',
        client_name: 'triage',
        client_version: '1.4.0',
      },
      target: { endpoint: '/mcp', method: 'tools/call', name: 'get_file_contents', type: 'tool' },
      metadata: { extra: { duration_ms: 150, transport: 'http', response_size_bytes: 512 } },
      data: {
        request: {
          jsonrpc: '2.0',
          id: 7,
          method: 'tools/call',
          params: { name: 'get_file_contents', arguments: { path: 'docs/install.md', repo: 'tracker' } },
        },
        response: { jsonrpc: '2.0', id: 7, result: { content: [{ type: 'text', text: '# Install' }] } },
      },
    },
    {
      time: '2026-03-01T12:00:01.020Z',
      ...AROUND,
      audit_id: '0b1c2d3e-0002-4000-8000-000000000002',
      type: 'mcp_tools_list',
      logged_at: '2026-03-01T12:00:01Z',
      outcome: 'denied',
      component: 'vmcp-server',
      source: { type: 'network', value: '192.0.2.9', extra: {} },
      subjects: { user: 'anonymous' },
      target: { endpoint: '/mcp', method: 'tools/list', type: 'endpoint' },
      metadata: { extra: { duration_ms: 2, transport: 'sse', backend_name: 'ledger' } },
    },
    {
      time: '2026-03-01T12:00:02.020Z',
      ...AROUND,
      audit_id: '0b1c2d3e-0003-4000-8000-000000000003',
      type: 'mcp_resource_read',
      logged_at: '2026-03-01T12:00:02Z',
      outcome: 'application_error',
      component: 'ledger',
      source: { type: 'local', value: 'localhost', extra: {} },
      subjects: { user: 'Alice', user_id: 'u-17' },
      target: { endpoint: '/mcp', method: 'resources/read', name: 'ledger://accounts/7', type: 'resource' },
      metadata: { extra: { duration_ms: 9, transport: 'http', jsonrpc_error_code: -32002 } },
    },
  ],
  // As older versions wrote it.
  {
    metadata: { auditId: '0b1c2d3e-0004-4000-8000-000000000004', extra: { duration_ms: 3, transport: 'sse' } },
    type: 'mcp_tool_call',
    loggedAt: '2026-03-01T12:00:03Z',
    source: { type: 'network', value: '192.0.2.8', extra: { user_agent: 'node' } },
    outcome: 'failure',
    subjects: { user: 'service-account-triage' },
    component: 'fetch',
    target: { endpoint: '/messages', method: 'tools/call', name: 'fetch', type: 'tool' },
    data: { request: { method: 'tools/call', params: { name: 'fetch', arguments: { url: 'https://example.net/a' } } } },
  },
]

const TIMES = ['logged_at', 'loggedAt', 'time']

export const samples: FormatSamples = {
  own: OWN,
  recorded: [],
  split: listOf,
  withTime(request, iso) {
    const without = TIMES.reduce((copy, field) => flatWithTime(field, listOf)(copy, undefined), request)
    return flatWithTime('logged_at', listOf)(without, iso)
  },
}
