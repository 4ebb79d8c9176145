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
const OWN = FORMATS.filter(({ id }) => id !== 'otlp')
const pathOf = (id: string): string => `/v1/${id}`
const PLACES: ReadonlyMap<string, Place> = new Map(
  OWN.map(({ id }) => [pathOf(id), { path: pathOf(id), types: TYPES, untyped: 'application/json' }]),
)
const formatAt: ReadonlyMap<string, FormatId> = new Map(OWN.map(({ id }) => [pathOf(id), id]))

export const http: Input = {
  id: 'http',
  takes: [...PLACES.values()],
  identify: ({ headers }, authenticate) => authenticate(headers.authorization),
  unpack(body, { path, headers }) {
    const place = PLACES.get(path)
    const form = place === undefined ? 'json' : formOf(place, headers['content-type'])
    return unpackBody(formatAt.get(path) ?? 'auto', body, typeof form === 'string' ? form : 'json')
  },
  answer: ownAnswer,
}
