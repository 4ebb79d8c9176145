/**
 * The conversation of records that name none. Standard instrumentation sends one trace per model call and no id. The
 * messages in a request identify it: requests that begin with the same words belong to the same conversation. Without
 * messages, the trace identifies it. No state: the same request gives the same answer.
 */
import { H } from '../../../../schemas/ids.ts'
import type { Fields } from '../format.ts'
import { listOf, objectOf, parsedText, textOf } from '../lib/json.ts'
import { attribute, type LogView } from './attributes.ts'
import { inputOf, messageText } from './gen-ai.ts'

/** Says what it is to a person who reads the event. */
const PREFIX = 'derived:'

const TRACE = /^[0-9a-f]{32}$/i

/** H(identity, system text, first user message, its time if it has one); undefined if no user message was recorded. */
export function messagesConversation(view: LogView, identity: string): string | undefined {
  const input = inputOf(view).map(objectOf)
  const user = input.find(({ role }) => role === 'user')
  if (user === undefined) return undefined
  const instructions = messageText(listOf(parsedText(attribute(view, 'gen_ai.system_instructions'))))
  const system = instructions || messageText(input.find(({ role }) => role === 'system'))
  const time = textOf(user.timestamp ?? user.time ?? user.created_at)
  return `${PREFIX}${H('conversation', identity, system, messageText(user), time)}`
}

/** The conversation of a record that names none: by its messages, else by its trace; undefined without either. */
export function conversationOf(view: LogView, identity: string): string | undefined {
  const trace = textOf(view.record.traceId)
  return messagesConversation(view, identity) ?? (TRACE.test(trace) ? `${PREFIX}${trace.toLowerCase()}` : undefined)
}

/** The fields of an event in a derived conversation. */
export const derivedSession = (session: string): Pick<Fields, 'session' | 'session_derived'> => ({
  session,
  session_derived: 1,
})
