/**
 * What every OTLP record says in the same words: who acted, in which session, on whose behalf, from where. The names are
 * those of the OpenTelemetry semantic conventions, old ones after new ones.
 */
import { joined } from '../lib/clean.ts'
import { amountOf, textOf } from '../lib/json.ts'
import { type Outcome, outcomeOfWord } from '../lib/outcomes.ts'
import { said, SESSION } from './synonyms.ts'
import { attribute, attributeText, hasPrefix, type LogView } from './attributes.ts'
import { isOpenClaw } from './openclaw.ts'
import type { Fields, NormaliseContext } from '../format.ts'

/** The stable role; '' where the record names nobody. */
export const identityOf = (view: LogView): string =>
  attributeText(view, 'gen_ai.agent.id', 'gen_ai.agent.name', 'service.name')

/** The conversation that the producer named; '' if none. */
export const sessionOf = (view: LogView): string => textOf(said(view, SESSION))

/** Whether an agent speaks, or an ordinary service. */
export const isAgent = (view: LogView): boolean =>
  view.eventName.startsWith('gen_ai.') ||
  hasPrefix(view, 'gen_ai.') ||
  hasPrefix(view, 'mcp.') ||
  hasPrefix(view, 'a2a.') ||
  isClaudeCode(view)

/** Events of coding agents that follow no convention. */
const CODING_AGENT = /^(?:codex|gemini_cli)\./

/** Scopes and bodies that Claude Code has used. */
export const isClaudeCode = (view: LogView): boolean =>
  view.scopeName.startsWith('com.anthropic.claude_code') ||
  (typeof view.body === 'string' && view.body.startsWith('claude_code.'))

function environmentOf(view: LogView): string {
  const account = attributeText(view, 'cloud.account.id')
  const region = attributeText(view, 'cloud.region')
  if (account !== '' || region !== '') return joined('/', [account, region])
  return attributeText(view, 'deployment.environment.name', 'deployment.environment', 'k8s.cluster.name')
}

/** A secret that the record holds as a captured header is kept as its hash; an id of a credential as it is. */
function credentialOf(view: LogView, context: NormaliseContext): string {
  const header = attributeText(view, 'http.request.header.authorization', 'http.request.header.x-api-key')
  const secret = header.replace(/^(?:Bearer|Basic|Token)\s+/i, '')
  return secret === '' ? attributeText(view, 'credential.id', 'gen_ai.credential.id') : context.hashCredential(secret)
}

const TRACE = /^[0-9a-f]{32}$/

/** The fields that do not depend on the kind of record. */
export function commonFields(view: LogView, context: NormaliseContext): Fields {
  const trace = typeof view.record.traceId === 'string' ? view.record.traceId.toLowerCase() : ''
  const behalf = attributeText(view, 'enduser.id', 'user.email', 'user.id')
  const identity = identityOf(view)
  return {
    identity,
    identity_assurance: context.assurance,
    principal_kind: isAgent(view) || CODING_AGENT.test(view.eventName) || isOpenClaw(view) ? 'agent' : 'service',
    instance: attributeText(view, 'service.instance.id'),
    role: attributeText(view, 'gen_ai.agent.name', 'service.name'),
    agent_version: attributeText(view, 'gen_ai.agent.version', 'service.version'),
    owner: attributeText(view, 'organization.id', 'service.namespace', 'service.name'),
    on_behalf_of: behalf === '' ? [] : [behalf],
    credential: credentialOf(view, context),
    session: sessionOf(view),
    trace: TRACE.test(trace) ? trace : '',
    task: attributeText(view, 'gen_ai.workflow.name', 'gen_ai.task.id'),
    environment: environmentOf(view),
    source_address: attributeText(view, 'client.address', 'source.address', 'http.client_ip'),
    user_agent: attributeText(view, 'user_agent.original', 'http.user_agent'),
    model: attributeText(view, 'gen_ai.response.model', 'gen_ai.request.model', 'model'),
    tokens_in: amountOf(attribute(view, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'input_tokens')),
    tokens_out: amountOf(
      attribute(view, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'output_tokens'),
    ),
    cost: amountOf(attribute(view, 'gen_ai.usage.cost', 'cost_usd')),
    approval: attributeText(view, 'gen_ai.approval.id', 'approval.id'),
    approver: attributeText(view, 'approval.approver', 'approver'),
  }
}

const DENIED = /denied|forbidden|unauthori[sz]ed|not[ _-]?(?:authori[sz]ed|permitted|allowed)|permission|\b40[13]\b/i

const OWN_OUTCOME = /(?:^|[._])outcome$/

/** What the record itself says of its end: by a usual name, or by an attribute of the producer's own. */
function saidOutcome(view: LogView): Outcome {
  const usual = outcomeOfWord(attributeText(view, 'outcome', 'event.outcome', 'status', 'decision'))
  if (usual !== 'unknown') return usual
  for (const [key, value] of view.layers[0] ?? []) {
    const outcome = OWN_OUTCOME.test(key) ? outcomeOfWord(textOf(value)) : 'unknown'
    if (outcome !== 'unknown') return outcome
  }
  return 'unknown'
}

/** How it ended, from the record's error attributes; `answered` says that a result came back. */
export function outcomeOf(view: LogView, answered: boolean): Pick<Fields, 'outcome' | 'error'> {
  const error = attributeText(
    view,
    'error.type',
    'exception.type',
    'error_code',
    'error_name',
    'rpc.response.status_code',
  )
  const message = attributeText(view, 'error.message', 'exception.message', 'error')
  const success = attribute(view, 'success')
  const status = amountOf(attribute(view, 'http.response.status_code', 'http.status_code', 'status_code'))
  const failed = (error !== '' && error !== '0' && error !== 'OK') || message !== '' || status >= 400
  if (failed || success === false || success === 'false') {
    const denied = status === 401 || status === 403 || DENIED.test(error) || DENIED.test(message.slice(0, 512))
    return { outcome: denied ? 'denied' : 'failure', error: error || (status >= 400 ? String(status) : '') }
  }
  const said = saidOutcome(view)
  if (said !== 'unknown' && success === undefined) return { outcome: said, error: '' }
  const known = answered || success === true || success === 'true' || status > 0
  return { outcome: known ? 'success' : 'unknown', error: '' }
}
