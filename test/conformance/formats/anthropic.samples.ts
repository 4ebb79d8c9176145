/** Samples of Anthropic's activity feed. */
import { type FormatSamples, flatWithTime, listOf } from './samples.ts'

const activity = (id: string, type: string, more: object, actor: object = {}): object => ({
  id,
  created_at: '2026-03-01T12:00:00Z',
  organization_id: 'org_01',
  type,
  actor: {
    type: 'user_actor',
    email_address: 'ada@example.com',
    user_id: 'user_01',
    ip_address: '192.0.2.8',
    ...actor,
  },
  ...more,
})

const OWN: readonly unknown[] = [
  {
    data: [
      activity('activity_01', 'mcp_server_created', { mcp_server_id: 'mcpsrv_01', mcp_server_name: 'Warehouse' }),
      activity('activity_02', 'claude_artifact_sharing_updated', {
        claude_artifact_id: 'artifact_01',
        audience: [{ type: 'public' }],
      }),
      activity('activity_03', 'org_user_deleted', {
        deleted_user_id: 'user_02',
        deleted_user_email: 'bob@example.com',
      }),
    ],
    has_more: false,
  },
  activity(
    'activity_04',
    'sso_login_failed',
    {},
    { type: 'unauthenticated_user_actor', email_address: undefined, user_id: undefined },
  ),
  activity(
    'activity_05',
    'service_key_revoked',
    { service_key_id: 'skey_01' },
    { type: 'admin_api_key_actor', email_address: undefined, user_id: undefined, admin_api_key_id: 'key_admin' },
  ),
].map((one) => JSON.parse(JSON.stringify(one)) as unknown)

const records = (copy: unknown): Record<string, unknown>[] =>
  (copy as { data?: Record<string, unknown>[] }).data ?? listOf(copy)

export const samples: FormatSamples = {
  own: OWN,
  recorded: [],
  split: (request) => records(request),
  withTime: flatWithTime('created_at', records),
}
