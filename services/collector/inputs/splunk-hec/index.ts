/**
 * Splunk's HTTP Event Collector, as its clients speak it: `/services/collector/event` with JSON objects one after another,
 * each holding a record in `event`; `/services/collector/raw` with a record in each line; health and acknowledgements. The
 * token comes as `Authorization: Splunk TOKEN`, or as the password of Basic.
 *
 * 200 means that the log holds the request, so that every number given out is acknowledged at once.
 */
import { parsedText, isObject, listOf, objectOf } from '../../formats/lib/json.ts'
import { readTime } from '../../formats/lib/times.ts'
import { type Answer, inJson, type Refusal, refusalHeaders } from '../../answers.ts'
import type { Head, Input, Endpoint, Question } from '../input.ts'
import { readJson, shippedEnvelope } from '../lib/json-body.ts'
import { identifyByScheme } from '../lib/schemes.ts'

const BASE = '/services/collector'
const EVENTS: readonly Endpoint[] = ['', '/event', '/event/1.0'].map((end) => ({ path: `${BASE}${end}` }))
const RAW: readonly Endpoint[] = ['/raw', '/raw/1.0'].map((end) => ({ path: `${BASE}${end}` }))
const NO_EVENT = 'Event field is required'
const BLANK_EVENT = 'Event field cannot be blank'
const EMPTY = /is empty|ends too early \(byte 0\)/

/** Splunk's number and text for a refusal. */
function codeOf({ status, message }: Refusal, head: Head): readonly [number, number, string] {
  if (status === 401 && (head.headers.authorization ?? '') === '') return [401, 2, 'Token is required']
  if (status === 401 && /not known/.test(message)) return [403, 4, 'Invalid token']
  if (status === 401) return [401, 3, 'Invalid authorization']
  if (status === 403) return [403, 1, 'Token disabled']
  if (status === 503 || status === 429) return [503, 9, 'Server is busy']
  if (status === 413) return [413, 27, 'Request entity too large']
  if (message.startsWith(NO_EVENT)) return [400, 12, NO_EVENT]
  if (message.startsWith(BLANK_EVENT)) return [400, 13, BLANK_EVENT]
  return EMPTY.test(message) ? [400, 5, 'No data'] : [400, 6, 'Invalid data format']
}

function refused(refusal: Refusal, head: Head): Answer {
  const [status, code, text] = codeOf(refusal, head)
  // Splunk's clients read `code` and `text`; `detail` is for people.
  return { status, headers: refusalHeaders(refusal.status), ...inJson({ text, code, detail: refusal.message }) }
}

const channelOf = ({ headers, query }: Head): string =>
  String(headers['x-splunk-request-channel'] ?? query.channel ?? '')

const health = (path: string): Question => ({
  method: 'GET',
  path,
  answer: (_head, { ready }) =>
    ready
      ? { status: 200, headers: {}, ...inJson({ text: 'HEC is healthy', code: 17 }) }
      : {
          status: 503,
          headers: refusalHeaders(503),
          ...inJson({ text: 'HEC is unhealthy, queues are full', code: 18 }),
        },
})

const ACK: Question = {
  method: 'POST',
  path: `${BASE}/ack`,
  answer(head, { authenticate, given, body }) {
    const identified = identifyByScheme(head, authenticate)
    if (!identified.ok) return refused(identified, head)
    if (channelOf(head) === '')
      return { status: 400, headers: {}, ...inJson({ text: 'Data channel is missing', code: 10 }) }
    const asked = listOf(objectOf(parsedText(body)).acks).filter((id) => Number.isSafeInteger(id))
    const acks = Object.fromEntries(asked.map((id) => [String(id), (id as number) >= 0 && (id as number) < given]))
    return { status: 200, headers: {}, ...inJson({ acks }) }
  },
}

export const splunkHec: Input = {
  id: 'splunk-hec',
  takes: [...EVENTS, ...RAW],
  questions: [health(`${BASE}/health`), health(`${BASE}/health/1.0`), ACK],
  identify: identifyByScheme,
  unpack(body, { path }, formats) {
    if (path.startsWith(`${BASE}/raw`)) return readJson(body, (value) => [shippedEnvelope(value, formats)], true)
    return readJson(body, (value) => {
      if (!isObject(value) || value.event === undefined || value.event === null) return NO_EVENT
      if (value.event === '') return BLANK_EVENT
      const { time } = value
      return [{ ...(readTime(time) === undefined ? {} : { time }), ...shippedEnvelope(value.event, formats) }]
    })
  },
  answer(outcome, head) {
    if (!outcome.ok) return refused(outcome, head)
    const ackId = channelOf(head) === '' ? {} : { ackId: outcome.number }
    return { status: 200, headers: {}, ...inJson({ text: 'Success', code: 0, ...ackId }) }
  },
}
