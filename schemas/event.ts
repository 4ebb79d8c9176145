/**
 * The canonical event: one act of one identity. It is flat, its fields are the columns of the ClickHouse table
 * `events`, and its names follow OCSF 1.8 and the OpenTelemetry GenAI conventions where those have one.
 *
 * Two fields name the actor. `identity` is the stable role (agent id, service account, role, blueprint) and carries the
 * baseline; `instance` is the copy of it that acted. Texts are not kept: what a text showed is in `indicators` (see
 * `indicators.ts`) and `value_hashes`.
 */
import Type, { type Static } from 'typebox'
import { choice, columnsOf, defaultsOf, instant, name, real, text, texts, validator, whole } from './columns.ts'
import { LIMITS } from './limits.ts'

/**
 * Raised whenever a column is added, removed or moved. Frames name it; `event-rows.ts` reads those of earlier versions,
 * and refuses what it does not know.
 */
export const EVENT_SCHEMA_VERSION = 3

export const PRINCIPAL_KINDS = ['agent', 'service', 'person'] as const
export const ACTION_KINDS = [
  'api',
  'tool',
  'mcp',
  'a2a',
  'auth',
  'admin',
  'exec',
  'file',
  'message',
  'memory',
  'control',
] as const
/** OCSF API Activity: activity_id 0 Unknown, 1 Create, 2 Read, 3 Update, 4 Delete, 99 Other. `list` is a Read of many. */
export const ACTIVITIES = ['unknown', 'create', 'read', 'list', 'update', 'delete', 'other'] as const
export const OUTCOMES = ['unknown', 'success', 'failure', 'denied'] as const
export const ASSURANCES = ['claimed', 'token', 'mtls', 'workload', 'provider'] as const
/** OTLP reports a tool call as a log record, as a span, or as both. */
export const CALL_RECORDS = ['unknown', 'log', 'span'] as const
export const ORIGINS = ['unknown', 'user', 'trusted', 'untrusted'] as const
/** What was wrong with the producer's event time. Anything but `ok` means that `time` is the receipt time. */
export const TIME_FLAGS = ['ok', 'missing', 'ancient', 'future'] as const

export const Event = Type.Object(
  {
    event_id: Type.String({
      description: 'H(tenant, source, producer id): 32 hex digits, the same through every input and on every repeat',
      pattern: '^[0-9a-f]{32}$',
      default: '',
      clickhouse: 'FixedString(32)',
    }),
    content_id: Type.String({
      description:
        'H of what the record says happened (content.ts): a copy of an event with another one is an event of its own',
      pattern: '^[0-9a-f]{32}$',
      default: '',
      clickhouse: 'FixedString(32)',
    }),
    tenant: name('Tenant, from the credential of the sender only'),
    time: instant('When it happened, by the producer; the receipt time where `time_flag` is not ok'),
    time_ns: whole('Nanoseconds of `time` below its millisecond, as the producer gave them', 'UInt32', 999_999),
    receipt_time: instant('When the collector took it; no id and no statistic uses it'),
    time_flag: choice('Why `time` was replaced', TIME_FLAGS),
    sequence: whole('Place of the event among those of its request, from 0', 'UInt32', 0xffff_ffff),
    sender: name('Name of the token that sent it; empty for an import'),
    source: name('Format of the producer: a name of the registry of formats'),
    source_id: text("The producer's own id of the event", LIMITS.name_chars_max),
    call_record: choice(
      'Kind of OTLP record that told this call of a tool, whose id is `source_id`; unknown for anything else',
      CALL_RECORDS,
    ),
    history: whole('1: sent to train and find, never to act', 'UInt8', 1),

    principal_kind: choice('What kind of actor', PRINCIPAL_KINDS),
    identity: text('Stable role that carries the baseline', LIMITS.name_chars_max),
    instance: text('The copy of the identity that acted', LIMITS.name_chars_max),
    role: name('Job of the identity within its owner, part of its peer group'),
    agent_version: name('Version of the agent'),
    owner: name('Who answers for the identity; without a registry, its account or issuer'),
    on_behalf_of: texts('Delegation chain, the human or first caller first', 8),
    identity_assurance: choice('What the collector could authenticate of the claimed identity', ASSURANCES),
    credential: text("The credential: the log's own id of it, or HMAC(k, SHA-256(secret))", LIMITS.name_chars_max),

    session: text('Conversation or session of the producer', LIMITS.name_chars_max),
    session_derived: whole('1: the producer named no conversation, and the collector derived it', 'UInt8', 1),
    trace: text('Trace id, hex', LIMITS.name_chars_max),
    task: text('Declared task, as the id that the producer gave it', LIMITS.name_chars_max),

    action: name('Operation: service:Operation for APIs, the tool name for tools'),
    kind: choice('Kind of action', ACTION_KINDS),
    activity: choice('What the action does to its target (OCSF activity)', ACTIVITIES),
    target: text('What was acted on, redacted, in clear'),
    target_kind: name('Kind of target'),
    environment: name('Account, project, cluster or region group that the target lives in'),
    outcome: choice('How it ended', OUTCOMES),
    error: name('Error class or code'),

    source_address: text(
      'Network address of the caller, or the service name that stands for it',
      LIMITS.name_chars_max,
    ),
    source_network: name('Network of that address: /24 for IPv4, /48 for IPv6, the name otherwise'),
    user_agent: text('Client software as it names itself', LIMITS.name_chars_max),
    user_agent_family: name('Client software without versions'),

    peer: text('Counterpart (host, MCP server, agent), in clear', LIMITS.name_chars_max),
    peer_domains: texts(
      'Registrable domains and addresses that the action contacts, from peer and arguments; the last one is unread.invalid where it names more than are read',
      LIMITS.peer_domains_max,
    ),
    protocol: name('Protocol spoken with the peer: http, mcp, a2a'),
    peer_hash: name('Hash of the tool description or agent card of the peer'),

    approval: text('Id of the approval that covers this act', LIMITS.name_chars_max),
    approver: name('Who approved'),
    approval_factors: name('How the approver was authenticated'),
    approval_expires: instant('When the approval ends'),

    bytes_in: real('Bytes read from the target'),
    bytes_out: real('Bytes sent to the peer'),
    cost: real('Cost in USD'),
    tokens_in: real('Model input tokens'),
    tokens_out: real('Model output tokens'),
    model: name('Model of the agent'),

    content_origin: choice('Where the content that the agent read came from', ORIGINS),
    content_classes: whole('Classes of the action, bits of CONTENT_CLASSES in indicators.ts', 'UInt32', 0xffff_ffff),
    extractor_version: whole('Version of the indicator extractor', 'UInt16', 65_535),
    value_hashes: Type.Array(Type.String({ pattern: '^[0-9]{1,20}$' }), {
      description: 'Keyed 64-bit hashes of leaf values, hosts, addresses, accounts, paths and long tokens, as decimals',
      maxItems: 256,
      default: [],
      clickhouse: 'Array(UInt64)',
    }),
    value_kinds: Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
      description: 'Kind of each of value_hashes, an index of VALUE_KINDS in indicators.ts',
      maxItems: 256,
      default: [],
      clickhouse: 'Array(UInt8)',
    }),
    indicators: Type.String({
      description: 'What the texts of the event showed: JSON of the type Indicators, empty where they showed nothing',
      maxLength: LIMITS.indicators_chars_max,
      default: '',
      clickhouse: 'String',
    }),
  },
  { $id: 'event', additionalProperties: false },
)
export type Event = Static<typeof Event>

/** The last of `peer_domains` if some hosts of an action were not read. Nobody can have this name (RFC 2606). */
export const UNREAD_PEER = 'unread.invalid'

export const EVENT_COLUMNS = columnsOf(Event)
export const eventValidator = validator(Event)

/** An event with every column at its default: normalisers fill in what their format says. */
export const blankEvent = (): Event => defaultsOf(Event)

/** The values of an event in column order: what a frame holds. */
export type EventRow = readonly unknown[]

const NAMES = EVENT_COLUMNS.map((column) => column.name) as (keyof Event)[]

export function rowOf(event: Event): EventRow {
  return NAMES.map((column) => event[column])
}

/**
 * Reads the columns of a row by name without copying them. One view serves a whole partition: the engine points it at
 * row after row, so a detector must not keep it beyond its step.
 */
export class EventView {
  row: EventRow = []
  /** Another event was taken earlier under the id of this one, and says something else; told by the engine. */
  conflict = false
}
export interface EventView extends Readonly<Event> {}
NAMES.forEach((column, index) => {
  Object.defineProperty(EventView.prototype, column, {
    get(this: EventView) {
      return this.row[index]
    },
    enumerable: true,
  })
})
