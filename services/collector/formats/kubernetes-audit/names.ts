/** Which fields of Kubernetes audit events name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'request that has ended',
    producerId: 'auditID, stage; without one H(record), number of equals before it in the request',
    identity: 'impersonatedUser.username, else user.username',
    instance: 'user.extra: authentication.kubernetes.io/pod-name',
    owner: 'namespace of the service account, else empty',
    session: 'none',
    credential: 'user.extra: authentication.kubernetes.io/credential-id',
  },
]
