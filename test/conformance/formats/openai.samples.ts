/** Samples of OpenAI's audit log. */
import { type FormatSamples, flatWithTime, listOf } from './samples.ts'

const USER = { user: { id: 'user-01', email: 'ada@example.com' }, ip_address: '192.0.2.8', user_agent: 'Mozilla/5.0' }
const record = (
  id: string,
  type: string,
  more: object,
  actor: object = { type: 'session', session: USER },
): object => ({
  id,
  object: 'organization.audit_log',
  type,
  effective_at: 1_772_366_400,
  actor,
  ...more,
})

const OWN: readonly unknown[] = [
  {
    object: 'list',
    data: [
      record('audit_log-1', 'api_key.created', {
        api_key_created: { id: 'key-01', data: { scopes: ['all'] } },
        project: { id: 'proj-1' },
      }),
      record('audit_log-2', 'role.assignment.created', {
        role_assignment_created: {
          id: 'ra-1',
          principal_id: 'user-02',
          resource_id: 'org-1',
          resource_type: 'api.organization',
        },
      }),
    ],
  },
  record('audit_log-3', 'login.failed', { login_failed: { error_code: 'invalid_credentials', error_message: 'no' } }),
  record(
    'audit_log-4',
    'project.updated',
    { project_updated: { id: 'proj-1' } },
    {
      type: 'api_key',
      api_key: { id: 'key-02', type: 'service_account', service_account: { id: 'svc-deploy' } },
    },
  ),
]

const records = (copy: unknown): Record<string, unknown>[] =>
  (copy as { data?: Record<string, unknown>[] }).data ?? listOf(copy)

export const samples: FormatSamples = {
  own: OWN,
  recorded: [],
  split: (request) => records(request),
  withTime: flatWithTime('effective_at', records),
}
