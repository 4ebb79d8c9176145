/** Media types of requests, and bodies whose form they tell. */
import { type Refusal, refusal } from '../../answers.ts'
import type { Form } from '../../unpack.ts'
import type { Place } from '../input.ts'

/** The media type of a content type, without its parameters. */
export const mediaType = (header: string | undefined): string =>
  (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** How the body is written, or why it cannot be read; `json` where the place does not ask. */
export function formOf(place: Place, header: string | undefined): Form | Refusal {
  if (place.types === undefined) return 'json'
  const type = mediaType(header) || place.untyped || ''
  const form = Object.hasOwn(place.types, type) ? place.types[type] : undefined
  if (form !== undefined) return form
  const taken = Object.keys(place.types).slice(0, 2).join(' or ')
  const hint = type === 'application/x-protobuf' ? ': OTLP goes to /v1/logs' : ''
  return refusal(415, 'unsupported_type', `the content type "${type.slice(0, 64)}" is not taken, ${taken} is${hint}`)
}
