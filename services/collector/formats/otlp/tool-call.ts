/**
 * A call of a tool as an event: what it is called, what it acts on, whom it contacts, and what its texts showed. The same
 * for GenAI records, MCP and Claude Code, whatever attributes the arguments came in.
 */
import type { Parts } from '../../indicators/index.ts'
import { contactsOf, joinContacts, namedContact } from '../lib/contacts.ts'
import { isObject, parsedText, textOf } from '../lib/json.ts'
import { targetOf } from '../lib/targets.ts'
import { type Activity, activityOf, methodActivity } from '../lib/verbs.ts'
import type { Fields, NormaliseContext } from '../format.ts'
import { attributeText, hasPrefix, type LogView } from './attributes.ts'
import { outcomeOf } from './common.ts'

export interface Call {
  readonly name: string
  /** As the producer gave them: JSON text, a plain text, or a value; undefined where the record holds none. */
  readonly args: unknown
  /** Undefined if none came back. */
  readonly result: unknown
}

/** Claude Code and others name the tools of an MCP server `mcp__server__tool`. */
const MCP_NAME = /^mcp__([^_](?:[^_]|_(?!_))*)__(.+)$/

/** Where the server of a tool is named. */
const MCP_SERVER = ['mcp.server.name', 'mcp.server.url', 'mcp_server', 'mcp_server_name', 'mcpServer']

function protocolOf(view: LogView, name: string): 'mcp' | 'a2a' | 'tool' {
  const type = attributeText(view, 'gen_ai.tool.type', 'rpc.system.name', 'rpc.system').toLowerCase()
  if (type === 'mcp' || hasPrefix(view, 'mcp.') || MCP_NAME.test(name) || attributeText(view, ...MCP_SERVER) !== '')
    return 'mcp'
  if (type === 'a2a' || hasPrefix(view, 'a2a.')) return 'a2a'
  return 'tool'
}

/** The verb of the tool's name. If it is missing or weak, the HTTP method among its arguments, if any. */
function callActivity(name: string, args: unknown): Activity {
  const activity = activityOf(name)
  if ((activity === 'unknown' || activity === 'read' || activity === 'other') && isObject(args)) {
    const method = methodActivity(textOf(args.method ?? args.http_method))
    if (method !== 'unknown') return method
  }
  return activity
}

const SENDS = new Set<Activity>(['create', 'update', 'delete', 'other', 'unknown'])

/** Fields of the event that the call itself says. */
export function callFields(view: LogView, call: Call): Fields {
  const args = parsedText(call.args)
  const protocol = protocolOf(view, call.name)
  const activity = callActivity(call.name, args)
  const { target, kind } = targetOf(args, call.name)
  const server = attributeText(view, 'server.address', ...MCP_SERVER, 'peer.service')
  const named = namedContact(server || (MCP_NAME.exec(call.name)?.[1] ?? ''))
  const url = namedContact(attributeText(view, 'url.full', 'http.url'))
  const contacts = joinContacts(
    joinContacts(named, url),
    contactsOf(args, { name: call.name, sends: SENDS.has(activity) }),
  )
  return {
    action: call.name,
    kind: protocol,
    activity,
    target: target === '' ? attributeText(view, 'mcp.resource.uri', 'url.full', 'http.url') : target,
    target_kind: kind,
    peer: contacts.peer,
    peer_domains: [...contacts.domains],
    protocol: protocol === 'tool' ? attributeText(view, 'network.protocol.name') : protocol,
    peer_hash: attributeText(view, 'mcp.tool.hash', 'gen_ai.tool.hash', 'a2a.agent_card.hash'),
    ...outcomeOf(view, call.result !== undefined),
  }
}

/** What arguments and result showed. An error that the agent read is a result, too. */
export function callParts(view: LogView, call: Call, context: NormaliseContext): Parts {
  const error = attributeText(view, 'error.message', 'exception.message')
  const result = call.result ?? (error === '' ? undefined : error)
  return {
    ...(call.args === undefined ? {} : { call: context.extractor.toolCall({ name: call.name, arguments: call.args }) }),
    ...(result === undefined
      ? {}
      : { result: context.extractor.toolResult({ name: call.name, arguments: call.args, result }) }),
  }
}
