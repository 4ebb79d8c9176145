/** Which fields of CloudTrail name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId: 'eventID; without one H(record), number of equals before it in the request',
    identity:
      'assumed role: ARN of the role; SSO role: ARN of the session, because the session is the person; IAM user: its ARN; federated user, root: ARN; user of IAM Identity Center or a directory: id of the user, else userName; service: invokedBy; another account: id of the role or user, else account; else principalId or account',
    instance: 'assumed role: session name, also of another account',
    owner: 'userIdentity.accountId, else recipientAccountId',
    session: 'accessKeyId of temporary credentials (ASIA...)',
    credential: 'accessKeyId, else credentialId',
  },
]
