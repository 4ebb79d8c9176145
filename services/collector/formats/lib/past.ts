/** What was done, from the participle at the end of event names in providers' audit logs: `api_key.created`. */
import { lookup } from '../../../../schemas/lookup.ts'
import type { Activity } from './verbs.ts'

const DONE: Readonly<Record<Exclude<Activity, 'unknown' | 'list'>, string>> = {
  create:
    'created added sent granted uploaded connected invited registered enabled activated accepted shared assigned published',
  update:
    'updated toggled changed transferred renamed disabled deactivated rotated restored archived unarchived moved modified set',
  delete: 'deleted removed revoked disconnected uninvited destroyed canceled cancelled unassigned unshared',
  read: 'viewed read downloaded exported accessed retrieved opened',
  other: 'succeeded failed requested started completed',
}

const ACTIVITY_OF = lookup(
  Object.fromEntries(
    Object.entries(DONE).flatMap(([activity, words]) => words.split(' ').map((word) => [word, activity as Activity])),
  ),
)

/** The activity of a name that ends in a participle; `unknown` if it ends in no known one. */
export const pastActivity = (name: string): Activity =>
  ACTIVITY_OF[/[a-z]+$/.exec(name.toLowerCase())?.[0] ?? ''] ?? 'unknown'
