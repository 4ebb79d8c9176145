/**
 * The OTLP logs of Claude Code: scope `com.anthropic.claude_code.events` (matched by its beginning). The body names the
 * event (`claude_code.tool_result`); everything else is in flat attributes. Texts of prompts and tools are opt-in and may be
 * absent or the word <REDACTED>.
 */
import type { ACTION_KINDS } from '../../../../schemas/event.ts'
import { lookup } from '../../../../schemas/lookup.ts'
import { namedContact } from '../lib/contacts.ts'
import type { Fields, NormaliseContext } from '../format.ts'
import type { Act } from './act.ts'
import { attribute, attributeText, type LogView } from './attributes.ts'
import { isClaudeCode, outcomeOf } from './common.ts'
import { userMessage } from './gen-ai.ts'
import { callFields, callParts } from './tool-call.ts'

const PREFIX = 'claude_code.'

/** Kinds of the events that are not calls; whatever is not named here steers the agent itself. */
const KINDS = lookup<string, (typeof ACTION_KINDS)[number]>({
  api_request: 'api',
  api_error: 'api',
  api_refusal: 'api',
  api_response_body: 'api',
  auth: 'auth',
  mcp_server_connection: 'mcp',
})

/** An id for records that Claude Code numbers within a session. */
function sequenceId(view: LogView, event: string): readonly string[] | undefined {
  const sequence = attributeText(view, 'event.sequence')
  return sequence === '' ? undefined : ['claude_code', event, sequence]
}

function toolResult(view: LogView, context: NormaliseContext): Act {
  const id = attributeText(view, 'tool_use_id')
  const call = {
    name: attributeText(view, 'tool_name') || 'tool',
    args: attribute(view, 'tool_input', 'tool_parameters'),
    result: attribute(view, 'tool_output', 'tool_result', 'tool_response'),
  }
  return {
    id: id === '' ? sequenceId(view, 'tool_result') : ['tool_result', id],
    sourceId: id,
    isCall: true,
    fields: callFields(view, call),
    parts: callParts(view, call, context),
  }
}

/** A person, a rule or a hook decided whether a tool may run. */
function decisionFields(view: LogView): Fields {
  const decision = attributeText(view, 'decision')
  return {
    target: attributeText(view, 'tool_name'),
    target_kind: 'tool',
    activity: 'other',
    outcome: decision === 'accept' ? 'success' : decision === 'reject' ? 'denied' : 'unknown',
    approver: attributeText(view, 'source'),
  }
}

function otherFields(view: LogView, event: string): Fields {
  const server = namedContact(event === 'mcp_server_connection' ? attributeText(view, 'server_name') : '')
  const failedToConnect = attributeText(view, 'status') === 'failed'
  return {
    target: attributeText(
      view,
      'to_mode',
      'server_name',
      'plugin.name',
      'skill.name',
      'hook_name',
      'hook_event',
      'action',
      'model',
    ),
    target_kind: event,
    activity: 'other',
    peer: server.peer,
    peer_domains: [...server.domains],
    ...outcomeOf(view, !failedToConnect),
    ...(failedToConnect ? { outcome: 'failure' as const } : {}),
  }
}

/** The acts of a Claude Code record; empty where the record is none. */
export function claudeCodeActs(view: LogView, context: NormaliseContext): Act[] {
  if (!isClaudeCode(view)) return []
  const named = typeof view.body === 'string' && view.body.startsWith(PREFIX) ? view.body.slice(PREFIX.length) : ''
  const event = attributeText(view, 'event.name') || named || view.eventName
  if (event === 'tool_result') return [toolResult(view, context)]
  if (event === 'user_prompt') {
    const text = attributeText(view, 'prompt')
    return [userMessage(text === '<REDACTED>' ? '' : text, context)]
  }
  const fields = event === 'tool_decision' ? decisionFields(view) : otherFields(view, event)
  return [
    {
      id: sequenceId(view, event),
      sourceId: attributeText(view, 'tool_use_id', 'prompt.id', 'request_id'),
      fields: { action: `${PREFIX}${event}`, kind: KINDS[event] ?? 'control', ...fields },
    },
  ]
}
