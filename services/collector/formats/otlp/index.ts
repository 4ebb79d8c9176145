/**
 * OTLP logs and traces: an ExportLogsServiceRequest in its JSON form, `{"resourceLogs": [{resource, scopeLogs: [{scope, logRecords}]}]}`,
 * or an ExportTraceServiceRequest, `{"resourceSpans": [{resource, scopeSpans: [{scope, spans}]}]}`, with lowerCamelCase keys, int64 as text or number, trace ids in hex. Protobuf is read into the same form. Unknown fields are
 * ignored, as the protocol demands.
 *
 * Each record goes to the first reader that knows it: Claude Code, GenAI, flat names, any other log. A record that names nobody
 * becomes a dead letter: an act without an actor says nothing.
 */
import type { Event } from '../../../../schemas/event.ts'
import { canonical, isObject, type Json, listOf, objectOf, parsedText, textOf } from '../lib/json.ts'
import { readNanos, unixNanoTime } from '../lib/times.ts'
import type { Act } from './act.ts'
import { type Attributes, type LogView, attributesOf, hasPrefix, plainValue, sharedAttributesOf } from './attributes.ts'
import { claudeCodeActs } from './claude-code.ts'
import { commonFields, isAgent } from './common.ts'
import { genAiActs } from './gen-ai.ts'
import { conversationOf, derivedSession } from './conversations.ts'
import { flatActs, isPlace } from './flat.ts'
import { isGeminiFileOperation, isGeminiRequest, isGeminiSpan } from './gemini-cli.ts'
import { isOpenClaw, openClawActs, openClawMessages } from './openclaw.ts'
import { isRemoteCall, plainActs } from './plain.ts'
import { type Span, spanOf, viewsOf } from './spans.ts'
import { oneSpelling } from './spelling.ts'
import type { CarriedRecord, Draft, Format, NormaliseContext, Problem } from '../format.ts'
import { NAMES } from './names.ts'

function viewOf(record: Json, scope: Attributes, scopeName: string, resource: Attributes): LogView {
  const own = attributesOf(record)
  const at = unixNanoTime(record.timeUnixNano) === undefined ? record.observedTimeUnixNano : record.timeUnixNano
  const named = typeof record.eventName === 'string' ? record.eventName : ''
  const attributed = textOf(own.get('event.name'))
  return {
    record,
    layers: [own, scope, resource],
    scopeName,
    // Codex names the place in its source, and the event in an attribute.
    eventName: named === '' || (attributed !== '' && isPlace(named)) ? attributed : named,
    body: plainValue(record.body),
    time: unixNanoTime(at),
    timeNs: readNanos(at),
  }
}

const actsOf = (view: LogView, context: NormaliseContext): Act[] => {
  if (isGeminiSpan(view) || isGeminiRequest(view)) return []
  if (isGeminiFileOperation(view)) return plainActs(view)
  const messages = openClawMessages(view)
  if (messages.length > 0) return messages
  const claude = claudeCodeActs(view, context)
  if (claude.length > 0) return claude
  const genAi = isAgent(view) ? genAiActs(view, context) : []
  if (genAi.length > 0) return isOpenClaw(view) ? openClawActs(view, genAi) : genAi
  const flat = flatActs(view, context)
  if (flat.length > 0) return flat
  // A span that follows no convention is a step inside a program, unless it is a call over the network.
  return view.spanId === undefined || isRemoteCall(view) ? plainActs(view) : []
}

/**
 * What makes the ids of a record's acts if it brings none. The time of observation is left out if the record says when it
 * happened. Serialised once for all acts of the record; only the number of the act differs.
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

/** The id that a record brings for an act; a derived conversation is never part of it. */
function namedId(view: LogView, act: Act, part: number, identity: string, session: string): Draft['id'] | undefined {
  if (act.wholeId !== undefined) return [identity, ...act.wholeId]
  if (view.spanId !== undefined) return ['span', ...view.spanId, part]
  return act.id === undefined || view.time === undefined ? undefined : [identity, session, ...act.id, view.time]
}

const recordKind = (view: LogView): Event['call_record'] => (view.spanId === undefined ? 'log' : 'span')

/** The events of one record, or why it became none. */
function recordDrafts(found: LogView, context: NormaliseContext): readonly Draft[] | Problem {
  const common = commonFields(found, context)
  const { identity = '', session = '' } = common
  if (identity === '') {
    return {
      reason: 'unnamed',
      detail: 'the record names nobody: set gen_ai.agent.id on the record, or service.name on its resource',
    }
  }
  const derived = session === '' ? (found.derived ?? conversationOf(found, identity)) : undefined
  const view = derived === undefined ? found : { ...found, derived }
  let body: ((part: number) => string) | undefined
  const bodyId = (part: number) => ({ canonical: (body ??= bodyOf(view, identity, session))(part) })
  return actsOf(view, context).map((act, part) => {
    const fields = {
      ...common,
      ...act.fields,
      source_id: act.sourceId,
      ...(act.isCall === true && act.sourceId !== '' ? { call_record: recordKind(view) } : {}),
    }
    return {
      id: namedId(view, act, part, identity, session) ?? bodyId(part),
      time: view.time,
      timeNs: view.timeNs,
      fields:
        derived === undefined || fields.principal_kind !== 'agent' ? fields : { ...fields, ...derivedSession(derived) },
      ...(act.parts === undefined ? {} : { parts: act.parts }),
    }
  })
}

/**
 * A record of another format in the body, as the Collector reads lines of files. An event of ours says there who did what; a body
 * that only looks like one may be the words of an agent.
 */
function carries(found: Found): CarriedRecord | undefined {
  if (!('view' in found) || found.view.spanId !== undefined || hasPrefix(found.view, 'gen_ai.')) return undefined
  const { body, time, timeNs } = found.view
  const record = typeof body === 'string' && body.trimStart().startsWith('{') ? parsedText(body) : body
  if (!isObject(record) || Object.hasOwn(record, 'agent') || Array.isArray(record.resourceLogs)) return undefined
  const when = time === undefined ? undefined : `${time}${String(timeNs).padStart(6, '0')}`
  return { format: 'auto', record, time: when }
}

type Found = { readonly view: LogView } | { readonly record: unknown }

function* logsOf(body: Json): Generator<Found> {
  for (const resourceLogs of listOf(body.resourceLogs)) {
    const resource = sharedAttributesOf(objectOf(resourceLogs).resource)
    for (const scopeLogs of listOf(objectOf(resourceLogs).scopeLogs)) {
      const holder = objectOf(objectOf(scopeLogs).scope)
      const scope = sharedAttributesOf(holder)
      for (const record of listOf(objectOf(scopeLogs).logRecords)) {
        yield isObject(record) ? { view: viewOf(record, scope, textOf(holder.name), resource) } : { record }
      }
    }
  }
}

function* tracesOf(body: Json): Generator<Found> {
  const spans: Span[] = []
  for (const resourceSpans of listOf(body.resourceSpans)) {
    const resource = sharedAttributesOf(objectOf(resourceSpans).resource)
    for (const scopeSpans of listOf(objectOf(resourceSpans).scopeSpans)) {
      const holder = objectOf(objectOf(scopeSpans).scope)
      const scope = sharedAttributesOf(holder)
      for (const span of listOf(objectOf(scopeSpans).spans)) {
        if (isObject(span)) spans.push(spanOf(span, scope, textOf(holder.name), resource))
        else yield { record: span }
      }
    }
  }
  for (const view of viewsOf(spans)) yield { view }
}

function* recordsOf(body: Json): Generator<Found> {
  yield* logsOf(body)
  yield* tracesOf(body)
}

/** Unknown fields are ignored, but a request of another kind must not be taken for one that was stored. */
function refuses(body: unknown): string | undefined {
  if (!isObject(body))
    return 'an OTLP body is one JSON object, an ExportLogsServiceRequest or an ExportTraceServiceRequest'
  if (Array.isArray(body.resourceLogs) || Array.isArray(body.resourceSpans) || Object.keys(body).length === 0)
    return undefined
  if (body.resourceMetrics !== undefined)
    return 'these are metrics: only logs and traces are taken, so set OTEL_METRICS_EXPORTER=none'
  if (body.resource_logs !== undefined || body.resource_spans !== undefined)
    return 'OTLP in JSON has lowerCamelCase keys: resourceLogs, not resource_logs'
  return 'neither the list resourceLogs nor resourceSpans is there: this is no request of OTLP logs or traces'
}

export const otlp: Format<Found> = {
  id: 'otlp',
  title: 'OTLP',
  address: '/v1/logs',
  takes: '{"resourceLogs": [...]} or {"resourceSpans": [...]}, an export request in JSON or protobuf',
  names: NAMES,
  valueIsRequest: true,
  recognises: (value) => isObject(value) && (Array.isArray(value.resourceLogs) || Array.isArray(value.resourceSpans)),
  records(value) {
    const why = refuses(value)
    return why === undefined ? recordsOf(objectOf(value)) : { refused: why }
  },
  carries,
  drafts: (found, context) =>
    'view' in found
      ? recordDrafts(found.view, context)
      : { reason: 'malformed', detail: 'the record is not an object' },
}
