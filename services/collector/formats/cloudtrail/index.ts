/**
 * AWS CloudTrail: `{"Records": [...]}` as S3 holds it, one record, a list of records, or EventBridge's envelope with the
 * record in `detail`. AWS has authenticated the principal before it wrote the record, so that the identity is assured by
 * the provider. Parameters are not kept; their values stay as keyed hashes.
 */
import { kindOf, operationActivity, outcomeOf, serviceOf } from './actions.ts'
import { type Principal, principalOf } from './principals.ts'
import { resourceTarget } from './targets.ts'
import { CARRIERS_MAX, carriedBy, isPacked } from '../lib/carriers.ts'
import { cleanText, joined } from '../lib/clean.ts'
import { urlContactsOf } from '../lib/contacts.ts'
import { amountOf, at, isObject, type Json, listOf, objectOf, textOf } from '../lib/json.ts'
import { createPacked, type Packed } from '../lib/packed.ts'
import { readNanos, readTime } from '../lib/times.ts'
import type { Draft, Fields, Format, Problem } from '../format.ts'
import { NAMES } from './names.ts'

const ownDomain = (domain: string): boolean =>
  /(?:^|\.)(?:amazonaws\.com|amazon\.com|aws|aws\.dev)(?:\.cn)?$/.test(domain)

function fieldsOf(record: Json, who: Principal): Fields {
  const service = serviceOf(textOf(record.eventSource))
  const eventName = textOf(record.eventName)
  const account = textOf(record.recipientAccountId) || who.owner
  const target = resourceTarget(record)
  const activity = operationActivity(eventName, record.readOnly)
  const contacts = urlContactsOf(record.requestParameters, ownDomain)
  const foreign = target.account !== '' && target.account !== account ? `aws:${target.account}` : ''
  return {
    source_id: textOf(record.eventID),
    principal_kind: who.kind,
    identity: who.identity,
    instance: who.instance,
    role: who.role,
    owner: who.owner,
    on_behalf_of: [...who.behalf],
    identity_assurance: 'provider',
    credential: who.credential,
    session: who.session,
    action: joined(':', [service, eventName]),
    kind: kindOf(service, eventName, activity),
    activity,
    target: target.target,
    target_kind: target.kind,
    environment: joined('/', [account, textOf(record.awsRegion)]),
    ...outcomeOf(record),
    source_address: textOf(record.sourceIPAddress),
    user_agent: textOf(record.userAgent),
    peer: contacts.peer || foreign,
    peer_domains: [...contacts.domains],
    protocol: service === 'bedrock-agentcore' ? 'mcp' : '',
    bytes_in: amountOf(at(record, 'additionalEventData', 'bytesTransferredOut')),
    bytes_out: amountOf(at(record, 'additionalEventData', 'bytesTransferredIn')),
  }
}

/** Says what a file is that CloudTrail or a related service writes next to events. */
function otherFile(value: Json): string | undefined {
  if (value.digestStartTime !== undefined && value.logFiles !== undefined) {
    return 'this is a digest file of CloudTrail: it signs log files and holds no events'
  }
  if (value.configSnapshotId !== undefined || value.configurationItems !== undefined) {
    return 'this is a configuration snapshot of AWS Config: it says how resources are set up, not who did what'
  }
  return undefined
}

/** Names of the same form as a record's that stand in what AWS tells about files and queues. */
function notice(record: Json): string | undefined {
  if (textOf(record.eventSource).startsWith('aws:')) {
    return 'this is a notification of S3 or another service: it says that something is there, and is no CloudTrail record of who did it'
  }
  if (textOf(record.s3Bucket) !== '' && record.s3ObjectKey !== undefined) {
    return 'this is a notice that CloudTrail has delivered a file: send what is in the file'
  }
  return undefined
}

const isInsight = (record: Json): boolean =>
  record.insightDetails !== undefined || textOf(record.eventCategory) === 'Insight'

function unnamed(user: Json): Problem {
  const type = textOf(user.type)
  const what = type === '' ? 'userIdentity' : `userIdentity of the type ${cleanText(type)}`
  const names = 'no arn, userName, principalId, invokedBy, onBehalfOf.userId or accountId'
  return { reason: 'unnamed', detail: `${what} names nobody: ${names}` }
}

function drafts(record: unknown): readonly Draft[] | Problem {
  if (!isObject(record)) return { reason: 'malformed', detail: 'the record is not an object' }
  const told = notice(record)
  if (told !== undefined) return { reason: 'unsupported', detail: told }
  if (isInsight(record)) {
    const detail = 'this is an Insights record: it says that an operation was called unusually often, not who called it'
    return { reason: 'unsupported', detail }
  }
  if (textOf(record.eventName) === '' || textOf(record.eventSource) === '') {
    return {
      reason: 'malformed',
      detail: 'eventName and eventSource must be there: this is not a CloudTrail event record',
    }
  }
  const user = objectOf(record.userIdentity)
  const who = principalOf(user, textOf(record.recipientAccountId), textOf(record.userAgent))
  if (who.identity === '') return unnamed(user)
  const eventId = textOf(record.eventID)
  const id = eventId === '' ? { body: record } : [eventId]
  return [{ id, time: readTime(record.eventTime), timeNs: readNanos(record.eventTime), fields: fieldsOf(record, who) }]
}

/** The records of a value, whatever carried them. */
function opened(value: unknown, packed: Packed, depth = 0): readonly unknown[] {
  return listsOf(value)
    .flat()
    .flatMap((item) => {
      const inner = depth < CARRIERS_MAX ? carriedBy(item, packed) : undefined
      return inner === undefined ? [unwrapped(item)] : inner.flatMap((one) => opened(one.value, packed, depth + 1))
    })
}

/** EventBridge wraps the record in `detail`. */
const unwrapped = (item: unknown): unknown =>
  isObject(item) && isObject(item.detail) && item.eventName === undefined ? item.detail : item

/** The lists of records in a body: one file, one record, or several of either. */
const listsOf = (body: unknown): readonly (readonly unknown[])[] => {
  if (isObject(body) && Array.isArray(body.Records)) return [body.Records]
  if (!Array.isArray(body)) return [[body]]
  return isObject(body[0]) && Array.isArray(body[0].Records)
    ? body.map((file) => listOf(objectOf(file).Records))
    : [body]
}

const isRecord = (value: unknown): boolean => {
  const record = unwrapped(value)
  return isObject(record) && typeof record.eventSource === 'string' && typeof record.eventName === 'string'
}

export const cloudtrail: Format = {
  id: 'cloudtrail',
  title: 'CloudTrail',
  address: '/v1/cloudtrail',
  takes: '{"Records": [...]}, a record, a list or lines of records, or EventBridge events with the record in detail',
  names: NAMES,
  recognises: (value) =>
    (isObject(value) && (Array.isArray(value.Records) || otherFile(value) !== undefined)) ||
    isRecord(value) ||
    (!isPacked(value) && carriedBy(value)?.some((one) => isRecord(one.value)) === true) ||
    (Array.isArray(value) && isRecord(listsOf(value)[0]?.[0])),
  records(value) {
    if (!isObject(value) && !Array.isArray(value))
      return { refused: 'the body must be a JSON object or a list of them' }
    const other = isObject(value) ? otherFile(value) : undefined
    return other === undefined ? opened(value, createPacked()) : { refused: other }
  },
  drafts,
}
