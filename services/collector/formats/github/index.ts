/**
 * GitHub's audit log, as the API, exports and streams give it: flat records with `action` and `actor`. Acts of coding agents
 * carry `actor_is_agent` and `agent_session_id`. GitHub has authenticated the actor.
 */
import type { Draft, Fields, Format, Problem } from '../format.ts'
import { isNamed, operationActivity, pickText, unwrap } from '../lib/audit.ts'
import { isObject, type Json, textOf } from '../lib/json.ts'
import { readNanos, readTime } from '../lib/times.ts'
import type { Activity } from '../lib/verbs.ts'
import { NAMES } from './names.ts'

const OPERATIONS: ReadonlyMap<string, Activity> = new Map([
  ['create', 'create'],
  ['access', 'read'],
  ['authentication', 'other'],
  ['modify', 'update'],
  ['remove', 'delete'],
  ['restore', 'update'],
  ['transfer', 'update'],
])
/** Actions by their first word: what lets somebody in, and what only moves code. */
const AUTH = /^(?:user|oauth_access|oauth_authorization|sso_response|external_identity)\./
const CODE = /^(?:git|pull_request|pull_request_review|issue|issue_comment|workflows|checks|codespaces|copilot)\b/

const targetOf = (record: Json): readonly [string, string] => {
  for (const key of ['repo', 'repository', 'user', 'team', 'name', 'org', 'business']) {
    const found = pickText(record, [key])
    if (found !== '') return [found, key === 'repository' ? 'repo' : key]
  }
  return ['', '']
}

function fieldsOf(record: Json, actor: string): Fields {
  const action = textOf(record.action)
  const [target, kind] = targetOf(record)
  const isAgent = record.actor_is_agent === true
  const isBot = record.actor_is_bot === true || actor.endsWith('[bot]')
  const failed = /(?:^|[._])(?:failed|fail|failure|denied|blocked|rejected)(?:[._]|$)/.test(action)
  return {
    source_id: pickText(record, ['_document_id']),
    principal_kind: isAgent ? 'agent' : isBot ? 'service' : 'person',
    identity: actor,
    owner: pickText(record, ['org'], ['business']),
    identity_assurance: 'provider',
    credential: pickText(record, ['hashed_token'], ['token_id']),
    session: pickText(record, ['agent_session_id']),
    action,
    kind: CODE.test(action) ? 'api' : AUTH.test(action) ? 'auth' : 'admin',
    activity: OPERATIONS.get(pickText(record, ['operation_type'])) ?? operationActivity(action),
    target,
    target_kind: kind,
    outcome: failed ? 'failure' : 'success',
    source_address: pickText(record, ['actor_ip']),
    user_agent: pickText(record, ['user_agent']),
  }
}

function drafts(record: unknown): readonly Draft[] | Problem {
  if (!isObject(record) || textOf(record.action) === '') {
    return { reason: 'malformed', detail: "the field action is missing: this is no record of GitHub's audit log" }
  }
  const actor = pickText(record, ['actor'], ['application_name'], ['programmatic_access_type'])
  if (actor === '') return { reason: 'unnamed', detail: 'the field actor is missing: the record names nobody' }
  const id = pickText(record, ['_document_id'])
  const time = record['@timestamp'] ?? record.created_at ?? record.at_sign_timestamp
  return [
    {
      id: id === '' ? { body: record } : [id],
      time: readTime(time),
      timeNs: readNanos(time),
      fields: fieldsOf(record, actor),
    },
  ]
}

const isRecord = (value: unknown): boolean =>
  isNamed(value, 'action', 'actor') &&
  /^[a-z0-9_]+\.[a-z0-9_.]+$/.test(textOf(value.action)) &&
  ['org', 'org_id', 'business', '_document_id', 'actor_id'].some((key) => Object.hasOwn(value, key))

export const github: Format = {
  id: 'github',
  title: 'GitHub audit log',
  address: '/v1/github',
  takes: 'records with action and actor: one, a list or lines, as the API, an export or a stream gives them',
  names: NAMES,
  recognises: (value) => isRecord(Array.isArray(value) ? value[0] : value),
  records: (value) => unwrap(value),
  drafts,
}
