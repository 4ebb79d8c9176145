/**
 * Amazon Data Firehose delivering to an HTTP endpoint: `POST /v1/firehose` with `{"requestId", "records": [{"data": base64}]}`
 * and the token as access key in `X-Amz-Firehose-Access-Key`. A record's data is JSON of any format, plain or gzip, as
 * CloudTrail, EventBridge and subscriptions of CloudWatch Logs put it there. The answer repeats the request's id; anything
 * but 200 with it is sent again, for as long as the stream retries.
 */
import { readBody } from '../../body.ts'
import { inJson, refusalHeaders } from '../../answers.ts'
import { isObject } from '../../formats/lib/json.ts'
import { createPacked } from '../../formats/lib/packed.ts'
import type { Envelope } from '../../formats/read-envelopes.ts'
import type { Formats } from '../../formats/formats.ts'
import type { Head, Input } from '../input.ts'
import { malformed, readJson, shippedEnvelope } from '../lib/json-body.ts'

const requestId = ({ headers }: Head): string => String(headers['x-amz-firehose-request-id'] ?? '').slice(0, 256)

/** The values of one record. */
function dataEnvelopes(bytes: Buffer, formats: Formats): Envelope[] {
  const read = readBody(bytes, false)
  if (!read.ok) return [malformed(bytes.toString('utf8'), read.detail)]
  return [
    ...read.values.map((value) => shippedEnvelope(value, formats)),
    ...read.bad.map(({ text, detail }) => malformed(text, detail)),
  ]
}

export const firehose: Input = {
  id: 'firehose',
  takes: [{ path: '/v1/firehose', types: { 'application/json': 'json' }, untyped: 'application/json' }],
  identify: ({ headers }, authenticate) => authenticate(`Bearer ${String(headers['x-amz-firehose-access-key'] ?? '')}`),
  unpack: (body, _head, formats) =>
    readJson(body, (value) => {
      if (!isObject(value) || !Array.isArray(value.records)) return 'the list records is missing'
      const packed = createPacked()
      return value.records.flatMap((record): readonly Envelope[] => {
        if (!isObject(record) || typeof record.data !== 'string') return [malformed(record, 'a record without data')]
        const bytes = packed.open(record.data)
        return typeof bytes === 'string' ? [malformed(record, bytes)] : dataEnvelopes(bytes, formats)
      })
    }),
  answer(outcome, head, now) {
    const about = { requestId: requestId(head), timestamp: now }
    if (outcome.ok) return { status: 200, headers: {}, ...inJson(about) }
    const { status, message } = outcome
    return { status, headers: refusalHeaders(status), ...inJson({ ...about, errorMessage: message }) }
  },
}
