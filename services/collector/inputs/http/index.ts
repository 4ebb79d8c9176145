/**
 * Any format of records over plain HTTP: `POST /v1/<format>` with a bearer token, or `/v1/records` for
 * records of any format as shippers wrap them. JSON in whatever way shippers write it: one
 * object, a list, lines, objects one after the other.
 */
import type { FormatId } from '../../formats/format.ts'
import type { Envelope } from '../../formats/read-envelopes.ts'
import { FORMATS, recognise } from '../../formats/registry.ts'
import { unpackBody } from '../../unpack.ts'
import { inJson } from '../../answers.ts'
import type { Input, Place, Question } from '../input.ts'
import { ownAnswer } from '../lib/answer.ts'
import { readJson, shippedEnvelope } from '../lib/json-body.ts'
import { formOf } from '../lib/types.ts'

const TYPES: NonNullable<Place['types']> = {
  'application/json': 'json',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/x-jsonlines': 'lines',
  'application/json-lines': 'lines',
  'application/stream+json': 'lines',
}

/** OTLP has addresses and answers of its own. */
const FORMAT_AT: ReadonlyMap<string, FormatId> = new Map(
  FORMATS.filter(({ id }) => id !== 'otlp').map(({ id, address }) => [address, id]),
)
/** Where shippers send records of whatever format, also as the line that they read. */
const RECORDS = '/v1/records'
const placeAt = (path: string): Place => ({ path, types: TYPES, untyped: 'application/json' })

/** A list is a batch, unless it is a value of a format. */
const openRecords = (value: unknown): readonly Envelope[] =>
  Array.isArray(value) && recognise(value) === undefined ? value.map(shippedEnvelope) : [shippedEnvelope(value)]

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
  takes: [...FORMAT_AT.keys(), RECORDS].map(placeAt),
  identify: ({ headers }, authenticate) => authenticate(headers.authorization),
  unpack(body, { path, headers }) {
    const form = formOf(placeAt(path), headers['content-type'])
    if (path === RECORDS) return readJson(body, (value) => openRecords(value), form === 'lines')
    return unpackBody(FORMAT_AT.get(path) ?? 'auto', body, typeof form === 'string' ? form : 'json')
  },
  answer: ownAnswer,
}
