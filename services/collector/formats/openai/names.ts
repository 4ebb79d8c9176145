/** Which fields of OpenAI's audit log name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId: 'id; without one H(record), number of equals before it in the request',
    identity:
      'actor.session.user.email, else its id; of an API key service_account.id, else user.email, else user.id, else the id of the key',
    instance: 'none',
    owner: 'project.id',
    session: 'none',
    credential: 'actor.api_key.id',
  },
]
