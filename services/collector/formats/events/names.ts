/** Which fields of canonical events name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every event',
    producerId: 'identity, id; without one H(event), number of equals before it in the request',
    identity: 'identity, else agent',
    instance: 'instance',
    owner: 'owner',
    session: 'session',
    credential: 'credential (an id), else HMAC(k, SHA-256(credential_secret))',
  },
]
