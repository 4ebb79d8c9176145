/**
 * What the detectors can see of the received data. Each of them sees, is blind because fields that it needs never arrive, or
 * is still learning. Advice says what to set so that more arrives. Silence and safety must not look the same.
 */
import { counted } from '../../schemas/counted.ts'
import { lookup } from '../../schemas/lookup.ts'
import type { DetectorFacts } from './route.ts'
import type { Received } from './questions/coverage.ts'

export interface Sight {
  readonly detector: string
  readonly mode: 'live' | 'shadow'
  readonly sees: 'yes' | 'learning' | 'blind'
  /** Until when it learns, ISO 8601; null unless it learns. */
  readonly until: string | null
  /** Of each need that is not met, the fields of which one would do. */
  readonly lacks: readonly (readonly string[])[]
}

/** Below this share of its events a field does not come. */
const SHARE_MIN = 0.001
/** From this share on, something that should be the exception is the rule. */
const RULE_SHARE = 0.9
/** Fewer events do not show what is usual. */
const EVENTS_MIN = 5

/** Detectors that are blind for lack of one thing, and how it is sent. */
export interface Lacking {
  /** One of them would do. */
  readonly fields: readonly string[]
  readonly detectors: readonly string[]
  /** Of each field what it says, with the attribute of OpenTelemetry that carries it. */
  readonly send: readonly string[]
}

/** What detectors need, in words. Fields without an attribute come from formats that have them, from mappings or from canonical events. */
const SENT_AS = lookup({
  action: 'what was called (gen_ai.tool.name, or the name of the operation)',
  activity: 'whether it reads, changes or deletes, which is read from the name of the action',
  bytes_out: 'bytes sent to the peer (from formats that count them, a mapping or canonical events)',
  content_classes: 'what the act does, which is read from its name and arguments (gen_ai.tool.call.arguments)',
  cost: 'cost in USD (gen_ai.usage.cost)',
  credential: 'an id of the credential that was used (credential.id)',
  environment: 'account, project or cluster (cloud.account.id, deployment.environment.name, k8s.cluster.name)',
  identity_assurance: 'who vouches for the identity, which its token or certificate shows',
  indicators: 'arguments, results and messages (gen_ai.tool.call.arguments, gen_ai.tool.call.result)',
  kind: 'what kind of act it is (gen_ai.operation.name)',
  on_behalf_of: 'for whom the agent acts (enduser.id)',
  outcome: 'how the act ended (error.type, http.response.status_code)',
  owner: 'who answers for the agent (service.namespace, organization.id)',
  peer: 'the host, server or agent that was contacted (server.address, url.full)',
  peer_domains: 'hosts that were contacted (server.address, url.full, gen_ai.tool.call.arguments)',
  peer_hash: 'a hash of the description of the tool (mcp.tool.hash)',
  protocol: 'http, mcp or a2a (mcp.method.name)',
  sender: 'a token of its own for each sender',
  session: 'the conversation (gen_ai.conversation.id)',
  source_network: 'the address of the caller (client.address)',
  target: 'what was acted on (gen_ai.tool.call.arguments)',
  tokens_in: 'tokens of the prompt (gen_ai.usage.input_tokens)',
  tokens_out: 'tokens of the answer (gen_ai.usage.output_tokens)',
  trace: 'the id of the trace (spans, or logs that are written inside one)',
  user_agent_family: 'the client software of the caller (user_agent.original)',
  value_hashes: 'arguments and results (gen_ai.tool.call.arguments, gen_ai.tool.call.result)',
}) as Readonly<Record<string, string>>

/** What must come for the blind detectors to see, that of the most detectors first. A detector may lack several things. */
export function lackingOf(sights: readonly Sight[]): Lacking[] {
  const lacks = sights.flatMap(({ detector, lacks }) => lacks.map((any) => ({ detector, fields: any.toSorted() })))
  return [...Map.groupBy(lacks, ({ fields }) => fields.join(' ')).values()]
    .map((group) => ({
      fields: group[0]?.fields ?? [],
      detectors: group.map(({ detector }) => detector),
      send: (group[0]?.fields ?? []).map((field) => SENT_AS[field] ?? field),
    }))
    .toSorted((a, b) => b.detectors.length - a.detectors.length)
}

/** Fields that any detector needs. */
export const fieldsNeeded = (detectors: readonly DetectorFacts[]): string[] => [
  ...new Set(detectors.flatMap(({ needs }) => (needs?.fields ?? []).flat())),
]

/** What each detector can see. `learns`: habits belong to identities; a sender or a source has none. */
export function sightsOf(
  received: Received,
  detectors: readonly DetectorFacts[],
  now: number,
  learns: boolean,
): Sight[] {
  const shares = new Map(Object.entries(received.fields))
  return detectors.map(({ id, mode, needs }) => {
    const lacks = (needs?.fields ?? []).filter((any) => !any.some((field) => (shares.get(field) ?? 0) >= SHARE_MIN))
    const until = Date.parse(received.learned_from) + (needs?.learns_ms ?? 0)
    const isLearning = learns && lacks.length === 0 && until > now
    return {
      detector: id,
      mode,
      sees: lacks.length > 0 ? 'blind' : isLearning ? 'learning' : 'yes',
      until: isLearning ? new Date(until).toISOString() : null,
      lacks,
    }
  })
}

/** What to set so that more can be seen, in words, with the variable or setting. */
export function advice(received: Received): string[] {
  const { name, events, tool_calls: calls, tool_calls_empty: empty, sessions, sessions_derived: derived } = received
  const told: string[] = []
  if (/^unknown_service(?::|$)/.test(name))
    told.push(
      'The agent names no service: every such agent is this one identity. Set OTEL_SERVICE_NAME=<name of the agent> where it runs.',
    )
  if (calls >= EVENTS_MIN && empty >= RULE_SHARE * calls)
    told.push(
      `${empty} of ${counted(calls, 'call')} of tools came without arguments and results: orders in what the agent reads cannot be seen. Set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true where the agent runs (event_only where OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental is set, too).`,
    )
  if (derived > 0)
    told.push(
      `${derived} of ${counted(sessions, 'event')} name no conversation; it was derived from their text, and counts for less. Set gen_ai.conversation.id on the spans and logs of the agent.`,
    )
  if (
    events >= EVENTS_MIN &&
    (received.fields['source_network'] ?? 1) < SHARE_MIN &&
    (received.fields['credential'] ?? 1) < SHARE_MIN
  )
    told.push(
      'Neither the address nor the credential of the caller comes: a thief with its key looks like the identity itself. Let the gateway log them, or send client.address and a credential id.',
    )
  return told
}
