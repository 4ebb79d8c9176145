/**
 * What AWS wraps around records of any format on their way: SNS puts a text into `Message`, SQS a text into `body`, a subscription
 * of CloudWatch Logs one into each `message` of `logEvents`, which a function receives packed in `awslogs` or `kinesis`, and
 * EventBridge an object into `detail`. Kubernetes events of EKS come in no other way.
 */
import { at, isObject, listOf, objectOf, parsedText, textOf } from './json.ts'
import { createPacked, type Packed } from './packed.ts'

/** Carriers in carriers are opened so far. */
export const CARRIERS_MAX = 4

export interface Carried {
  /** What it held; the text itself where that is no JSON. */
  readonly value: unknown
  /** When the carrier says that it was made; undefined where it does not. */
  readonly time?: unknown
}

const packedIn = (value: unknown): string =>
  textOf(at(value, 'awslogs', 'data')) || textOf(at(value, 'kinesis', 'data'))

/** Whether it must be unpacked before anybody knows what it holds. */
export const isPacked = (value: unknown): boolean => packedIn(value) !== ''

const logEvents = (value: Readonly<Record<string, unknown>>): Carried[] =>
  listOf(value.logEvents).map((one) => {
    const { message, timestamp } = objectOf(one)
    return { value: parsedText(message), time: timestamp }
  })

/** What stood in an SNS or SQS envelope, or in a subscription of CloudWatch Logs; undefined for anything else. */
export function carriedBy(value: unknown, packed: Packed = createPacked()): readonly Carried[] | undefined {
  if (!isObject(value)) return undefined
  const bytes = packedIn(value)
  if (bytes !== '') {
    const opened = packed.open(bytes)
    return typeof opened === 'string' ? undefined : [{ value: parsedText(opened.toString('utf8')) }]
  }
  if (value.Type === 'Notification' && typeof value.Message === 'string') return [{ value: parsedText(value.Message) }]
  if (value.eventSource === 'aws:sqs' && typeof value.body === 'string') return [{ value: parsedText(value.body) }]
  if (isObject(value.Sns)) return [{ value: parsedText(value.Sns.Message) }]
  if (value.messageType === 'CONTROL_MESSAGE') return []
  if (value.messageType === 'DATA_MESSAGE') return logEvents(value)
  const isBridged = typeof value['detail-type'] === 'string' && isObject(value.detail)
  return isBridged ? [{ value: value.detail, time: value.time }] : undefined
}
