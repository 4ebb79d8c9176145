/**
 * The messages of a model call in the spelling of the GenAI conventions, whatever the instrumentation wrote: one JSON text
 * (Vercel AI SDK, newer conventions), or one attribute for each part with its number in the name (OpenInference,
 * OpenLLMetry and what follows it).
 */
import { isObject, listOf, objectOf, parsedText, textOf } from '../lib/json.ts'
import type { Attributes } from './attributes.ts'

/** Messages of one call; more are cut. */
const MESSAGES_MAX = 512

interface Call {
  id?: string
  name?: string
  arguments?: unknown
}

interface Message {
  role: string
  content?: unknown
  calls: Map<number, Call>
  callId?: string
}

const INDEXED =
  /^(?:llm\.(input|output)_messages|gen_ai\.(prompt|completion))\.(\d{1,4})\.(?:message\.)?(role|content|tool_call_id|tool_calls\.(\d{1,3})\.(?:tool_call\.)?(?:function\.)?(id|name|arguments))$/

function take(message: Message, field: string, call: number, part: string, value: unknown): void {
  if (field === 'role') message.role = textOf(value)
  else if (field === 'content') message.content = value
  else if (field === 'tool_call_id') message.callId = textOf(value)
  else {
    const known = message.calls.get(call) ?? {}
    message.calls.set(call, { ...known, [part]: value })
  }
}

/** A message as the conventions write it. */
function written({ role, content, calls, callId }: Message): object {
  const tool_calls = [...calls.values()].map(({ id, name, arguments: args }) => ({ id, name, arguments: args }))
  if (role === 'tool') return { role, parts: [{ type: 'tool_call_response', id: callId ?? '', response: content }] }
  return { role, content, ...(tool_calls.length === 0 ? {} : { tool_calls }) }
}

function indexed(attributes: Attributes, inputs: boolean): object[] {
  const messages = new Map<number, Message>()
  for (const [key, value] of attributes) {
    const found = INDEXED.exec(key)
    if (found === null) continue
    const [, side, old, number, field = '', call = '0', part = ''] = found
    if ((side === 'input' || old === 'prompt') !== inputs || messages.size >= MESSAGES_MAX) continue
    const message = messages.get(Number(number)) ?? {
      role: inputs ? 'user' : 'assistant',
      calls: new Map<number, Call>(),
    }
    take(message, field, Number(call), part, value)
    messages.set(Number(number), message)
  }
  return [...messages.entries()].sort(([a], [b]) => a - b).map(([, message]) => written(message))
}

/** Vercel's content parts: text, tool-call {toolCallId, toolName, args}, tool-result {toolCallId, result}. */
function vercelMessage(value: unknown): object {
  const { role, content } = objectOf(value)
  const parts = listOf(content).map(objectOf)
  const results = parts.filter(({ type }) => type === 'tool-result')
  if (results.length > 0) {
    const responses = results.map(({ toolCallId, result, output }) => ({
      type: 'tool_call_response',
      id: textOf(toolCallId),
      response: result ?? output,
    }))
    return { role, parts: responses }
  }
  const tool_calls = parts
    .filter(({ type }) => type === 'tool-call')
    .map(({ toolCallId, toolName, args, input }) => ({
      id: textOf(toolCallId),
      name: textOf(toolName),
      arguments: args ?? input,
    }))
  const texts = parts.filter(({ type }) => type === 'text')
  return { role, content: Array.isArray(content) ? texts : content, ...(tool_calls.length === 0 ? {} : { tool_calls }) }
}

/** The list of messages in a JSON text, also as `messages` of an object. */
function listed(value: unknown): readonly unknown[] {
  const parsed = parsedText(value)
  return Array.isArray(parsed) ? parsed : isObject(parsed) ? listOf(parsed.messages) : []
}

/** The input of the model; empty if it was not recorded. */
export function inputMessages(attributes: Attributes): readonly unknown[] {
  const own = listed(attributes.get('gen_ai.input.messages'))
  if (own.length > 0) return own
  const vercel = listed(attributes.get('ai.prompt.messages') ?? attributes.get('ai.prompt'))
  if (vercel.length > 0) return vercel.map(vercelMessage)
  return indexed(attributes, true)
}

/** What came out of it. */
export function outputMessages(attributes: Attributes): readonly unknown[] {
  const own = listed(attributes.get('gen_ai.output.messages'))
  if (own.length > 0) return own
  const vercel = listed(attributes.get('ai.response.toolCalls'))
  if (vercel.length > 0) {
    return [
      vercelMessage({ role: 'assistant', content: vercel.map((call) => ({ type: 'tool-call', ...objectOf(call) })) }),
    ]
  }
  return indexed(attributes, false)
}
