/**
 * Fires when an agent or service changes what people sign in with (somebody's password, recovery address, second factor
 * or sessions, or the company's single sign-on) or makes an administrator's key, and nobody approved it. High if it
 * locks out somebody on whose behalf it acts, or does two kinds of these within an hour.
 *
 * Why: people who are locked out cannot stop what is happening. An agent has no reason to touch its owner's sign-in. If
 * that is its job (a help desk), it does so every day.
 *
 * Misses: an agent that does so in its first days; one whose job it is and that does it to the wrong person; changes by
 * people, even with a stolen session; log sources with their own words for it.
 */
import Type from 'typebox'
import type { EventView } from '../../schemas/event.ts'
import { defineDetector } from '../detector.ts'
import { actions } from '../habits/actions.ts'
import { actWords, hasWord, namesItself, wordSet } from '../lib/act-words.ts'
import { small } from '../lib/fields.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const Settings = Type.Object({
  history_ms: Type.Integer({
    default: 3 * DAY_MS,
    description: 'What an identity does in its first days is its job',
  }),
})

const CHANGES = wordSet(
  'reset change update set modify edit delete remove disable deactivate revoke replace enroll enrol register deregister add create unlink invalidate terminate expire clear unassign reassign',
)
/** What people sign in with, in groups: two words of one group are one kind. */
const KINDS = [
  wordSet('password passphrase loginprofile passcode'),
  wordSet('mfa 2fa totp otp factor authenticator passkey webauthn fido yubikey'),
  wordSet('recovery'),
  wordSet('session login logout signin'),
  wordSet('sso saml oidc idp federation'),
]
const ADMIN = wordSet('admin administrator root superuser owner')
const KEYS = wordSet('key token credential apikey accesskey')

const SESSIONS = 3
/** Sessions with machines begin and end all the time: one is somebody's sign-in if it is revoked, or a word says so. */
const REVOKES = wordSet('revoke invalidate clear expire reset disable deactivate')
const SIGN_IN = wordSet('login logout signin user account')

/** Which kind of way in the act changes: an index of KINDS, one more for an administrator's key, -1 for none. */
function kindOf(event: EventView): number {
  const words = actWords(event)
  if (!hasWord(words, CHANGES)) return -1
  const kind = KINDS.findIndex((group) => hasWord(words, group))
  if (kind === SESSIONS && !hasWord(words, REVOKES) && !hasWord(words, SIGN_IN)) return -1
  if (kind >= 0) return kind
  return hasWord(words, ADMIN) && hasWord(words, KEYS) ? KINDS.length : -1
}

/** Whether the target names one of those on whose behalf the agent acts, or its owner. */
function shutsOutOwner(event: EventView): boolean {
  const target = event.target.toLowerCase()
  return [event.owner, ...event.on_behalf_of].some((name) => name.length >= 4 && target.includes(name.toLowerCase()))
}

const succeeded = (event: EventView): boolean => event.outcome === 'success' || event.outcome === 'unknown'

export const ownerLockout = defineDetector({
  id: 'identity/owner-lockout',
  version: 2,

  title: 'An agent changed how people sign in',
  severity: 'medium',
  mode: 'live',
  needs: { fields: [['action'], ['target']], learns_ms: 3 * 86_400_000 },
  techniques: ['T1098.001', 'T1531', 'T1556', 'ASI03'],
  falsePositives: ['An agent that takes over the help desk: record the approval with its acts'],

  settings: Settings,
  key: 'identity',
  uses: { actions },
  state: {},
  window: { lengthMs: HOUR_MS, state: { kinds: small() } },

  matches: (event) => event.principal_kind !== 'person' && succeeded(event) && kindOf(event) >= 0,
  step({ event, time, since, settings, habits, openWindow }) {
    // Its own session or key is its own business.
    if (event.approval !== '' || event.target === '' || namesItself(event)) return undefined
    if (!habits.actions.isNew || time - since < settings.history_ms) return undefined
    const window = openWindow()
    const before = window.kinds.value
    window.kinds.value = before | (2 ** kindOf(event))
    const isSecond = before !== 0 && window.kinds.value !== before
    const isOwner = shutsOutOwner(event)
    const isHigh = isSecond || isOwner
    return {
      why: `${event.identity} changed how ${isOwner ? 'its own owner signs' : 'somebody signs'} in (${event.action} on ${event.target}), for the first time and without an approval.`,
      observed: { action: event.action, target: event.target, kinds_within_an_hour: isSecond ? 2 : 1 },
      expected: { changes_of_sign_in: 0 },
      severity: isHigh ? 'high' : 'medium',
      level: isHigh ? 'high' : 'medium',
      window: Math.floor(time / DAY_MS),
      rooted: false,
    }
  },
})
