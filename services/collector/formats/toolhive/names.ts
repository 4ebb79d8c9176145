/** Which fields of ToolHive's audit log name what; `docs/formats.md` prints this table. */
import type { FormatNames } from '../format.ts'

export const NAMES: readonly FormatNames[] = [
  {
    records: 'every record',
    producerId: 'audit_id',
    identity: 'subjects.user_id, else subjects.user',
    instance: 'none',
    owner: 'none',
    session: 'source.extra.session_id',
    credential: 'none',
  },
]
