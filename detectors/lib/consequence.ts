/**
 * The consequence of an act: it reads, lists, writes, deletes, runs something, sends data out, changes permissions,
 * acts on credentials, or changes what is logged. A table of words and a rule over them, so that it also covers the
 * operations of services that nobody has listed.
 *
 * The rule: the name is cut into words (`iam:CreateAccessKey`, `kms.keys.list`, `delete_user`). The verb is the first
 * word if that is one, else the last, else any. If no word is a verb, the producer's activity is used instead. Nouns
 * then raise the class: a changing verb with a noun of permissions, credentials or logging, a reading verb with the
 * secret itself. To describe a secret is to read, and to begin to log is to write.
 */
import type { EventView } from '../../schemas/event.ts'
import { Answers } from './answers.ts'

export const CONSEQUENCES = [
  'other',
  'list',
  'read',
  'write',
  'execute',
  'delete',
  'send',
  'access',
  'credential',
  'logging',
] as const
export type Consequence = (typeof CONSEQUENCES)[number]

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

const VERBS: readonly (readonly [Consequence, ReadonlySet<string>])[] = [
  ['list', words('list ls scan enumerate describe discover browse index batchdescribe')],
  [
    'read',
    words(
      'get read head fetch download view query select search find lookup show check test validate count watch open load export import describe batchget generate estimate preview simulate poll receive subscribe retrieve print cat grep diff status inspect verify ping',
    ),
  ],
  [
    'write',
    words(
      'create put update modify set add attach write insert upsert deploy patch post apply register enable restore tag untag associate edit append save rename move copy upload commit push merge release replace allocate build make new change assign join provision configure grant bind authorize authorise allow permit invite promote schedule label comment reply resize scale rollout reboot start resume renew rotate import accept approve',
    ),
  ],
  [
    'delete',
    words(
      'delete remove terminate destroy drop purge wipe truncate erase rm deregister detach disassociate cancel kill unlink uninstall stop disable suspend revoke reset clear archive format shred',
    ),
  ],
  ['execute', words('exec execute run invoke ssh shell bash eval spawn call launch portforward')],
  [
    'send',
    words(
      'send share publish forward transfer pay email mail notify broadcast replicate sync mirror wire submit upload',
    ),
  ],
]

/** Nouns of who may do what. */
const ACCESS = words(
  'policy policies role roles rolebinding rolebindings clusterrole clusterroles clusterrolebinding clusterrolebindings binding bindings permission permissions grant grants acl acls privilege privileges entitlement entitlements scope scopes consent member members membership admin admins administrator mfa sso saml federation idp boundary trust impersonation delegation user users group groups account accounts serviceaccount serviceaccounts principal principals agent agents bot bots identity identities owner ownership',
)
/** Nouns of what one acts with. */
const CREDENTIAL = words(
  'secret secrets password passwords passwd credential credentials token tokens apikey apikeys accesskey accesskeys certificate certificates loginprofile passphrase keypair keytab otp vault keystore sshkey',
)
/** `key` alone is anything; after one of these it is a credential. */
const KEY_OF = words('access api ssh private public secret signing service account host deploy master')
/** Nouns of what watches. */
const LOGGING = words(
  'log logs logging trail trails audit auditing alarm alarms alert alerts guardrail guardrails flowlog flowlogs sink sinks telemetry siem edr diagnostic diagnostics recorder monitoring guardduty detector detectors cloudtrail securityhub defender retention',
)

/** What only describes a credential, and does not give it out. */
const DESCRIBES = words('describe list ls status metadata tag tags count exists')
/** Verbs that build up what watches. */
const BUILDS = words('create start enable resume restore')
/** What makes it watch less, whatever the verb. */
const BLINDS = words(
  'exclusion exclusions exception exceptions suppression suppressions filter filters mute silence ignore',
)

/** Words that change permissions although no verb says so. */
const ASSUMES = words('assume impersonate elevate escalate delegate sudo')

/** What people say to an agent is not its own act. */
const SAID = words('user.message')

function wordsOf(action: string): string[] {
  return action
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

const verbOf = (word: string | undefined): Consequence | undefined =>
  word === undefined ? undefined : VERBS.find(([, known]) => known.has(word))?.[0]

/** Where an operation's own words begin: after the service (`iam:`, `iam.amazonaws.com/`). */
const operationOf = (action: string): string => action.slice(action.lastIndexOf(':') + 1)

const ACTIVITY: ReadonlyMap<string, Consequence> = new Map([
  ['create', 'write'],
  ['update', 'write'],
  ['delete', 'delete'],
  ['list', 'list'],
  ['read', 'read'],
])

function classify(action: string, activity: string, targetKind: string): Consequence {
  const own = wordsOf(operationOf(action))
  const said = own.flatMap((word) => verbOf(word) ?? [])
  const verb = verbOf(own[0]) ?? verbOf(own.at(-1)) ?? said[0] ?? 'other'
  const base = verb === 'other' || (verb !== 'send' && verb !== 'execute') ? (ACTIVITY.get(activity) ?? verb) : verb
  // A name of one word leaves it to the kind of target what the act is about.
  const all = own.length > 1 ? wordsOf(action) : [...own, ...wordsOf(targetKind)]
  const has = (set: ReadonlySet<string>): boolean => all.some((word) => set.has(word))
  const isKey = all.some(
    (word, i) =>
      i > 0 &&
      (((word === 'key' || word === 'keys') && KEY_OF.has(all[i - 1] as string)) ||
        (word.startsWith('profile') && all[i - 1] === 'login')),
  )
  if (own.some((word) => ASSUMES.has(word))) return 'credential'
  const isCredential = isKey || has(CREDENTIAL)
  if (base === 'list' || base === 'other') return base
  // Of keys that are read by name only the description comes back; a secret comes back itself.
  if (base === 'read') return has(CREDENTIAL) && !own.some((word) => DESCRIBES.has(word)) ? 'credential' : 'read'
  if (isCredential) return 'credential'
  if (base === 'write' || base === 'delete') {
    if (SAID.has(action)) return 'other'
    if (has(LOGGING)) return BUILDS.has(own[0] ?? '') && !has(BLINDS) ? base : 'logging'
    if (has(ACCESS)) return 'access'
  }
  return base
}

/** Answers of `classify`, by activity and kind of target, then by action. */
const answers = new Answers<Consequence>()

/** The last answer: several readers ask of one event. */
let last: { readonly action: string; readonly activity: string; readonly kind: string; readonly found: Consequence } = {
  action: '',
  activity: '',
  kind: '',
  found: 'other',
}

export function consequenceOf(event: Pick<EventView, 'action' | 'activity' | 'target_kind'>): Consequence {
  const { action, activity, target_kind: kind } = event
  if (action !== last.action || activity !== last.activity || kind !== last.kind)
    last = { action, activity, kind, found: known(action, activity, kind) }
  return last.found
}

function known(action: string, activity: string, kind: string): Consequence {
  const key = `${activity} ${kind}`
  return answers.get(key, action) ?? answers.keep(key, action, classify(action, activity, kind))
}

/** Whether it changes permissions, acts on credentials, or changes what is logged. */
export const isReach = (consequence: Consequence): boolean =>
  consequence === 'access' || consequence === 'credential' || consequence === 'logging'

/** Whether it only looks. */
export const isLook = (consequence: Consequence): boolean => consequence === 'list' || consequence === 'read'

/** Whether it leaves something behind: anything but looking. */
export const isChange = (consequence: Consequence): boolean => consequence !== 'other' && !isLook(consequence)
