/**
 * What an action does to its target, read from the words of its name: the first word that is a known verb says it. The
 * table is English, as the names of tools and API operations are.
 */
import type { ACTIVITIES } from '../../../../schemas/event.ts'
import { memo } from '../../memo.ts'

export type Activity = (typeof ACTIVITIES)[number]

const VERBS: Readonly<Record<Exclude<Activity, 'unknown'>, string>> = {
  read:
    'get read view show fetch browse download open cat describe check inspect retrieve lookup head peek load export ' +
    'select query ask pull monitor watch test validate preview decrypt receive extract summarize summarise analyze ' +
    'analyse screenshot snapshot scrape crawl head tail stat whoami recall poll count batchget visit navigate webfetch',
  list: 'list search find ls dir enumerate scan glob grep discover tree index websearch',
  create:
    'create add insert new make send post publish invite register buy order book schedule submit clone copy generate ' +
    'upload grant attach star issue mkdir touch pay donate subscribe follow comment reply forward share mint allocate ' +
    'associate launch provision import authorize assign fork append notify email dm tweet message',
  update:
    'update set edit put modify change patch move rename push write replace transfer reschedule enable disable merge commit ' +
    'approve refund tag reset rotate restore promote alter configure save store input fill type click upsert mark ' +
    'reboot stop start pause resume deny reject accept vote upvote downvote like str_replace',
  delete:
    'delete remove rm destroy drop clear purge revoke cancel unstar uninstall terminate erase wipe deregister detach ' +
    'disassociate deallocate release unfollow unsubscribe leave kick ban forget shred truncate',
  other:
    'login logout signin signout verify run exec execute bash shell call invoke checkout assume authenticate confirm ' +
    'encrypt sign sleep wait think plan delegate handoff task agent',
}

const ACTIVITY_OF = new Map<string, Activity>(
  Object.entries(VERBS).flatMap(([activity, words]) =>
    words.split(' ').map((word) => [word, activity as Activity] as const),
  ),
)

/** The words of a name: `GetObject`, `get_object`, `get-object` and `s3.getObject` read alike. */
export const wordsOf = (name: string): readonly string[] => wordsOfShort(name.slice(0, WORDS_CHARS_MAX))

const WORDS_CHARS_MAX = 128
const wordsOfShort = memo((name): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== ''),
)

const DESCRIBES_MANY = new Set(['describe', 'get', 'batch', 'lookup'])

/** The activity in a name; `unknown` if none of its words is a known verb. */
export const activityOf = memo((name): Activity => {
  for (const word of wordsOf(name)) {
    const activity = ACTIVITY_OF.get(word)
    if (activity !== undefined) return activity
  }
  return 'unknown'
})

/** Like `activityOf`, for API operations, where `DescribeInstances` lists and `DescribeInstanceAttribute` reads. */
export const apiActivityOf = memo((name): Activity => {
  const activity = activityOf(name)
  const words = wordsOf(name)
  // `RunInstances` creates something; a tool called `run` does whatever it is given.
  if (words[0] === 'run') return 'create'
  const many = DESCRIBES_MANY.has(words[0] ?? '') && /[^su]s$/.test(words.at(-1) ?? '')
  return activity === 'read' && many ? 'list' : activity
})

/** The activity of an HTTP method; `unknown` if it is not one. */
export function methodActivity(method: string): Activity {
  switch (method.toUpperCase()) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
      return 'read'
    case 'POST':
      return 'create'
    case 'PUT':
    case 'PATCH':
      return 'update'
    case 'DELETE':
      return 'delete'
    default:
      return 'unknown'
  }
}
