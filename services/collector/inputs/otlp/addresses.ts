/**
 * Addresses that an exporter builds from a slightly wrong base: the path twice, a prefix, an extra slash, capitals, or no
 * path at all. The answer names the right address and the setting that produces it. Nothing is accepted.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, refusal, inJson, refusalHeaders } from '../../answers.ts'
import { FORMATS } from '../../formats/registry.ts'
import { mediaType } from '../lib/types.ts'
import { otlpRefusal } from './index.ts'

const SIGNAL = /\/v1\/(logs|traces|metrics)\/*$/i
const OTLP_TYPES = new Set(['application/x-protobuf', 'application/json'])

const HINT =
  'OTEL_EXPORTER_OTLP_ENDPOINT holds a base without a path (http://host:4318), to which the exporter adds it; OTEL_EXPORTER_OTLP_LOGS_ENDPOINT and an exporter that is made in code take the whole address'

/** The answer to a POST that no input serves; undefined if it does not look meant for one. */
export function strayAnswer(path: string, headers: IncomingHttpHeaders): Answer | undefined {
  const plain = path.replace(/\/+/g, '/').replace(/\/$/, '').toLowerCase()
  const signal = SIGNAL.exec(path.replace(/\/+/g, '/'))?.[1]?.toLowerCase()
  const toRoot = plain === '' && OTLP_TYPES.has(mediaType(headers['content-type']))
  if (signal !== undefined || toRoot) {
    const message = `nothing is taken at this address: OTLP ${signal ?? 'logs'} go to /v1/${signal ?? 'logs'}. ${HINT}`
    return otlpRefusal(refusal(404, 'not_found', message), { headers })
  }
  const format = FORMATS.find(({ id, address }) => plain.endsWith(address) || plain === `/${id}`)
  if (format === undefined) return undefined
  const message = `nothing is taken at this address: ${format.title} goes to ${format.address}`
  return { status: 404, headers: refusalHeaders(404), ...inJson({ error: { code: 'not_found', message } }) }
}
