/** Which fields of GitHub's audit log name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId: '_document_id; without one H(record), number of equals before it in the request',
    identity: 'actor, else programmatic_access_type with token_id or the application',
    instance: 'none',
    owner: 'org, else business',
    session: 'agent_session_id, else external_identity_nameid',
    credential: 'hashed_token, else token_id',
  },
]
