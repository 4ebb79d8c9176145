/** Which fields of Anthropic's activity feed name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every activity',
    producerId: 'id; without one H(record), number of equals before it in the request',
    identity: 'actor.email_address, else the id in actor (user_id, api_key_id and others), else actor.type',
    instance: 'none',
    owner: 'organization_id, else organization_uuid',
    session: 'none',
    credential: 'actor.api_key_id, else actor.admin_api_key_id',
  },
]
