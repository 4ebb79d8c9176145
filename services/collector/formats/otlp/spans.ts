/**
 * OTLP traces: spans are read like log records. Frameworks name one thing in many ways (GenAI and MCP conventions,
 * OpenInference, OpenLLMetry, Vercel AI SDK, LangSmith, Langfuse, Pydantic AI). Each is translated into the conventions
 * here, and the log readers do the rest.
 *
 * A span says who called it: a tool span belongs to the agent span above it, and an agent under another agent acts on its
 * behalf. Only spans of one request are seen together; a span whose parent came in another request is read alone.
 */
import { cleanText } from '../lib/clean.ts'
import { isObject, type Json, listOf, objectOf, parsedText, textOf } from '../lib/json.ts'
import { lookup } from '../../../../schemas/lookup.ts'
import { type Attributes, attributesOf, type LogView } from './attributes.ts'
import { inputMessages, outputMessages } from './messages.ts'
import { identityOf, sessionOf } from './common.ts'
import { messagesConversation } from './conversations.ts'
import { ARGUMENTS, RESULT, SESSION, TOOL } from './synonyms.ts'
import { readNanos, unixNanoTime } from '../lib/times.ts'

/** What kind of step a span is, in the word of `gen_ai.operation.name`. */
const OPERATION_OF_KIND = lookup({
  tool: 'execute_tool',
  agent: 'invoke_agent',
  llm: 'chat',
  generation: 'chat',
  retriever: 'retrieval',
  retrieval: 'retrieval',
  workflow: 'invoke_workflow',
})
const KIND_NAMES = [
  'openinference.span.kind',
  'traceloop.span.kind',
  'langsmith.span.kind',
  'langfuse.observation.type',
]
const TOOL_SPAN = /^(?:execute_tool|running tool:?|tool:)\s+(\S.*)$/i

const text = (attributes: Attributes, ...keys: readonly string[]): string => {
  for (const key of keys) {
    const found = textOf(attributes.get(key))
    if (found !== '') return found
  }
  return ''
}

function operationOf(attributes: Attributes, name: string): string {
  const said = text(attributes, 'gen_ai.operation.name')
  if (said !== '') return said
  const vercel = text(attributes, 'ai.operationId')
  if (vercel === 'ai.toolCall') return 'execute_tool'
  if (vercel !== '') return vercel.includes('.do') ? 'chat' : 'invoke_agent'
  const kind = text(attributes, ...KIND_NAMES).toLowerCase()
  const known = OPERATION_OF_KIND[kind as keyof typeof OPERATION_OF_KIND]
  if (known !== undefined) return known
  return TOOL_SPAN.test(name) || text(attributes, ...TOOL) !== '' ? 'execute_tool' : ''
}

/** Frameworks wrap what went into a function: {inputs}, {args, kwargs}; and what came out: {output}. */
function unwrapped(value: unknown): unknown {
  const parsed = parsedText(value)
  if (!isObject(parsed)) return value
  const { kwargs, inputs, output, outputs } = parsed
  if (isObject(kwargs) && Object.keys(kwargs).length > 0) return kwargs
  return inputs ?? output ?? outputs ?? value
}

const INPUTS = ['input.value', 'traceloop.entity.input', 'langfuse.observation.input', 'tool_arguments']
const OUTPUTS = ['output.value', 'traceloop.entity.output', 'langfuse.observation.output', 'tool_response']

const first = (attributes: Attributes, keys: readonly string[]): unknown => {
  for (const key of keys) {
    const value = attributes.get(key)
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

function toolAttributes(own: Attributes, name: string, set: (key: string, value: unknown) => void): void {
  const entity = text(own, ...TOOL, 'traceloop.entity.name', 'langsmith.trace.name')
  set('gen_ai.tool.name', entity || (TOOL_SPAN.exec(name)?.[1] ?? name.replace(/\.tool$/, '')))
  set('gen_ai.tool.call.arguments', first(own, ARGUMENTS) ?? unwrapped(first(own, INPUTS)))
  set('gen_ai.tool.call.result', first(own, RESULT) ?? unwrapped(first(own, OUTPUTS)))
}

/** The error of a span: its status, and the exception that it recorded. */
function errorAttributes(span: Json, set: (key: string, value: unknown) => void): void {
  for (const event of listOf(span.events).map(objectOf)) {
    if (event.name !== 'exception') continue
    for (const [key, value] of attributesOf(event)) if (key.startsWith('exception.')) set(key, value)
  }
  const { code, message } = objectOf(span.status)
  if (code === 2 || code === 'STATUS_CODE_ERROR') set('error.type', cleanText(textOf(message)).slice(0, 64) || 'error')
}

/** The attributes of a span, with their equivalents in the conventions added. */
function conventional(span: Json): Map<string, unknown> {
  const own = new Map(attributesOf(span))
  const name = textOf(span.name)
  const set = (key: string, value: unknown): void => {
    const has = own.get(key)
    if ((has === undefined || has === null || has === '') && value !== undefined && value !== '') own.set(key, value)
  }
  const operation = operationOf(own, name)
  set('gen_ai.operation.name', operation)
  if (operation === 'execute_tool') toolAttributes(own, name, set)
  if (operation === 'invoke_agent') {
    const framework = text(own, 'traceloop.entity.name', 'ai.telemetry.functionId', 'langsmith.trace.name')
    set('gen_ai.agent.name', text(own, 'agent.name', 'agent_name', 'langfuse.agent.name') || framework)
  }
  for (const [key, messages] of [
    ['gen_ai.input.messages', inputMessages(own)],
    ['gen_ai.output.messages', outputMessages(own)],
  ] as const) {
    if (messages.length > 0) own.set(key, messages)
  }
  set('gen_ai.request.model', text(own, 'llm.model_name', 'ai.model.id'))
  set(
    'gen_ai.usage.input_tokens',
    first(own, ['llm.token_count.prompt', 'ai.usage.promptTokens', 'ai.usage.inputTokens']),
  )
  set(
    'gen_ai.usage.output_tokens',
    first(own, ['llm.token_count.completion', 'ai.usage.completionTokens', 'ai.usage.outputTokens']),
  )
  set('user.id', text(own, 'langfuse.user.id', 'ai.telemetry.metadata.userId', 'langsmith.metadata.user_id'))
  errorAttributes(span, set)
  return own
}

const AGENT_NAMES = ['gen_ai.agent.id', 'gen_ai.agent.name', 'gen_ai.agent.version'] as const
/** Spans above one that are looked at: a cycle ends there. */
const ANCESTORS_MAX = 64

export interface Span {
  readonly span: Json
  readonly own: Map<string, unknown>
  readonly scope: Attributes
  readonly scopeName: string
  readonly resource: Attributes
}

export const spanOf = (span: Json, scope: Attributes, scopeName: string, resource: Attributes): Span => ({
  span,
  own: conventional(span),
  scope,
  scopeName,
  resource,
})

const nameOfAgent = ({ own }: Span): string => text(own, 'gen_ai.agent.id', 'gen_ai.agent.name')

/** Sets what a span does not say itself, from the span above it. */
function adopt(own: Map<string, unknown>, above: ReadonlyMap<string, unknown>, keys: readonly string[]): void {
  for (const key of keys) {
    const value = above.get(key)
    if (value !== undefined && !own.has(key)) own.set(key, value)
  }
}

/** Gives each span the agent and the conversation of the spans above it, and an agent the one that it acts for. */
function inherit(spans: readonly Span[]): void {
  const idOf = (span: Json, id: unknown): string => `${textOf(span.traceId)}/${textOf(id)}`
  const byId = new Map(spans.map((one) => [idOf(one.span, one.span.spanId), one]))
  const agents = new Map(spans.map((one) => [one, nameOfAgent(one)]))
  for (const one of spans) {
    let agent = agents.get(one) ?? ''
    let above = byId.get(idOf(one.span, one.span.parentSpanId))
    for (let steps = 0; above !== undefined && steps < ANCESTORS_MAX; steps++) {
      const caller = agents.get(above) ?? ''
      if (agent === '' && caller !== '') {
        adopt(one.own, above.own, AGENT_NAMES)
        agent = caller
      } else if (caller !== '' && caller !== agent) adopt(one.own, new Map([['enduser.id', caller]]), ['enduser.id'])
      adopt(one.own, above.own, SESSION)
      above = byId.get(idOf(above.span, above.span.parentSpanId))
    }
  }
}

/** A span as a record for the log readers. Its time is its start, so that what it called comes after it. */
const viewOf = ({ span, own, scope, scopeName, resource }: Span): LogView => ({
  record: span,
  layers: [own, scope, resource],
  scopeName,
  eventName: '',
  body: null,
  time: unixNanoTime(span.startTimeUnixNano) ?? unixNanoTime(span.endTimeUnixNano),
  timeNs: readNanos(span.startTimeUnixNano),
  spanId: [textOf(span.traceId).toLowerCase(), textOf(span.spanId).toLowerCase()],
})

/**
 * The spans of a request, in order of their start. If a span of a trace holds messages that identify its conversation, the
 * spans of that trace that name none belong to it.
 */
export function viewsOf(spans: readonly Span[]): LogView[] {
  inherit(spans)
  const views = spans.map(viewOf).sort((a, b) => (a.time ?? 0) - (b.time ?? 0))
  const byTrace = new Map<string, string>()
  for (const view of views) {
    const trace = view.spanId?.[0] ?? ''
    const told = byTrace.has(trace) ? undefined : messagesConversation(view, identityOf(view))
    if (told !== undefined) byTrace.set(trace, told)
  }
  return views.map((view) => {
    const derived = byTrace.get(view.spanId?.[0] ?? '')
    return derived === undefined || sessionOf(view) !== '' ? view : { ...view, derived }
  })
}
