/**
 * OpenAI's audit log, as `GET /v1/organization/audit_logs` lists it (`{"data": [...]}`): each record has what happened under
 * the name of its type, `api_key.created` under `api_key_created`. The provider has authenticated the actor.
 */
import type { Draft, Fields, Format, Problem } from '../format.ts'
import { cleanId } from '../lib/clean.ts'
import { pick, pickText, unwrap } from '../lib/audit.ts'
import { isObject, type Json, textOf } from '../lib/json.ts'
import { pastActivity } from '../lib/past.ts'
import { readTime } from '../lib/times.ts'
import { NAMES } from './names.ts'

const AUTH = /^(?:login|logout)\b/

interface Actor {
  readonly identity: string
  readonly kind: NonNullable<Fields['principal_kind']>
  readonly key: string
}

function actorOf(record: Json): Actor {
  const key = pickText(record, ['actor', 'api_key', 'id'])
  const account = pickText(record, ['actor', 'api_key', 'service_account', 'id'])
  if (account !== '') return { identity: account, kind: 'service', key }
  const user = pickText(
    record,
    ['actor', 'session', 'user', 'email'],
    ['actor', 'session', 'user', 'id'],
    ['actor', 'api_key', 'user', 'email'],
    ['actor', 'api_key', 'user', 'id'],
  )
  return { identity: user || key, kind: user === '' ? 'service' : 'person', key }
}

function fieldsOf(record: Json, { identity, kind, key }: Actor): Fields {
  const type = cleanId(textOf(record.type))
  const detail = pick(record, type.replaceAll('.', '_'))
  const failed = type.endsWith('.failed')
  return {
    source_id: textOf(record.id),
    principal_kind: kind,
    identity,
    role: pickText(record, ['actor', 'type']),
    owner: pickText(record, ['project', 'id']),
    identity_assurance: 'provider',
    credential: key,
    action: type,
    kind: AUTH.test(type) ? 'auth' : 'admin',
    activity: pastActivity(type),
    target: pickText(detail, ['resource_id'], ['id'], ['email'], ['principal_id']),
    target_kind: type.slice(0, Math.max(0, type.lastIndexOf('.'))),
    environment: pickText(record, ['project', 'id']),
    outcome: failed ? (AUTH.test(type) ? 'denied' : 'failure') : 'success',
    error: failed ? pickText(detail, ['error_code']) : '',
    source_address: pickText(record, ['actor', 'session', 'ip_address'], ['actor', 'ip_address']),
    user_agent: pickText(record, ['actor', 'session', 'user_agent'], ['actor', 'user_agent']),
  }
}

function drafts(record: unknown): readonly Draft[] | Problem {
  if (!isObject(record) || textOf(record.type) === '' || (record.actor ?? record.object) === undefined) {
    return { reason: 'malformed', detail: "type and actor must be there: this is no record of OpenAI's audit log" }
  }
  const actor = actorOf(record)
  if (actor.identity === '') {
    return { reason: 'unnamed', detail: 'actor names nobody: no session.user, no api_key' }
  }
  const id = textOf(record.id)
  return [
    { id: id === '' ? { body: record } : [id], time: readTime(record.effective_at), fields: fieldsOf(record, actor) },
  ]
}

const isRecord = (value: unknown): boolean =>
  isObject(value) &&
  textOf(value.type) !== '' &&
  (value.object === 'organization.audit_log' ||
    (isObject(value.actor) && value.effective_at !== undefined && pickText(value.actor, ['type']) !== ''))

export const openai: Format = {
  id: 'openai',
  title: "OpenAI's audit log",
  address: '/v1/openai',
  takes: 'records with type and actor: one, a list, lines, or {"data": [...]} as the API answers',
  names: NAMES,
  recognises: (value) => isRecord(unwrap(value, ['data'])[0]),
  records: (value) => unwrap(value, ['data']),
  drafts,
}
