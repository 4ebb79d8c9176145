/**
 * Anthropic's activity feed of the Compliance API: who did what in a Claude organisation, newest first, as `GET
 * /v1/compliance/activities` lists it (`{"data": [...]}`). The provider has authenticated the actor. An activity reports
 * what happened, so it is a success unless its name says otherwise.
 */
import type { Draft, Fields, Format, Problem } from '../format.ts'
import { pick, pickText, unwrap } from '../lib/audit.ts'
import { isObject, type Json, textOf } from '../lib/json.ts'
import { pastActivity } from '../lib/past.ts'
import { readTime } from '../lib/times.ts'
import { NAMES } from './names.ts'

const AUTH = /(?:^|_)(?:log(?:in|out)|sign(?:in|out)|session)(?:_|$)/
/** What people and agents do with Claude; all else is about the organisation. */
const USE = /^(?:claude|compliance|chat|file|artifact|message)_/

/** The thing that an activity is about: the id whose name begins as the activity does, else the first by name. */
function targetOf(record: Json, type: string): Pick<Fields, 'target' | 'target_kind'> {
  const ids = Object.keys(record)
    .filter((key) => /_(?:id|email)$/.test(key) && !key.startsWith('organization_') && pickText(record, [key]) !== '')
    .toSorted()
  const kindOf = (key: string): string => key.replace(/_(?:id|email)$/, '')
  const key = ids.find((one) => type.startsWith(kindOf(one))) ?? ids[0]
  if (key === undefined) return {}
  return { target: pickText(record, [key]), target_kind: kindOf(key) }
}

/** The id of an actor, whatever kind of id it has. */
function actorId(actor: unknown): string {
  const named = pickText(actor, ['email_address'], ['user_id'], ['api_key_id'], ['admin_api_key_id'])
  if (named !== '' || !isObject(actor)) return named
  const other = Object.keys(actor)
    .filter((key) => key.endsWith('_id') && pickText(actor, [key]) !== '')
    .toSorted()[0]
  return other === undefined ? pickText(actor, ['name'], ['type']) : pickText(actor, [other])
}

function fieldsOf(record: Json, identity: string): Fields {
  const type = textOf(record.type)
  const actor = pick(record, 'actor')
  const kind = pickText(actor, ['type'])
  const failed = /_(?:failed|denied|rejected)$/.test(type)
  const isAuth = AUTH.test(type)
  return {
    source_id: textOf(record.id),
    principal_kind: kind.endsWith('user_actor') || kind === '' ? 'person' : 'service',
    identity,
    role: kind,
    owner: pickText(record, ['organization_id'], ['organization_uuid']),
    identity_assurance: kind.startsWith('unauthenticated') ? 'claimed' : 'provider',
    credential: pickText(actor, ['api_key_id'], ['admin_api_key_id']),
    action: type,
    kind: isAuth ? 'auth' : USE.test(type) ? 'api' : 'admin',
    activity: pastActivity(type),
    ...targetOf(record, type),
    outcome: failed ? (isAuth ? 'denied' : 'failure') : 'success',
    source_address: pickText(actor, ['ip_address']),
    user_agent: pickText(actor, ['user_agent']),
  }
}

const isActivity = (value: unknown): value is Json =>
  isObject(value) && textOf(value.type) !== '' && isObject(value.actor) && textOf(value.created_at) !== ''

function drafts(record: unknown): readonly Draft[] | Problem {
  if (!isObject(record) || textOf(record.type) === '' || (record.actor ?? record.organization_id) === undefined) {
    return { reason: 'malformed', detail: "type and actor must be there: this is no activity of Anthropic's feed" }
  }
  const identity = actorId(record.actor)
  if (identity === '') return { reason: 'unnamed', detail: 'actor names nobody: no email_address, no id and no type' }
  const id = textOf(record.id)
  return [
    {
      id: id === '' ? { body: record } : [id],
      time: readTime(record.created_at),
      fields: fieldsOf(record, identity),
    },
  ]
}

export const anthropic: Format = {
  id: 'anthropic',
  title: "Anthropic's activity feed",
  address: '/v1/anthropic',
  takes: 'activities with type and actor: one, a list, lines, or {"data": [...]} as the Compliance API answers',
  names: NAMES,
  recognises: (value) => {
    const [first] = unwrap(value, ['data'])
    return isActivity(first) && pickText(first.actor, ['type']).endsWith('_actor')
  },
  records: (value) => unwrap(value, ['data']),
  drafts,
}
