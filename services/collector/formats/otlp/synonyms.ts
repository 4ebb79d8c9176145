/**
 * The names by which producers say one thing: which tool was called, with what, what came back, what the user asked. One
 * table for every reader of OTLP records, so that an agent needs no convention to be understood, only plain names. Names of
 * the conventions come first, the ones of frameworks and of agents on their own behind them.
 */
import { jsonInText } from '../../bounded-json.ts'
import { isObject } from '../lib/json.ts'
import { attribute, type LogView } from './attributes.ts'

const names = (text: string): readonly string[] => text.split(/\s+/).filter((name) => name !== '')

/** Names that are only used for tools. */
export const TOOL = names(`
  gen_ai.tool.name mcp.tool.name tool.name tool_name toolName ai.toolCall.name tool_call.name tool_call.function.name
  gen_ai.tool.function.name langfuse.tool.name tool.call.name toolCall.name mcp_tool mcp_tool_name mcpTool
  requested_tool requestedTool`)
/** A tool if the record also has named arguments; otherwise under the same conditions as a function. */
export const MAYBE_TOOL = names('tool')
/** What jobs and services have, too: a tool where the record says itself that an agent called it. */
export const FUNCTION = names('function_name function.name functionName command_name')
/** The same of programs that call everything an action, and of records whose type says that they are a call. */
export const ACTION = names('action')
export const ACTION_INPUT = names('action_input actionInput')
export const TYPE = names('type event_type eventType kind')
export const NAME = names('name')
export const CALL_ID = names(`
  gen_ai.tool.call.id tool.call.id tool_call_id tool_call.id toolCallId tool_use_id call_id callId ai.toolCall.id
  gen_ai.tool.call_id jsonrpc.request.id mcp.request.id function.call_id function_call_id`)
/** Only used for tool calls. */
export const OWN_ARGUMENTS = names(`
  gen_ai.tool.call.arguments gen_ai.tool.arguments gen_ai.tool.input tool.arguments tool.parameters tool.input tool.args
  tool_arguments tool_parameters tool_input tool_args ai.toolCall.args ai.toolCall.input tool_call.function.arguments
  tool_call.arguments function_args function_arguments function.arguments mcp.tool.arguments tool.call.arguments
  toolCall.arguments toolInput toolArgs toolArguments toolParameters mcp_arguments mcp_tool_arguments tool.command
  tool_command openclaw.content.tool_input`)
export const ARGUMENTS = [...OWN_ARGUMENTS, 'arguments', 'args']
/** What a call may call its arguments, and other records something else. */
export const LOOSE_ARGUMENTS = names('action_input actionInput parameters params input command')
export const OWN_RESULT = names(`
  gen_ai.tool.call.result gen_ai.tool.result gen_ai.tool.output tool.result tool.output tool.response tool_result
  tool_output tool_response ai.toolCall.result ai.toolCall.output function_result mcp.tool.result toolOutput toolResult
  toolResponse tool.call.result toolCall.result observation openclaw.content.tool_output`)
export const RESULT = [...OWN_RESULT, 'result', 'output']
export const PROMPT = names('user_prompt user.prompt user_message user.message user.input gen_ai.user.prompt prompt')
export const DECISION = names(`
  decision tool.decision tool_decision approval.decision permission_decision permissionDecision approval_status approvalStatus`)
/** What a person said to a call; elsewhere the id of an approval. */
export const APPROVAL = names('approval')
/** How a call ended, in words; as the code with which a program ended; as whether it failed. */
export const STATUS = names('tool.status tool_status toolStatus tool.outcome status outcome')
export const EXIT_CODE = names('exit_code exitCode exit.code tool.exit_code tool_exit_code process.exit.code')
export const IS_ERROR = names('is_error isError tool.is_error tool.error tool_error')
/** What only records of agents say. No sessions and threads: visitors of a page and programs have those. */
export const OF_AGENTS = names(`
  gen_ai.conversation.id mcp.session.id conversation.id conversation_id conversationId gen_ai.agent.id gen_ai.agent.name
  gen_ai.operation.name gen_ai.system gen_ai.provider.name`)
export const SESSION = names(`
  gen_ai.conversation.id session.id mcp.session.id gen_ai.session.id conversation.id conversation_id session_id sessionId
  thread.id thread_id threadId langfuse.session.id langsmith.metadata.session_id langsmith.metadata.thread_id
  traceloop.association.properties.session_id traceloop.association.properties.thread_id
  traceloop.association.properties.chat_id ai.telemetry.metadata.sessionId ai.telemetry.metadata.threadId
  ai.telemetry.metadata.chatId gcp.vertex.agent.session_id`)

/** What a producer says of tools and conversations under its own prefix, as in `acme.tool.name`. */
const OWN_NAME = /^[^.]+\.((?:tool|session|conversation|thread)[._].+)$/
const STRUCTURE_DEPTH_MAX = 3

type Structure = Readonly<Record<string, unknown>>

/** Notes the contents of a structure by path, with dots between the keys; the first value counts. */
function note(into: Map<string, unknown>, structure: Structure, path: string, depth: number): void {
  for (const [key, value] of Object.entries(structure)) {
    const name = path + key
    if (value !== null && value !== '' && !into.has(name)) into.set(name, value)
    if (depth < STRUCTURE_DEPTH_MAX && isObject(value)) note(into, value, `${name}.`, depth + 1)
  }
}

/**
 * What a record says outside its plain attributes: in attributes that are structures, in a body that is one or is JSON text,
 * in names with its own prefix.
 */
const beside = new WeakMap<LogView, ReadonlyMap<string, unknown>>()
function besideOf(view: LogView): ReadonlyMap<string, unknown> {
  const found = beside.get(view)
  if (found !== undefined) return found
  const made = new Map<string, unknown>()
  const own = [...(view.layers[0] ?? [])]
  for (const [key, value] of own) if (isObject(value)) note(made, value, `${key}.`, 1)
  const body = typeof view.body === 'string' ? jsonInText(view.body)?.value : view.body
  if (isObject(body)) note(made, body, '', 1)
  for (const [key, value] of own) {
    const name = OWN_NAME.exec(key)?.[1]
    if (name !== undefined && value !== null && value !== '' && !made.has(name)) made.set(name, value)
  }
  beside.set(view, made)
  return made
}

/** What a record says under one of these names: in an attribute, else outside its attributes. */
export function said(view: LogView, synonyms: readonly string[]): unknown {
  const found = attribute(view, ...synonyms)
  if (found !== undefined) return found
  const more = besideOf(view)
  if (more.size === 0) return undefined
  const name = synonyms.find((one) => more.has(one))
  return name === undefined ? undefined : more.get(name)
}
