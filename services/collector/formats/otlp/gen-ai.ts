/**
 * Records of the OpenTelemetry GenAI conventions, in their spellings from 1.28 to today.
 *
 *   gen_ai.user.message                          body: the text, or {content}
 *   gen_ai.system.message, gen_ai.assistant.message   history, sent again with every request of the conversation
 *   gen_ai.tool.message                          body {id, content}: the answer of a tool
 *   gen_ai.choice                                body {message: {content, tool_calls: [{id, function: {name, arguments}}]}}
 *   gen_ai.tool.call, or gen_ai.tool.name        one call with gen_ai.tool.call.arguments and .result
 *   gen_ai.client.inference.operation.details    gen_ai.input.messages and gen_ai.output.messages, with parts
 *   anything else with gen_ai.operation.name     an operation: chat, invoke_agent, retrieval, memory
 */
import { H } from '../../../../schemas/ids.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { canonical, isObject, listOf, objectOf, parsedText, textOf } from '../lib/json.ts'
import { namedContact } from '../lib/contacts.ts'
import { activityOf } from '../lib/verbs.ts'
import type { NormaliseContext } from '../format.ts'
import type { Act } from './act.ts'
import { attribute, attributeText, type LogView } from './attributes.ts'
import { outcomeOf } from './common.ts'
import { ARGUMENTS, CALL_ID, RESULT, said, TOOL } from './synonyms.ts'
import { callFields, callParts } from './tool-call.ts'

/** The text of a message: a string, {content}, {text}, or a list of parts with texts. */
export function messageText(body: unknown): string {
  if (typeof body === 'string') return body
  if (Array.isArray(body))
    return body
      .map(messageText)
      .filter((text) => text !== '')
      .join('\n')
  if (!isObject(body)) return ''
  const type = textOf(body.type)
  if (type !== '' && type !== 'text' && type !== 'input_text' && type !== 'output_text') return ''
  return messageText(body.content ?? body.text ?? body.parts ?? body.message ?? body.prompt)
}

/** A message of the user: what the agent was asked. */
export function userMessage(text: string, context: NormaliseContext): Act {
  return {
    id: ['user.message', H(text)],
    sourceId: '',
    fields: { action: 'user.message', kind: 'message', activity: 'create', outcome: 'success' },
    ...(text === '' ? {} : { parts: { task: context.extractor.userMessage(text) } }),
  }
}

const otherMessage = (role: string): Act => ({
  id: undefined,
  sourceId: '',
  fields: { action: `${role}.message`, kind: 'message', activity: 'create', outcome: 'success' },
})

/** A call that a message or a record describes. */
function callAct(
  view: LogView,
  id: string,
  name: string,
  args: unknown,
  result: unknown,
  word: string,
  context: NormaliseContext,
): Act {
  const call = { name: name === '' ? 'tool.result' : name, args, result }
  return {
    id: id === '' ? undefined : [word, id],
    sourceId: id,
    isCall: true,
    fields: callFields(view, call),
    parts: callParts(view, call, context),
  }
}

/** Acts of the conversation before a request: half of what a record may describe, so that what it asks for has room. */
const CONVERSATION_MAX = LIMITS.acts_per_record_max / 2

/** One more than a record may describe is enough to say that it describes too many. */
const READ_MAX = LIMITS.acts_per_record_max + 1

/** Tool calls in either spelling: {id, function: {name, arguments}} or {type: 'tool_call', id, name, arguments}. */
function requestedCalls(message: unknown): { id: string; name: string; args: unknown }[] {
  const body = objectOf(message)
  const listed = [
    ...listOf(body.tool_calls),
    ...listOf(body.parts).filter((part) => objectOf(part).type === 'tool_call'),
  ]
  return listed
    .slice(0, READ_MAX)
    .filter(isObject)
    .map((call) => {
      const inner = objectOf(call.function)
      return { id: textOf(call.id), name: textOf(inner.name ?? call.name), args: inner.arguments ?? call.arguments }
    })
}

function choiceActs(view: LogView, messages: readonly unknown[], context: NormaliseContext): Act[] {
  const calls = messages.slice(0, READ_MAX).flatMap(requestedCalls).slice(0, READ_MAX)
  if (calls.length === 0) return [otherMessage('assistant')]
  return calls.map(({ id, name, args }) => callAct(view, id, name, args, undefined, 'tool.request', context))
}

/** The new part of a model's input: everything after its own last message, because the rest was sent before. */
function newInput(messages: readonly unknown[]): readonly unknown[] {
  const last = messages.findLastIndex((message) => objectOf(message).role === 'assistant')
  return messages.slice(last + 1)
}

/** The messages that went into a model, wherever the record holds them. */
export const inputOf = (view: LogView): readonly unknown[] =>
  listOf(parsedText(attribute(view, 'gen_ai.input.messages') ?? objectOf(view.body)['gen_ai.input.messages']))

/** The acts in one message: what the user asked, what tools answered. */
function messageActs(view: LogView, message: unknown, context: NormaliseContext): Act[] {
  const { role, content, tool_call_id: callId, parts } = objectOf(message)
  if (role === 'user') return [userMessage(messageText(message), context)]
  const answers = listOf(parts)
    .slice(0, READ_MAX)
    .map(objectOf)
    .filter(({ type }) => type === 'tool_call_response')
  if (answers.length === 0 && role === 'tool') {
    return [callAct(view, textOf(callId), '', undefined, content, 'tool.result', context)]
  }
  return answers.map((part) =>
    callAct(view, textOf(part.id), '', undefined, part.response ?? part.result, 'tool.result', context),
  )
}

/**
 * The whole conversation in a request, if nothing else ties its requests together. The id of each act is made of the act and
 * what precedes it, so it counts once even if the next request repeats it.
 */
function conversationActs(view: LogView, input: readonly unknown[], context: NormaliseContext): Act[] {
  const acts: Act[] = []
  let before = ''
  for (const [index, message] of input.entries()) {
    before = H(before, canonical(message))
    if (index < input.length - CONVERSATION_MAX) continue
    const asked = objectOf(message).role === 'assistant' ? choiceActs(view, [message], context) : []
    const told = [...messageActs(view, message, context), ...asked.filter((act) => act.fields.kind !== 'message')]
    acts.push(...told.map((act, part) => ({ ...act, wholeId: ['message', before, String(part)] })))
  }
  // The newest are kept: earlier requests reported the ones before them.
  return acts.slice(-CONVERSATION_MAX)
}

function inferenceActs(view: LogView, context: NormaliseContext): Act[] {
  const input = inputOf(view)
  const output = listOf(
    parsedText(attribute(view, 'gen_ai.output.messages') ?? objectOf(view.body)['gen_ai.output.messages']),
  )
  const acts =
    view.derived === undefined
      ? newInput(input)
          .slice(0, READ_MAX)
          .flatMap((message) => messageActs(view, message, context))
          .slice(0, READ_MAX)
      : conversationActs(view, input, context)
  const calls = choiceActs(view, output, context).filter((act) => act.fields.kind !== 'message')
  // What the request cost is counted once, with the operation.
  const free = ({ fields, ...act }: Act): Act => ({
    ...act,
    fields: { ...fields, tokens_in: 0, tokens_out: 0, cost: 0 },
  })
  return [...acts.map(free), operationAct(view), ...calls.map(free)]
}

/** An operation of a model or an agent that is no tool call. */
function operationAct(view: LogView): Act {
  const operation = attributeText(view, 'gen_ai.operation.name') || view.eventName
  const memory = operation.includes('memory')
  const remote = namedContact(attributeText(view, 'server.address', 'url.full'))
  const id = attributeText(view, 'gen_ai.response.id')
  return {
    id: id === '' ? undefined : ['operation', operation, id],
    sourceId: id,
    fields: {
      action: operation,
      kind: memory ? 'memory' : operation === 'create_agent' ? 'admin' : 'api',
      activity: activityOf(operation),
      target: attributeText(view, 'gen_ai.data_source.id', 'gen_ai.memory.store.id', 'gen_ai.request.model'),
      peer: remote.peer,
      peer_domains: [...remote.domains],
      ...outcomeOf(view, true),
    },
  }
}

/** What a tool answered; undefined where content is not captured and the body says alone to which call it belongs. */
function answerOf(body: unknown): unknown {
  if (!isObject(body)) return body
  if (body.content !== undefined) return body.content
  return Object.keys(body).some((key) => key !== 'id' && key !== 'role') ? body : undefined
}

/** The acts of a GenAI record; empty where the record is none. */
export function genAiActs(view: LogView, context: NormaliseContext): Act[] {
  const body = objectOf(view.body)
  switch (view.eventName) {
    case 'gen_ai.user.message':
    case 'gen_ai.user_message':
      return [userMessage(messageText(view.body) || attributeText(view, 'gen_ai.prompt', 'content'), context)]
    case 'gen_ai.system.message':
      return [otherMessage('system')]
    case 'gen_ai.assistant.message':
      return [otherMessage('assistant')]
    case 'gen_ai.tool.message':
      return [
        callAct(
          view,
          textOf(body.id),
          attributeText(view, 'gen_ai.tool.name'),
          undefined,
          answerOf(view.body),
          'tool.message',
          context,
        ),
      ]
    case 'gen_ai.choice':
      return choiceActs(view, [body.message ?? body, body].slice(0, body.message === undefined ? 1 : 2), context)
    default:
      break
  }
  const toolName = textOf(said(view, TOOL))
  const mcpMethod = attributeText(view, 'mcp.method.name')
  const operation = attributeText(view, 'gen_ai.operation.name')
  if (toolName !== '' || view.eventName === 'gen_ai.tool.call' || operation === 'execute_tool' || mcpMethod !== '') {
    const name = toolName || mcpMethod || 'execute_tool'
    const word = view.eventName || 'gen_ai.tool.call'
    return [callAct(view, textOf(said(view, CALL_ID)), name, said(view, ARGUMENTS), said(view, RESULT), word, context)]
  }
  if (attribute(view, 'gen_ai.input.messages', 'gen_ai.output.messages') !== undefined)
    return inferenceActs(view, context)
  return operation !== '' || view.eventName.startsWith('gen_ai.') ? [operationAct(view)] : []
}
