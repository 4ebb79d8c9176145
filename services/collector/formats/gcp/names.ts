/** Which fields of Google Cloud audit logs name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId:
      'logName, insertId, timestamp; without an insertId H(record), number of equals before it in the request',
    identity: 'authenticationInfo.principalEmail, else principalSubject',
    instance: 'none',
    owner: 'project of the resource, else the first two parts of logName',
    session: 'none',
    credential: 'authenticationInfo.serviceAccountKeyName',
  },
]
