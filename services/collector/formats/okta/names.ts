/** Which fields of Okta's system log name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId: 'uuid; without one H(record), number of equals before it in the request',
    identity: 'actor.alternateId, else actor.id, else actor.displayName',
    instance: 'none',
    owner: 'none',
    session: 'authenticationContext.externalSessionId',
    credential: 'transaction.detail.requestApiTokenId, else authenticationContext.externalSessionId',
  },
]
