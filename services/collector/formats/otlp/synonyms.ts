/**
 * The names by which producers say one thing: which tool was called, with what, what came back, what the user asked. One
 * table for every reader of OTLP records, so that an agent needs no convention to be understood, only plain names. Names of
 * the conventions come first, the ones of frameworks and of agents on their own behind them.
 */
import { isObject } from '../lib/json.ts'
import { attribute, type LogView } from './attributes.ts'

const names = (text: string): readonly string[] => text.split(/\s+/).filter((name) => name !== '')

/** Names that are said of tools and of nothing else. */
export const TOOL = names(`
  gen_ai.tool.name mcp.tool.name tool.name tool_name toolName ai.toolCall.name tool_call.name tool_call.function.name
  gen_ai.tool.function.name langfuse.tool.name`)
/** Names that stand for a tool where the record also says with what it was called, or what came back. */
export const MAYBE_TOOL = names('function_name function.name functionName tool command_name')
export const CALL_ID = names(`
  gen_ai.tool.call.id tool.call.id tool_call_id tool_call.id toolCallId tool_use_id call_id callId ai.toolCall.id
  gen_ai.tool.call_id jsonrpc.request.id mcp.request.id`)
export const ARGUMENTS = names(`
  gen_ai.tool.call.arguments gen_ai.tool.arguments gen_ai.tool.input tool.arguments tool.parameters tool.input tool.args
  tool_arguments tool_parameters tool_input tool_args ai.toolCall.args ai.toolCall.input tool_call.function.arguments
  tool_call.arguments function_args function_arguments function.arguments mcp.tool.arguments arguments args`)
export const RESULT = names(`
  gen_ai.tool.call.result gen_ai.tool.result gen_ai.tool.output tool.result tool.output tool.response tool_result
  tool_output tool_response ai.toolCall.result ai.toolCall.output function_result mcp.tool.result result output`)
export const PROMPT = names('user_prompt user.prompt user_message user.message user.input gen_ai.user.prompt prompt')
export const DECISION = names('decision tool.decision tool_decision approval.decision')
export const SESSION = names(`
  gen_ai.conversation.id session.id mcp.session.id gen_ai.session.id conversation.id conversation_id session_id sessionId
  thread.id thread_id threadId langfuse.session.id langsmith.metadata.session_id langsmith.metadata.thread_id
  traceloop.association.properties.session_id traceloop.association.properties.thread_id
  traceloop.association.properties.chat_id ai.telemetry.metadata.sessionId ai.telemetry.metadata.threadId
  ai.telemetry.metadata.chatId gcp.vertex.agent.session_id`)

/** What a record says under one of these names: in an attribute, else in a structured body. */
export function said(view: LogView, synonyms: readonly string[]): unknown {
  const found = attribute(view, ...synonyms)
  if (found !== undefined || !isObject(view.body)) return found
  for (const name of synonyms) {
    const value = Object.hasOwn(view.body, name) ? view.body[name] : undefined
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}
