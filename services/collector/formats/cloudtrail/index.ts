/**
 * AWS CloudTrail: `{"Records": [...]}` as S3 holds it, one record, a list of records, or EventBridge's envelope with the
 * record in `detail`. AWS has authenticated the principal before it wrote the record, so that the identity is assured by
 * the provider. Parameters are not kept; their values stay as keyed hashes.
 */
import { kindOf, operationActivity, outcomeOf, serviceOf } from './actions.ts'
import { type Principal, principalOf } from './principals.ts'
import { resourceTarget } from './targets.ts'
import { joined } from '../lib/clean.ts'
import { urlContactsOf } from '../lib/contacts.ts'
import { amountOf, at, isObject, type Json, listOf, objectOf, parsedText, textOf } from '../lib/json.ts'
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

/** Files that CloudTrail and its neighbours write beside events, named for what they are. */
function otherFile(value: Json): string | undefined {
  if (value.digestStartTime !== undefined && value.logFiles !== undefined) {
    return 'this is a digest file of CloudTrail: it signs log files and holds no events'
  }
  if (value.configSnapshotId !== undefined || value.configurationItems !== undefined) {
    return 'this is a configuration snapshot of AWS Config: it says how resources are set up, not who did what'
  }
  return undefined
}

const isInsight = (record: Json): boolean =>
  record.insightDetails !== undefined || textOf(record.eventCategory) === 'Insight'

function drafts(record: unknown): readonly Draft[] | Problem {
  if (!isObject(record)) return { reason: 'malformed', detail: 'the record is not an object' }
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
  const who = principalOf(objectOf(record.userIdentity), textOf(record.recipientAccountId), textOf(record.userAgent))
  if (who.identity === '') {
    return {
      reason: 'unnamed',
      detail: 'userIdentity names nobody: no arn, userName, principalId, invokedBy or accountId',
    }
  }
  const eventId = textOf(record.eventID)
  const id = eventId === '' ? { body: record } : [eventId]
  return [{ id, time: readTime(record.eventTime), timeNs: readNanos(record.eventTime), fields: fieldsOf(record, who) }]
}

/** Envelopes in envelopes are opened so far. */
const ENVELOPES_MAX = 4

/** The values in a text of JSON; nothing where it holds none. */
function textValues(text: unknown): readonly unknown[] {
  const value = parsedText(text)
  return typeof value === 'string' ? [] : [value]
}

/**
 * What the usual ways hold: SNS puts a text into `Message`, SQS a text into `body`, a subscription of CloudWatch Logs one into
 * each `message` of `logEvents`, which a function gets packed in `awslogs` or `kinesis`; undefined where it is none of these.
 */
function carried(value: unknown, packed: Packed = createPacked()): readonly unknown[] | undefined {
  if (!isObject(value)) return undefined
  const bytes = textOf(at(value, 'awslogs', 'data')) || textOf(at(value, 'kinesis', 'data'))
  if (bytes !== '') {
    const opened = packed.open(bytes)
    return typeof opened === 'string' ? [] : textValues(opened.toString('utf8'))
  }
  if (value.Type === 'Notification' && typeof value.Message === 'string') return textValues(value.Message)
  if (value.eventSource === 'aws:sqs' && typeof value.body === 'string') return textValues(value.body)
  if (isObject(value.Sns)) return textValues(value.Sns.Message)
  if (value.messageType !== 'DATA_MESSAGE') return undefined
  return listOf(value.logEvents).flatMap((one) => textValues(objectOf(one).message))
}

/** The records of a value, whatever carried them. */
function opened(value: unknown, packed: Packed, depth = 0): readonly unknown[] {
  return listsOf(value)
    .flat()
    .flatMap((item) => {
      const inner = depth < ENVELOPES_MAX ? carried(item, packed) : undefined
      return inner === undefined ? [unwrapped(item)] : inner.flatMap((one) => opened(one, packed, depth + 1))
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
    carried(value)?.some(isRecord) === true ||
    (Array.isArray(value) && isRecord(listsOf(value)[0]?.[0])),
  records(value) {
    if (!isObject(value) && !Array.isArray(value))
      return { refused: 'the body must be a JSON object or a list of them' }
    const other = isObject(value) ? otherFile(value) : undefined
    return other === undefined ? opened(value, createPacked()) : { refused: other }
  },
  drafts,
}
