/**
 * What Gemini CLI (0.61) says twice. A call of a tool is a log record, `gemini_cli.tool_call`, with its arguments and its end. The
 * same call is a span without either, and a tool that touches a file adds a record `gemini_cli.file_operation`. Neither repeats the id
 * of the call, so nothing could join them: the log record alone is the call. A call of its model is a record of the conventions
 * twice: when it is asked, with nothing but the request, and when it has answered, with all of it. One that failed is told again
 * without a word of how: `gemini_cli.api_error` says it.
 */
import { attribute, attributeText, type LogView } from './attributes.ts'

const SCOPE = 'gemini-cli'

/** Operations of its spans; each has a log record that says more. */
const OPERATIONS = new Set([
  'tool_call',
  'schedule_tool_calls',
  'llm_call',
  'agent_call',
  'user_prompt',
  'system_prompt',
])

/** A span whose log record says what it says, and more. */
export const isGeminiSpan = (view: LogView): boolean =>
  view.spanId !== undefined && view.scopeName === SCOPE && OPERATIONS.has(attributeText(view, 'gen_ai.operation.name'))

/** What only a call of the model that has ended says. */
const ENDS = ['gen_ai.response.finish_reasons', 'gen_ai.usage.output_tokens', 'error.type', 'gen_ai.output.messages']

/** A call of the model without its end: another record says the same and how it ended. */
export const isGeminiRequest = (view: LogView): boolean =>
  view.scopeName === SCOPE &&
  view.eventName === 'gen_ai.client.inference.operation.details' &&
  attribute(view, ...ENDS) === undefined

/** What a tool did to a file, in numbers; its call is a record of its own. */
export const isGeminiFileOperation = (view: LogView): boolean => view.eventName === 'gemini_cli.file_operation'
