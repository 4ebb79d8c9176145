/**
 * Logs of Microsoft Entra and Azure: sign-ins, directory audit and activity, as diagnostic settings send them to an event hub
 * (`{"records": [...]}`), as Graph lists them (`{"value": [...]}`), or one by one. Microsoft has authenticated the caller. The audit
 * log of a Kubernetes cluster comes the same way, and is read as that.
 */
import type { CarriedRecord, Draft, Fields, Format, Problem } from '../format.ts'
import { operationActivity, pick, pickText, unwrap } from '../lib/audit.ts'
import { isObject, parsedText } from '../lib/json.ts'
import { outcomeOfWord } from '../lib/outcomes.ts'
import { readNanos, readTime } from '../lib/times.ts'
import { NAMES } from './names.ts'

/** A diagnostic record has its fields in `properties`, a Graph record at the top. */
const field = (record: unknown, ...path: (string | number)[]): string => pickText(record, ['properties', ...path], path)

/** The activity log has both what programs and what people call it. */
const OPERATION = [['operationName'], ['operationName', 'value']] as const

interface Who {
  readonly identity: string
  readonly role: string
  readonly kind: NonNullable<Fields['principal_kind']>
}

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims'
const OBJECT_CLAIM = 'http://schemas.microsoft.com/identity/claims/objectidentifier'

function whoOf(record: unknown): Who {
  const principal = field(record, 'servicePrincipalId')
  const user = field(record, 'userPrincipalName')
  if (principal !== '' && user === '')
    return { identity: principal, role: field(record, 'servicePrincipalName'), kind: 'service' }
  if (user !== '') return { identity: user, role: field(record, 'userDisplayName'), kind: 'person' }
  const byUser = field(record, 'initiatedBy', 'user', 'userPrincipalName') || field(record, 'initiatedBy', 'user', 'id')
  if (byUser !== '')
    return { identity: byUser, role: field(record, 'initiatedBy', 'user', 'displayName'), kind: 'person' }
  const app = ['servicePrincipalId', 'appId', 'servicePrincipalName', 'displayName'].map((key) =>
    field(record, 'initiatedBy', 'app', key),
  )
  const byApp = app.find((one) => one !== '') ?? ''
  if (byApp !== '')
    return { identity: byApp, role: field(record, 'initiatedBy', 'app', 'displayName'), kind: 'service' }
  const caller = pickText(
    record,
    ['identity', 'claims', `${CLAIMS}/upn`],
    ['identity', 'claims', `${CLAIMS}/emailaddress`],
    ['identity', 'claims', 'name'],
    ['identity', 'claims', 'appid'],
    ['identity', 'claims', OBJECT_CLAIM],
    ['identity', 'authorization', 'evidence', 'principalId'],
    ['caller'],
    ['identity'],
    // Who has a shared key or signature of a storage account is known by it alone.
    ['identity', 'tokenHash'],
  )
  return { identity: caller, role: '', kind: caller.includes('@') ? 'person' : 'service' }
}

function outcomeOf(record: unknown): Pick<Fields, 'outcome' | 'error'> {
  const code = pickText(record, ['properties', 'status', 'errorCode'], ['status', 'errorCode'], ['resultType'])
  const word = outcomeOfWord(field(record, 'result') || pickText(record, ['resultType'], ['resultSignature']))
  if (/^[1-9]\d*$/.test(code)) return { outcome: 'denied', error: code }
  if (word !== 'unknown') return { outcome: word, error: word === 'success' ? '' : field(record, 'resultReason') }
  return { outcome: code === '0' ? 'success' : 'unknown', error: '' }
}

function fieldsOf(record: unknown, who: Who, action: string): Fields {
  const category = pickText(record, ['category'], ['logCategory'])
  const signIn = /SignIn/i.test(category) || field(record, 'userPrincipalName') !== ''
  const target = ['userPrincipalName', 'displayName', 'id']
    .map((key) => field(record, 'targetResources', 0, key))
    .find((one) => one !== '')
  const token = field(record, 'uniqueTokenIdentifier')
  return {
    source_id: field(record, 'id'),
    principal_kind: who.kind,
    identity: who.identity,
    role: who.role,
    owner: pickText(record, ['tenantId'], ['homeTenantId']),
    identity_assurance: 'provider',
    credential: field(record, 'servicePrincipalCredentialKeyId') || token,
    session: field(record, 'sessionId') || token,
    action,
    kind: signIn ? 'auth' : category === '' || /audit|management|policy|role|core/i.test(category) ? 'admin' : 'api',
    activity: signIn ? 'other' : operationActivity(action.replaceAll(' ', '_')),
    target: (signIn ? field(record, 'resourceDisplayName') : target) || pickText(record, ['resourceId']),
    target_kind: signIn ? 'application' : field(record, 'targetResources', 0, 'type'),
    ...outcomeOf(record),
    source_address: pickText(
      record,
      ['callerIpAddress'],
      ['properties', 'ipAddress'],
      ['ipAddress'],
      ['properties', 'initiatedBy', 'user', 'ipAddress'],
    ),
    user_agent: field(record, 'userAgent'),
  }
}

function drafts(record: unknown): readonly Draft[] | Problem {
  const action =
    pickText(record, ...OPERATION, ['activityDisplayName'], ['properties', 'activityDisplayName']) ||
    (field(record, 'appDisplayName') === '' ? '' : 'Sign-in activity')
  if (!isObject(record) || action === '') {
    return {
      reason: 'malformed',
      detail: 'operationName and activityDisplayName are missing: this is no log of Entra or Azure',
    }
  }
  const who = whoOf(record)
  if (who.identity === '')
    return { reason: 'unnamed', detail: 'neither initiatedBy nor a user or service principal is named' }
  const id = field(record, 'id')
  const time = pickText(
    record,
    ['time'],
    ['activityDateTime'],
    ['createdDateTime'],
    ['properties', 'activityDateTime'],
    ['properties', 'createdDateTime'],
  )
  return [
    {
      id: id === '' ? { body: record } : [id],
      time: readTime(time),
      timeNs: readNanos(time),
      fields: fieldsOf(record, who, action),
    },
  ]
}

const isRecord = (value: unknown): boolean =>
  (pickText(value, ...OPERATION) !== '' &&
    (pick(value, 'properties') !== undefined || pick(value, 'category') !== undefined)) ||
  (pickText(value, ['activityDisplayName']) !== '' && pick(value, 'initiatedBy') !== undefined)

const KUBERNETES_AUDIT = /^kube-audit(?:-admin)?$/

/** The audit log of an AKS cluster: Azure exports each Kubernetes event as a text within its own record. */
function carries(record: unknown): CarriedRecord | undefined {
  if (!KUBERNETES_AUDIT.test(pickText(record, ['category']))) return undefined
  const event = parsedText(pick(record, 'properties', 'log'))
  return isObject(event) ? { format: 'kubernetes-audit', record: event } : undefined
}

export const entra: Format = {
  id: 'entra',
  title: 'Entra and Azure logs',
  address: '/v1/entra',
  takes:
    'records with operationName or activityDisplayName: {"records": [...]}, {"value": [...]}, one, a list or lines',
  names: NAMES,
  recognises: (value) => isRecord(unwrap(value, ['records'], ['value'])[0]),
  records: (value) => unwrap(value, ['records'], ['value']),
  carries,
  drafts,
}
