/**
 * Google Cloud audit logs: log entries with an AuditLog in `protoPayload`, as files, sinks and `gcloud logging read` give
 * them, or in the envelope of a Pub/Sub push (`{"message": {"data": base64}}`). Google has authenticated the principal.
 */
import type { Draft, Fields, Format, Problem } from '../format.ts'
import { cleanId, joined } from '../lib/clean.ts'
import { operationActivity, pick, pickText, unwrap } from '../lib/audit.ts'
import { amountOf, isObject, listOf, parsedText } from '../lib/json.ts'
import { readNanos, readTime } from '../lib/times.ts'
import { NAMES } from './names.ts'

const ADMIN =
  /SetIamPolicy|setIamPolicy|serviceAccounts?\b|ServiceAccount|CreateRole|UpdateRole|keys?\.create|UpdateSink|DeleteSink|admin\.AdminService/i
const EXEC = /osLogin|setMetadata|RunCommand|pods\.exec/i
const SERVICE = /gserviceaccount\.com$/
/** google.rpc.Code: PERMISSION_DENIED and UNAUTHENTICATED. */
const DENIED = new Set([7, 16])

/** What a Pub/Sub push holds. */
function unpushed(value: unknown): unknown {
  const data = pick(value, 'message', 'data')
  if (typeof data !== 'string') return value
  return parsedText(Buffer.from(data, 'base64').toString('utf8'))
}

function outcomeOf(payload: unknown): Pick<Fields, 'outcome' | 'error'> {
  const code = amountOf(pick(payload, 'status', 'code'))
  const refused = listOf(pick(payload, 'authorizationInfo')).some((one) => pick(one, 'granted') === false)
  if (DENIED.has(code) || (refused && code === 0 && pick(payload, 'status') !== undefined)) {
    return { outcome: 'denied', error: String(code || 7) }
  }
  return code === 0 ? { outcome: 'success', error: '' } : { outcome: 'failure', error: String(code) }
}

function fieldsOf(entry: unknown, payload: unknown, identity: string): Fields {
  const method = cleanId(pickText(payload, ['methodName']))
  const service = pickText(payload, ['serviceName']).replace(/\.googleapis\.com$/, '')
  const operation = method.slice(method.lastIndexOf('.') + 1)
  const logName = cleanId(pickText(entry, ['logName']))
  const delegation = listOf(pick(payload, 'authenticationInfo', 'serviceAccountDelegationInfo'))
  return {
    source_id: pickText(entry, ['insertId']),
    principal_kind: SERVICE.test(identity) || identity.startsWith('serviceAccount:') ? 'service' : 'person',
    identity,
    owner: pickText(entry, ['resource', 'labels', 'project_id']) || logName.split('/').slice(0, 2).join('/'),
    on_behalf_of: delegation
      .map((one) => pickText(one, ['firstPartyPrincipal', 'principalEmail'], ['principalSubject']))
      .filter((one) => one !== ''),
    identity_assurance: 'provider',
    credential: pickText(payload, ['authenticationInfo', 'serviceAccountKeyName']),
    action: joined(':', [service, operation]),
    kind: ADMIN.test(method) ? 'admin' : EXEC.test(method) ? 'exec' : 'api',
    activity: operationActivity(method),
    target: pickText(payload, ['resourceName']),
    target_kind: pickText(entry, ['resource', 'type']),
    environment:
      pickText(payload, ['resourceLocation', 'currentLocations', 0]) ||
      pickText(entry, ['resource', 'labels', 'location'], ['resource', 'labels', 'zone']),
    ...outcomeOf(payload),
    source_address: pickText(payload, ['requestMetadata', 'callerIp'], ['requestMetadata', 'callerIP']),
    user_agent: pickText(payload, ['requestMetadata', 'callerSuppliedUserAgent']),
  }
}

function drafts(entry: unknown): readonly Draft[] | Problem {
  const payload = pick(entry, 'protoPayload')
  if (!isObject(entry) || pickText(payload, ['methodName']) === '') {
    return {
      reason: 'malformed',
      detail: 'protoPayload.methodName is missing: this is no Google Cloud audit log entry',
    }
  }
  const identity = pickText(
    payload,
    ['authenticationInfo', 'principalEmail'],
    ['authenticationInfo', 'principalSubject'],
  )
  if (identity === '')
    return { reason: 'unnamed', detail: 'authenticationInfo names nobody: no principalEmail, no principalSubject' }
  const insertId = pickText(entry, ['insertId'])
  const timestamp = pickText(entry, ['timestamp'], ['receiveTimestamp'])
  return [
    {
      id: insertId === '' ? { body: entry } : [pickText(entry, ['logName']), insertId, timestamp],
      time: readTime(timestamp),
      timeNs: readNanos(timestamp),
      fields: fieldsOf(entry, payload, identity),
    },
  ]
}

const isEntry = (value: unknown): boolean => pickText(pick(unpushed(value), 'protoPayload'), ['methodName']) !== ''

export const gcp: Format = {
  id: 'gcp',
  title: 'Google Cloud audit log',
  address: '/v1/gcp',
  takes: 'log entries with an AuditLog in protoPayload: one, a list or lines, {"entries": [...]}, or a Pub/Sub push',
  names: NAMES,
  recognises: (value) => isEntry(unwrap(value, ['entries'])[0]),
  records: (value) => unwrap(value, ['entries']).map(unpushed),
  drafts,
}
