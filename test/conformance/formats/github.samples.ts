/** Samples of GitHub's audit log. */
import { clone, type FormatSamples, flatWithTime, listOf, recorded } from './samples.ts'

const OWN: readonly unknown[] = [
  [
    {
      _document_id: 'aB3-1',
      '@timestamp': 1772366400123,
      action: 'repo.access',
      actor: 'release-agent',
      actor_id: 77,
      actor_is_agent: true,
      agent_session_id: 'session-7',
      actor_ip: '192.0.2.8',
      user_agent: 'copilot-agent/1.4',
      hashed_token: 'qmVVw1xFuTg0X2uYlJd7Wc0=',
      org: 'example-io',
      repo: 'example-io/shop',
      operation_type: 'modify',
    },
    {
      _document_id: 'aB3-2',
      '@timestamp': 1772366401000,
      action: 'org.add_member',
      actor: 'alice',
      org: 'example-io',
      user: 'mallory',
      operation_type: 'create',
    },
  ],
  {
    '@timestamp': 1772366402000,
    action: 'git.clone',
    actor: 'dependabot[bot]',
    actor_is_bot: true,
    org: 'example-io',
    repo: 'example-io/shop',
  },
]

const namesActor = (record: unknown): boolean => {
  const { action = '', actor, org, business } = record as Record<string, string | undefined>
  return (actor ?? '') !== '' && (org ?? business) !== undefined && /^[a-z0-9_]+\.[a-z0-9_.]+$/.test(action)
}

export const samples: FormatSamples = {
  own: OWN,
  recorded: recorded('github.ndjson').filter(namesActor),
  split: listOf,
  withTime: (request, iso) => {
    const bare = (one: Record<string, unknown>): Record<string, unknown> => {
      const { created_at: _, at_sign_timestamp: __, ...rest } = one
      return rest
    }
    const copy = clone(request)
    return flatWithTime('@timestamp', listOf)(
      Array.isArray(copy) ? listOf(copy).map(bare) : bare(copy as Record<string, unknown>),
      iso,
    )
  },
}
