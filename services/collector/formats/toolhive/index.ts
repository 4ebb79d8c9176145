/**
 * The audit log of ToolHive, a gateway for MCP servers (Stacklok): one JSON object for each MCP request, as it writes them to
 * standard output or a file (`"msg": "audit_event"`), and as older versions wrote them (`metadata.auditId`). It says who
 * asked which server for what, how it ended and, where its operator lets it (`includeRequestData`, `includeResponseData`), with what
 * arguments and what came back: those are read as those of any tool call, and dropped.
 */
import type { Parts } from '../../indicators/index.ts'
import { type Activity, activityOf } from '../lib/verbs.ts'
import { pick, pickText, unwrap } from '../lib/audit.ts'
import { contactsOf, joinContacts, namedContact } from '../lib/contacts.ts'
import { amountOf, isObject, parsedText } from '../lib/json.ts'
import { outcomeOfWord } from '../lib/outcomes.ts'
import { targetOf } from '../lib/targets.ts'
import { readTime } from '../lib/times.ts'
import type { Draft, Fields, Format, Problem, RecordContext } from '../format.ts'
import { NAMES } from './names.ts'

const CALL = 'tools/call'
const ANONYMOUS = 'anonymous'
/** The gateway itself, where its operator gave the server no name. */
const UNNAMED_SERVERS: ReadonlySet<string> = new Set(['toolhive-api', 'vmcp-server'])
const SENDS: ReadonlySet<Activity> = new Set<Activity>(['create', 'update', 'delete', 'other', 'unknown'])

const auditId = (record: unknown): string => pickText(record, ['audit_id'], ['metadata', 'auditId'])

const isRecord = (value: unknown): boolean =>
  auditId(value) !== '' && pickText(value, ['type']) !== '' && isObject(pick(value, 'subjects'))

interface Call {
  readonly name: string
  readonly args: unknown
  readonly result: unknown
}

/** The tool call; bodies that are not JSON stay text. */
function callOf(record: unknown): Call {
  const request = parsedText(pick(record, 'data', 'request'))
  const response = parsedText(pick(record, 'data', 'response'))
  return {
    name: pickText(record, ['target', 'name']) || pickText(request, ['params', 'name']),
    args: pick(request, 'params', 'arguments'),
    result: pick(response, 'result') ?? pick(response, 'error', 'message'),
  }
}

/** What was acted on: for a call, what its arguments name; for anything else, what the request names. */
function targetFields(record: unknown, method: string, call: Call): Fields {
  const activity = activityOf(method === CALL ? call.name : method)
  const server = pickText(record, ['metadata', 'extra', 'backend_name'], ['component'])
  const named = namedContact(UNNAMED_SERVERS.has(server) ? '' : server)
  const contacts =
    method === CALL
      ? joinContacts(named, contactsOf(call.args, { name: call.name, sends: SENDS.has(activity) }))
      : named
  const target =
    method === CALL
      ? targetOf(call.args, call.name)
      : { target: pickText(record, ['target', 'name']), kind: pickText(record, ['target', 'type']) }
  return {
    activity,
    target: target.target,
    target_kind: target.kind,
    peer: contacts.peer,
    peer_domains: [...contacts.domains],
  }
}

function endFields(record: unknown): Fields {
  const word = pickText(record, ['outcome'])
  // HTTP went well, and the answer of the server is an error.
  const outcome = word === 'application_error' ? 'failure' : outcomeOfWord(word)
  const code = pickText(record, ['metadata', 'extra', 'jsonrpc_error_code'])
  return {
    outcome,
    error: outcome === 'success' ? '' : code || word,
    bytes_in: amountOf(pick(record, 'metadata', 'extra', 'response_size_bytes')),
  }
}

function actorFields(record: unknown, identity: string): Fields {
  const user = pickText(record, ['subjects', 'user'])
  return {
    identity,
    principal_kind: 'agent',
    identity_assurance: identity === ANONYMOUS ? 'claimed' : 'provider',
    role: pickText(record, ['subjects', 'client_name']),
    agent_version: pickText(record, ['subjects', 'client_version']),
    on_behalf_of: user === '' || user === identity || user === ANONYMOUS ? [] : [user],
    session: pickText(record, ['source', 'extra', 'session_id']),
    source_address: pickText(record, ['source', 'type']) === 'network' ? pickText(record, ['source', 'value']) : '',
    user_agent: pickText(record, ['source', 'extra', 'user_agent'], ['metadata', 'extra', 'user_agent']),
  }
}

function drafts(record: unknown, context: RecordContext): readonly Draft[] | Problem {
  if (!isRecord(record)) {
    return {
      reason: 'malformed',
      detail: "audit_id, type or subjects is missing: this is no record of ToolHive's audit log",
    }
  }
  const identity = pickText(record, ['subjects', 'user_id'], ['subjects', 'user'])
  if (identity === '')
    return { reason: 'unnamed', detail: 'subjects has neither user_id nor user: the record names nobody' }
  const method = pickText(record, ['target', 'method']) || pickText(record, ['type'])
  const call = callOf(record)
  const isCall = method === CALL && call.name !== ''
  return [
    {
      id: [auditId(record)],
      time: readTime(pick(record, 'logged_at') ?? pick(record, 'loggedAt') ?? pick(record, 'time')),
      fields: {
        source_id: auditId(record),
        action: isCall ? call.name : method,
        kind: pickText(record, ['type']) === 'http_request' ? 'api' : 'mcp',
        protocol: 'mcp',
        ...actorFields(record, identity),
        ...targetFields(record, isCall ? CALL : method, call),
        ...endFields(record),
      },
      ...(isCall ? { parts: partsOf(call, context) } : {}),
    },
  ]
}

const partsOf = ({ name, args, result }: Call, { extractor }: RecordContext): Parts => ({
  ...(args === undefined ? {} : { call: extractor.toolCall({ name, arguments: args }) }),
  ...(result === undefined ? {} : { result: extractor.toolResult({ name, arguments: args, result }) }),
})

export const toolhive: Format = {
  id: 'toolhive',
  title: 'ToolHive (MCP gateway)',
  address: '/v1/toolhive',
  takes: 'records with audit_id, type and subjects: one, a list or lines',
  names: NAMES,
  recognises: (value) => isRecord(unwrap(value)[0]),
  records: (value) => unwrap(value),
  drafts,
}
