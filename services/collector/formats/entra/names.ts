/** Which fields of Entra and Azure logs name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId: 'properties.id, else id; without one H(record), number of equals before it in the request',
    identity:
      'sign-in: servicePrincipalId, else userPrincipalName; audit: initiatedBy.user or .app; activity: the caller of claims, else caller',
    instance: 'none',
    owner: 'tenantId',
    session: 'properties.sessionId, else uniqueTokenIdentifier',
    credential: 'servicePrincipalCredentialKeyId, else uniqueTokenIdentifier',
  },
]
