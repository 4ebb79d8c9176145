/**
 * OTLP logs: an ExportLogsServiceRequest in its JSON form, `{"resourceLogs": [{resource, scopeLogs: [{scope, logRecords}]}]}` with
 * lowerCamelCase keys, int64 as text or number, trace ids in hex. Protobuf is read into the same form. Unknown fields are
 * ignored, as the protocol demands.
 *
 * Each record goes to the first reader that knows it: Claude Code, GenAI, any other log. A record that names nobody
 * becomes a dead letter: an act without an actor says nothing.
 */
import { canonical, isObject, type Json, listOf, objectOf, textOf } from '../lib/json.ts'
import { readNanos, unixNanoTime } from '../lib/times.ts'
import type { Act } from './act.ts'
import { type Attributes, type LogView, attributesOf, plainValue, sharedAttributesOf } from './attributes.ts'
import { claudeCodeActs } from './claude-code.ts'
import { commonFields, isAgent } from './common.ts'
import { genAiActs } from './gen-ai.ts'
import { plainActs } from './plain.ts'
import { oneSpelling } from './spelling.ts'
import type { Draft, Format, NormaliseContext, Problem } from '../format.ts'
import { NAMES } from './names.ts'

function viewOf(record: Json, scope: Attributes, scopeName: string, resource: Attributes): LogView {
  const own = attributesOf(record)
  const at = unixNanoTime(record.timeUnixNano) === undefined ? record.observedTimeUnixNano : record.timeUnixNano
  const named = typeof record.eventName === 'string' ? record.eventName : ''
  return {
    record,
    layers: [own, scope, resource],
    scopeName,
    eventName: named || textOf(own.get('event.name')),
    body: plainValue(record.body),
    time: unixNanoTime(at),
    timeNs: readNanos(at),
  }
}

const actsOf = (view: LogView, context: NormaliseContext): Act[] => {
  const claude = claudeCodeActs(view, context)
  if (claude.length > 0) return claude
  const genAi = isAgent(view) ? genAiActs(view, context) : []
  return genAi.length > 0 ? genAi : plainActs(view)
}

/**
 * What of a record makes the ids of its acts where it brings none: not when it was observed, if it says when it happened.
 * Written down once for all acts of the record; only the number of the act differs.
 */
function bodyOf(view: LogView, identity: string, session: string): (part: number) => string {
  const { observedTimeUnixNano, attributes: _, ...record } = oneSpelling(view.record)
  const attributes = Object.fromEntries(view.layers[0] ?? [])
  const timed = unixNanoTime(view.record.timeUnixNano) !== undefined
  // In the order of the keys, as canonical JSON has them.
  const before = canonical({ attributes, identity, ...(timed ? {} : { observedTimeUnixNano }) }).slice(0, -1)
  const behind = canonical({ record, session }).slice(1)
  return (part) => `${before},"part":${part},${behind}`
}

function recordDrafts(view: LogView, context: NormaliseContext): readonly Draft[] | Problem {
  const common = commonFields(view, context)
  const { identity = '', session = '' } = common
  if (identity === '') {
    return {
      reason: 'unnamed',
      detail: 'the record names nobody: set gen_ai.agent.id on the record, or service.name on its resource',
    }
  }
  let body: ((part: number) => string) | undefined
  return actsOf(view, context).map((act, part) => ({
    id:
      act.id !== undefined && view.time !== undefined
        ? [identity, session, ...act.id, view.time]
        : { canonical: (body ??= bodyOf(view, identity, session))(part) },
    time: view.time,
    timeNs: view.timeNs,
    fields: { ...common, ...act.fields, source_id: act.sourceId },
    ...(act.parts === undefined ? {} : { parts: act.parts }),
  }))
}

interface Found {
  readonly record: unknown
  readonly scope: Attributes
  readonly scopeName: string
  readonly resource: Attributes
}

function* recordsOf(body: Json): Generator<Found> {
  for (const resourceLogs of listOf(body.resourceLogs)) {
    const resource = sharedAttributesOf(objectOf(resourceLogs).resource)
    for (const scopeLogs of listOf(objectOf(resourceLogs).scopeLogs)) {
      const holder = objectOf(objectOf(scopeLogs).scope)
      const scope = sharedAttributesOf(holder)
      for (const record of listOf(objectOf(scopeLogs).logRecords)) {
        yield { record, scope, scopeName: textOf(holder.name), resource }
      }
    }
  }
}

/** Unknown fields are ignored, but a request without logs must not be taken for one that was stored. */
function refuses(body: unknown): string | undefined {
  if (!isObject(body)) return 'an OTLP body is one JSON object, an ExportLogsServiceRequest'
  if (Array.isArray(body.resourceLogs) || Object.keys(body).length === 0) return undefined
  if (body.resourceSpans !== undefined) return 'these are traces: only logs are taken, so set OTEL_TRACES_EXPORTER=none'
  if (body.resourceMetrics !== undefined)
    return 'these are metrics: only logs are taken, so set OTEL_METRICS_EXPORTER=none'
  if (body.resource_logs !== undefined) return 'OTLP in JSON has lowerCamelCase keys: resourceLogs, not resource_logs'
  return 'the list resourceLogs is missing: this is no ExportLogsServiceRequest'
}

export const otlp: Format<Found> = {
  id: 'otlp',
  title: 'OTLP',
  address: '/v1/logs',
  takes: '{"resourceLogs": [...]}, an ExportLogsServiceRequest in JSON or protobuf',
  names: NAMES,
  valueIsRequest: true,
  recognises: (value) => isObject(value) && Array.isArray(value.resourceLogs),
  records(value) {
    const why = refuses(value)
    return why === undefined ? recordsOf(objectOf(value)) : { refused: why }
  },
  drafts: ({ record, scope, scopeName, resource }, context) =>
    isObject(record)
      ? recordDrafts(viewOf(record, scope, scopeName, resource), context)
      : { reason: 'malformed', detail: 'the log record is not an object' },
}
