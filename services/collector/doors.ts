/**
 * The doors: which path takes which format in which media types, and what a sender may do there. Everything that can be
 * said of a request before its body is read.
 */
import { type Grant, permit, permitScope } from '../lib/auth.ts'
import { type Refusal, refusal } from './answers.ts'
import type { Format } from './normalise.ts'

export interface Door {
  readonly path: string
  readonly format: Format
  /** Media types taken, and whether their bodies are lines. */
  readonly types: Readonly<Record<string, 'json' | 'lines'>>
}

const JSON_TYPE = { 'application/json': 'json' } as const
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
  { path: '/v1/logs', format: 'otlp', types: JSON_TYPE },
  { path: '/v1/events', format: 'events', types: LINE_TYPES },
  { path: '/v1/cloudtrail', format: 'cloudtrail', types: LINE_TYPES },
]
/** Signals of OpenTelemetry that an exporter sends to the same port unless it is told not to. */
export const OTHER_SIGNALS = ['/v1/traces', '/v1/metrics'] as const

/** How the body is written, or why it cannot be read. */
export function bodyForm(door: Door, header: string | undefined): 'json' | 'lines' | Refusal {
  const type = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const form = door.types[type === '' && door.format !== 'otlp' ? 'application/json' : type]
  if (form !== undefined) return form
  const taken = Object.keys(door.types).slice(0, 2).join(' or ')
  const hint = type === 'application/x-protobuf' ? ': set OTEL_EXPORTER_OTLP_PROTOCOL=http/json' : ''
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
