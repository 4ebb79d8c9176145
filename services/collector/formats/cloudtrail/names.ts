/** Which fields of CloudTrail name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId: 'eventID; without one H(record), number of equals before it in the request',
    identity:
      'assumed role: ARN of the role; SSO role: ARN of the session, because the session is the person; IAM user: its ARN; federated user, root: ARN; service: invokedBy; else principalId or account',
    instance: 'assumed role: session name',
    owner: 'userIdentity.accountId, else recipientAccountId',
    session: 'accessKeyId of temporary credentials (ASIA...)',
    credential: 'accessKeyId',
  },
]
