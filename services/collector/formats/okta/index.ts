/**
 * Okta's system log, as its API lists it and as event hooks post it (`{"data": {"events": [...]}}`). Okta has authenticated
 * the actor. What an actor did to several targets is one event about the first; the others are its instances of one act.
 */
import type { Draft, Fields, Format, Problem } from '../format.ts'
import { operationActivity, pick, pickText, unwrap } from '../lib/audit.ts'
import { isObject, listOf } from '../lib/json.ts'
import { outcomeOfWord } from '../lib/outcomes.ts'
import { readTime } from '../lib/times.ts'
import { NAMES } from './names.ts'

const AUTH = /^user\.(?:authentication|session|mfa|account\.unlock)|^app\.oauth2/
const ADMIN =
  /^(?:system|policy|group|application|zone|security|iam|user\.(?:account|lifecycle|risk)|app\.(?:access_request|user_management))/
const UNKNOWN = /^(?:unknown|null)$/i
const known = (text: string): string => (UNKNOWN.test(text) ? '' : text)

function fieldsOf(record: unknown, identity: string): Fields {
  const action = pickText(record, ['eventType'])
  const [target] = listOf(pick(record, 'target'))
  const session = known(pickText(record, ['authenticationContext', 'externalSessionId']))
  const type = pickText(record, ['actor', 'type'])
  const reason = pickText(record, ['outcome', 'reason'])
  const result = pickText(record, ['outcome', 'result'])
  const outcome = /^(?:challenge|skipped|unknown)$/i.test(result) ? 'unknown' : outcomeOfWord(result)
  return {
    source_id: pickText(record, ['uuid']),
    principal_kind: type === 'User' || type === '' ? 'person' : 'service',
    identity,
    role: type,
    identity_assurance: 'provider',
    credential: pickText(record, ['transaction', 'detail', 'requestApiTokenId']) || session,
    session,
    action,
    kind: AUTH.test(action) ? 'auth' : ADMIN.test(action) ? 'admin' : 'api',
    activity: operationActivity(action),
    target: pickText(target, ['alternateId'], ['displayName'], ['id']),
    target_kind: pickText(target, ['type']),
    outcome,
    error: outcome === 'success' ? '' : reason,
    source_address: pickText(record, ['client', 'ipAddress'], ['request', 'ipChain', 0, 'ip']),
    user_agent: known(pickText(record, ['client', 'userAgent', 'rawUserAgent'])),
  }
}

function drafts(record: unknown): readonly Draft[] | Problem {
  const action = pickText(record, ['eventType'])
  if (!isObject(record) || action === '') {
    return { reason: 'malformed', detail: "the field eventType is missing: this is no record of Okta's system log" }
  }
  const identity =
    known(pickText(record, ['actor', 'alternateId'])) || pickText(record, ['actor', 'id'], ['actor', 'displayName'])
  if (identity === '') return { reason: 'unnamed', detail: 'actor is missing: the record names nobody' }
  const uuid = pickText(record, ['uuid'])
  return [
    {
      id: uuid === '' ? { body: record } : [uuid],
      time: readTime(pick(record, 'published')),
      fields: fieldsOf(record, identity),
    },
  ]
}

const isRecord = (value: unknown): boolean =>
  pickText(value, ['eventType']) !== '' &&
  (pick(value, 'legacyEventType') ?? pick(value, 'displayMessage') ?? pick(value, 'actor', 'alternateId')) !== undefined

export const okta: Format = {
  id: 'okta',
  title: 'Okta system log',
  address: '/v1/okta',
  takes:
    'records with eventType and actor: one, a list or lines, or the body of an event hook with them in data.events',
  names: NAMES,
  recognises: (value) => isRecord(unwrap(value, ['data', 'events'])[0]),
  records: (value) => unwrap(value, ['data', 'events']),
  drafts,
}
