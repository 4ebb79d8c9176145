/** Media types of requests, and the form of body that each means. */
import { type Refusal, refusal } from '../../answers.ts'
import type { Form } from '../../unpack.ts'
import type { Endpoint } from '../input.ts'

/** The media type of a content type, without its parameters. */
export const mediaType = (header: string | undefined): string =>
  (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** How the body is written, or why it cannot be read; `json` where the endpoint does not ask. */
export function formOf(endpoint: Endpoint, header: string | undefined): Form | Refusal {
  if (endpoint.types === undefined) return 'json'
  const type = mediaType(header) || endpoint.untyped || ''
  const form = Object.hasOwn(endpoint.types, type) ? endpoint.types[type] : undefined
  if (form !== undefined) return form
  const taken = Object.keys(endpoint.types).slice(0, 2).join(' or ')
  const hint = type === 'application/x-protobuf' ? ': OTLP goes to /v1/logs' : ''
  return refusal(415, 'unsupported_type', `the content type "${type.slice(0, 64)}" is not taken, ${taken} is${hint}`)
}
