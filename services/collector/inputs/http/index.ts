/**
 * Any format of records over plain HTTP: `POST /v1/<format>` with a bearer token. JSON in whatever way shippers write it: one
 * object, a list, lines, objects one after the other.
 */
import type { FormatId } from '../../formats/format.ts'
import { FORMATS } from '../../formats/registry.ts'
import { unpackBody } from '../../unpack.ts'
import type { Input, Place } from '../input.ts'
import { ownAnswer } from '../lib/answer.ts'
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
const placeAt = (path: string): Place => ({ path, types: TYPES, untyped: 'application/json' })

export const http: Input = {
  id: 'http',
  takes: [...FORMAT_AT.keys()].map(placeAt),
  identify: ({ headers }, authenticate) => authenticate(headers.authorization),
  unpack(body, { path, headers }) {
    const form = formOf(placeAt(path), headers['content-type'])
    return unpackBody(FORMAT_AT.get(path) ?? 'auto', body, typeof form === 'string' ? form : 'json')
  },
  answer: ownAnswer,
}
