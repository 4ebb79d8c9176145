/**
 * Any format of records over plain HTTP: `POST /v1/<format>` with a bearer token, or `/v1/records` for
 * records of any format as shippers wrap them. JSON in whatever way shippers write it: one
 * object, a list, lines, objects one after the other.
 */
import type { FormatId } from '../../formats/format.ts'
import { type Envelope, refused } from '../../formats/read-envelopes.ts'
import type { Formats } from '../../formats/formats.ts'
import { FORMATS } from '../../formats/registry.ts'
import { unpackBody } from '../../unpack.ts'
import { inJson } from '../../answers.ts'
import type { Input, Endpoint, Question } from '../input.ts'
import { ownAnswer } from '../lib/answer.ts'
import { readJson, shippedEnvelope } from '../lib/json-body.ts'
import { formOf } from '../lib/types.ts'

const TYPES: NonNullable<Endpoint['types']> = {
  'application/json': 'json',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/x-jsonlines': 'lines',
  'application/json-lines': 'lines',
  'application/stream+json': 'lines',
  // rsyslog's omhttp and other shippers call their lines this.
  'text/plain': 'lines',
}

/** OTLP has separate addresses and answers. */
const FORMAT_AT: ReadonlyMap<string, FormatId> = new Map(
  FORMATS.filter(({ id }) => id !== 'otlp').map(({ id, address }) => [address, id]),
)
/** Where shippers send records of whatever format, also as the line that they read. */
const RECORDS = '/v1/records'
/** Records that a mapping of the configuration describes. */
const MAPPED = '/v1/mapped/:mapping'
const endpointAt = (path: string): Endpoint => ({ path, types: TYPES, untyped: 'application/json' })

/** A list is a batch, unless it is a value of a format. */
const openRecords = (value: unknown, formats: Formats): readonly Envelope[] =>
  Array.isArray(value) && formats.recognise(value) === undefined
    ? value.map((one) => shippedEnvelope(one, formats))
    : [shippedEnvelope(value, formats)]

/** Okta asks once, without a token, whether an event hook is meant to be here. */
const OKTA_HANDSHAKE: Question = {
  method: 'GET',
  path: '/v1/okta',
  answer({ headers }) {
    const verification = headers['x-okta-verification-challenge']
    if (typeof verification === 'string') return { status: 200, headers: {}, ...inJson({ verification }) }
    return { status: 404, headers: {}, ...inJson({ error: { code: 'not_found', message: 'post records here' } }) }
  },
}

export const http: Input = {
  id: 'http',
  questions: [OKTA_HANDSHAKE],
  takes: [...FORMAT_AT.keys(), RECORDS, MAPPED].map(endpointAt),
  identify: ({ headers }, authenticate) => authenticate(headers.authorization),
  unpack(body, { path, params, headers }, formats) {
    const form = formOf(endpointAt(path), headers['content-type'])
    if (path === RECORDS) return readJson(body, (value) => openRecords(value, formats), form === 'lines')
    const format = path === MAPPED ? (params['mapping'] ?? '') : (FORMAT_AT.get(path) ?? 'auto')
    if (!formats.has(format)) return refused(`no mapping of the configuration is called ${format.slice(0, 64)}`)
    return unpackBody(format, body, typeof form === 'string' ? form : 'json')
  },
  answer: ownAnswer,
}
