/** Samples of Okta's system log. */
import { type FormatSamples, flatWithTime, recorded } from './samples.ts'

const OWN: readonly unknown[] = [
  {
    eventType: 'com.okta.event_hook',
    eventTypeVersion: '1.0',
    data: {
      events: [
        {
          uuid: '35cae732-0001',
          published: '2026-03-01T12:00:00.000Z',
          eventType: 'user.session.start',
          legacyEventType: 'core.user_auth.login_success',
          displayMessage: 'User login to Okta',
          severity: 'INFO',
          actor: { id: '00u1', type: 'User', alternateId: 'alice@example.com', displayName: 'Alice' },
          client: {
            ipAddress: '192.0.2.8',
            userAgent: { rawUserAgent: 'Mozilla/5.0', os: 'Linux', browser: 'FIREFOX' },
          },
          outcome: { result: 'SUCCESS' },
          authenticationContext: { externalSessionId: 'idx-session-1' },
          target: [],
        },
        {
          uuid: '35cae732-0002',
          published: '2026-03-01T12:00:01.000Z',
          eventType: 'group.user_membership.add',
          displayMessage: 'Add user to group membership',
          actor: { id: '0oa1', type: 'PublicClientApp', alternateId: 'hr-agent', displayName: 'HR agent' },
          outcome: { result: 'FAILURE', reason: 'INVALID_GROUP' },
          transaction: { type: 'JOB', id: 't1', detail: { requestApiTokenId: '00T1' } },
          target: [{ id: '00u2', type: 'User', alternateId: 'bob@example.com' }],
        },
      ],
    },
  },
  {
    uuid: '35cae732-0003',
    published: '2026-03-01T12:00:02.000Z',
    eventType: 'user.authentication.sso',
    displayMessage: 'User single sign on to app',
    actor: { id: '00u1', type: 'User', alternateId: 'alice@example.com' },
    outcome: { result: 'DENY' },
    target: [{ id: '0oa2', type: 'AppInstance', displayName: 'Ledger' }],
  },
]

const eventsOf = (request: unknown): Record<string, unknown>[] => {
  const { data } = request as { data?: { events: Record<string, unknown>[] } }
  return data?.events ?? [request as Record<string, unknown>]
}

const namesActor = (record: unknown): boolean => {
  const { actor, eventType, eventtype, displayMessage, displaymessage } = record as Record<string, unknown>
  const { id, alternateId, alternateid } = (actor ?? {}) as Record<string, unknown>
  return (
    (id ?? alternateId ?? alternateid) !== undefined &&
    (eventType ?? eventtype) !== undefined &&
    (displayMessage ?? displaymessage) !== undefined
  )
}

export const samples: FormatSamples = {
  own: OWN,
  recorded: recorded('okta.ndjson').filter(namesActor),
  split: eventsOf,
  withTime: flatWithTime('published', eventsOf),
}
