/**
 * The doors: which path takes which format in which media types, and what a sender may do there. Everything that can be
 * said of a request before its body is read.
 */
import { type Grant, permit, permitScope } from '../lib/auth.ts'
import { type Dialect, type Refusal, refusal } from './answers.ts'
import type { Format, Form } from './normalise.ts'

export interface Door {
  readonly path: string
  readonly format: Format
  /** Media types taken, and how their bodies are written. */
  readonly types: Readonly<Record<string, Form>>
}

const JSON_TYPE = { 'application/json': 'json' } as const
const PROTOBUF = 'application/x-protobuf'
const LINE_TYPES = {
  ...JSON_TYPE,
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/x-jsonlines': 'lines',
  'application/json-lines': 'lines',
  'application/stream+json': 'lines',
} as const
export const DOORS: readonly Door[] = [
  { path: '/v1/logs', format: 'otlp', types: { ...JSON_TYPE, [PROTOBUF]: 'protobuf' } },
  { path: '/v1/events', format: 'events', types: LINE_TYPES },
  { path: '/v1/cloudtrail', format: 'cloudtrail', types: LINE_TYPES },
]
/** Signals of OpenTelemetry that an exporter sends to the same port unless it is told not to. */
export const OTHER_SIGNALS = ['/v1/traces', '/v1/metrics'] as const

/** The media type of a content type, without its parameters. */
const mediaType = (header: string | undefined): string => (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** OTLP answers in the encoding in which it was asked; what cannot be read at all is answered in JSON. */
export const otlpDialect = (header: string | undefined): Dialect =>
  mediaType(header) === PROTOBUF ? 'otlp-protobuf' : 'otlp-json'

/** How the body is written, or why it cannot be read. */
export function bodyForm(door: Door, header: string | undefined): Form | Refusal {
  const type = mediaType(header)
  const named = type === '' && door.format !== 'otlp' ? 'application/json' : type
  const form = Object.hasOwn(door.types, named) ? door.types[named] : undefined
  if (form !== undefined) return form
  const taken = Object.keys(door.types).slice(0, 2).join(' or ')
  const hint = type === PROTOBUF ? ': OTLP goes to /v1/logs' : ''
  return refusal(415, 'unsupported_type', `the content type "${type.slice(0, 64)}" is not taken, ${taken} is${hint}`)
}

/** Headers and query of a request, as far as they ask for history. */
export interface ScopeRequest {
  /** `?history=1` */
  readonly query: unknown
  /** `x-moltwatch-history: 1` */
  readonly header: unknown
}

/**
 * Whether the sender may send, and as what. Live unless it asks for history, or may send nothing else; who may send live
 * may send history, because it does less.
 */
export function sendingScope(
  grant: Grant,
  asked: ScopeRequest,
): { readonly ok: true; readonly history: boolean } | Refusal {
  const permitted = permit(grant, 'send')
  if (!permitted.ok) return permitted
  const wanted = asked.query ?? asked.header
  const history = wanted === '1' || wanted === 'true' || !grant.scopes.includes('live')
  const scope = permitScope(grant, history && !grant.scopes.includes('live') ? 'history' : 'live')
  return scope.ok ? { ok: true, history } : scope
}
