/**
 * Kubernetes audit events: `{"kind": "EventList", "items": [...]}` as the API server's webhook backend posts them, or single
 * events as in its log file and from shippers. The API server has authenticated the caller, so the provider assures the
 * identity. A request is reported once, when it has ended; its other stages add nothing. Request and response objects are
 * not kept.
 */
import type { Draft, Fields, Format, Problem } from '../format.ts'
import { cleanId, cleanText, joined } from '../lib/clean.ts'
import { pickText, unwrap } from '../lib/audit.ts'
import { amountOf, at, isObject, type Json, listOf, objectOf, textOf } from '../lib/json.ts'
import { readNanos, readTime } from '../lib/times.ts'
import { type Activity } from '../lib/verbs.ts'
import { NAMES } from './names.ts'

const ACTIVITIES: ReadonlyMap<string, Activity> = new Map([
  ['get', 'read'],
  ['list', 'list'],
  ['watch', 'list'],
  ['create', 'create'],
  ['update', 'update'],
  ['patch', 'update'],
  ['delete', 'delete'],
  ['deletecollection', 'delete'],
])
/** Stages at which a request has ended. */
const ENDED = new Set(['', 'ResponseComplete', 'Panic'])
/** Subresources through which code runs in a pod, or its network is reached. */
const EXEC = new Set(['exec', 'attach', 'portforward', 'ephemeralcontainers'])
/** What decides who may do what. */
const ADMIN = new Set(
  'roles rolebindings clusterroles clusterrolebindings serviceaccounts certificatesigningrequests mutatingwebhookconfigurations validatingwebhookconfigurations'.split(
    ' ',
  ),
)
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):/

/** The first text that `user.extra` holds under a key; its values are lists. */
const extra = (user: Json, key: string): string =>
  textOf(listOf(at(user, 'extra', `authentication.kubernetes.io/${key}`))[0])

function kindOf(resource: string, subresource: string, activity: Activity): NonNullable<Fields['kind']> {
  if (resource === 'pods' && EXEC.has(subresource)) return 'exec'
  if (subresource === 'token' || resource === 'tokenreviews') return 'auth'
  return ADMIN.has(resource) && activity !== 'read' && activity !== 'list' ? 'admin' : 'api'
}

function outcomeOf(record: Json): Pick<Fields, 'outcome' | 'error'> {
  const status = objectOf(record.responseStatus)
  const code = amountOf(status.code)
  const forbidden = at(record, 'annotations', 'authorization.k8s.io/decision') === 'forbid'
  if (code === 401 || code === 403 || forbidden)
    return { outcome: 'denied', error: textOf(status.reason) || String(code || 403) }
  if (code >= 400 || record.stage === 'Panic')
    return { outcome: 'failure', error: textOf(status.reason) || String(code || 'panic') }
  return { outcome: code > 0 ? 'success' : 'unknown', error: '' }
}

function principalOf(
  record: Json,
): Pick<Fields, 'identity' | 'instance' | 'owner' | 'role' | 'credential' | 'principal_kind' | 'on_behalf_of'> {
  const user = objectOf(record.user)
  const own = cleanId(textOf(user.username))
  const impersonated = cleanId(textOf(objectOf(record.impersonatedUser).username))
  const identity = impersonated || own
  const namespace = SERVICE_ACCOUNT.exec(identity)?.[1] ?? ''
  return {
    identity,
    instance: extra(user, 'pod-name'),
    owner: namespace,
    role: identity.startsWith('system:') ? (identity.split(':').at(-1) ?? '') : '',
    credential: extra(user, 'credential-id'),
    principal_kind: identity.startsWith('system:') ? 'service' : 'person',
    on_behalf_of: impersonated === '' || own === '' ? [] : [own],
  }
}

function fieldsOf(record: Json): Fields {
  const ref = objectOf(record.objectRef)
  const [resource, subresource] = [textOf(ref.resource), textOf(ref.subresource)]
  const verb = textOf(record.verb)
  const what = joined('/', [resource, subresource])
  const activity = ACTIVITIES.get(verb) ?? 'other'
  const kind = kindOf(resource, subresource, activity)
  return {
    ...principalOf(record),
    source_id: textOf(record.auditID),
    identity_assurance: 'provider',
    action: joined(':', ['k8s', verb, what]),
    kind,
    activity: kind === 'exec' ? 'other' : activity,
    target: joined('/', [textOf(ref.namespace), resource, cleanText(textOf(ref.name))]) || textOf(record.requestURI),
    target_kind: resource || 'path',
    environment: pickText(record, ['annotations', 'cluster'], ['clusterName'], ['cluster_name']),
    ...outcomeOf(record),
    source_address: textOf(listOf(record.sourceIPs)[0]),
    user_agent: textOf(record.userAgent),
  }
}

function drafts(record: unknown): readonly Draft[] | Problem {
  if (
    !isObject(record) ||
    textOf(record.verb) === '' ||
    (record.objectRef === undefined && record.requestURI === undefined)
  ) {
    return {
      reason: 'malformed',
      detail: 'verb and objectRef or requestURI must be there: this is no Kubernetes audit event',
    }
  }
  const stage = textOf(record.stage)
  if (!ENDED.has(stage)) return []
  const fields = fieldsOf(record)
  if (fields.identity === '') return { reason: 'unnamed', detail: 'user.username is empty: the event names nobody' }
  const auditId = textOf(record.auditID)
  const time = record.requestReceivedTimestamp ?? record.stageTimestamp ?? record.timestamp
  return [
    { id: auditId === '' ? { body: record } : [auditId, stage], time: readTime(time), timeNs: readNanos(time), fields },
  ]
}

const isAuditEvent = (value: unknown): boolean =>
  isObject(value) &&
  value.kind === 'Event' &&
  (textOf(value.apiVersion).startsWith('audit.k8s.io/') ||
    (typeof value.verb === 'string' && (value.objectRef !== undefined || value.requestURI !== undefined)))

export const kubernetesAudit: Format = {
  id: 'kubernetes-audit',
  title: 'Kubernetes audit',
  address: '/v1/kubernetes-audit',
  takes: '{"kind": "EventList", "items": [...]} as the audit webhook posts it, an event, a list or lines of events',
  names: NAMES,
  recognises: (value) =>
    (isObject(value) && value.kind === 'EventList') || isAuditEvent(Array.isArray(value) ? value[0] : value),
  records: (value) => unwrap(value, ['items']),
  drafts,
}
