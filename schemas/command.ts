/**
 * A command: what a person, a file or the API asks of the responder. Commands are JSON in the topic `commands`, keyed
 * and partitioned by tenant (`partitionOf(tenant, partitions)`), and are applied in order, each once. The outcome is
 * kept under the command's id (`CommandOutcome`) and appears in what it names: a quarantine's status, an incident's
 * timeline.
 */
import Type, { type Static, type TObject, type TProperties } from 'typebox'
import { Tie } from './chain.ts'
import { validator } from './columns.ts'
import { DetectionConfiguration } from './configuration.ts'
import { H } from './ids.ts'
import { SEVERITIES, type Severity } from './finding.ts'
import { INCIDENT_STATUSES, type IncidentStatus, type Verdict, VERDICTS } from './incident.ts'
import { LIMITS } from './limits.ts'
import { CONTAINMENTS, type Containment } from './quarantine.ts'
import { SUPPRESSION_SCOPE_PROPERTIES } from './suppression.ts'
import { TOKEN_NAME, TOKEN_ROLE, TOKEN_SCOPES } from './token.ts'

const id32 = () => Type.String({ pattern: '^[0-9a-f]{32}$' })
const identityText = () => Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max })
const reason = Type.String({ minLength: 1, maxLength: LIMITS.why_chars_max, description: 'Why, in a person’s words' })
const ids = Type.Array(id32(), { minItems: 1, maxItems: LIMITS.command_items_max })

/** Acts that are no orders, and are written down all the same. */
export const RECORDED_ACTS = ['session-opened', 'session-ended', 'export'] as const
export type RecordedAct = (typeof RECORDED_ACTS)[number]

function command<const N extends string, P extends TProperties>(name: N, properties: P) {
  return Type.Object(
    {
      type: Type.Literal(name),
      id: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'commandId: the same when it is sent again' }),
      tenant: Type.String({ description: 'From the token; empty only for the configuration of all tenants' }),
      by: Type.String({ minLength: 1, description: 'Name of the token, or of the file' }),
      time: Type.String({ description: 'When it was asked, ISO 8601 in UTC' }),
      ...properties,
    },
    { additionalProperties: false },
  )
}

/** Contain these identities now. */
export const QuarantineCommand = command('quarantine', {
  identities: Type.Array(identityText(), { minItems: 1, maxItems: LIMITS.command_items_max }),
  reason,
  action: Type.Optional(Type.Unsafe<Containment>(Type.Enum([...CONTAINMENTS]))),
  expires_in_ms: Type.Optional(
    Type.Integer({ minimum: 1_000, maximum: LIMITS.quarantine_expires_ms_max, description: "Default: the policy's" }),
  ),
  force: Type.Optional(Type.Boolean({ description: 'Also where the identity is protected' })),
  finding_ids: Type.Optional(Type.Array(id32(), { maxItems: LIMITS.incident_findings_max })),
})
/** End these quarantines; a proposed one is refused by it. */
export const ReleaseCommand = command('release', { quarantine_ids: ids, reason })
/** Carry out these proposals: caps do not hold a person back. */
export const ApproveCommand = command('approve', { quarantine_ids: ids, reason })
/** What a person makes of a finding. */
export const VerdictCommand = command('verdict', {
  finding_id: id32(),
  detector: Type.String({ minLength: 1, description: "The finding's" }),
  agent: Type.String({ minLength: 1, description: "The finding's" }),
  verdict: Type.Enum([...VERDICTS]),
  reason: Type.Optional(reason),
})
/** A person's triage of incidents: status, assignee, verdict. Absent fields stay as they are. */
export const TriageCommand = command('triage', {
  incident_ids: ids,
  status: Type.Optional(Type.Unsafe<IncidentStatus>(Type.Enum([...INCIDENT_STATUSES]))),
  assignee: Type.Optional(
    Type.Union([Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }), Type.Null()], {
      description: 'null takes the name off',
    }),
  ),
  verdict: Type.Optional(Type.Unsafe<Verdict>(Type.Enum([...VERDICTS]))),
  reason,
})
/** Makes one incident of several: the first takes in the findings and timelines of the others, which are archived. */
export const MergeCommand = command('merge', {
  incident_ids: Type.Array(id32(), { minItems: 2, maxItems: LIMITS.list_items_max, uniqueItems: true }),
  reason,
})
/** Moves findings out of an incident into a separate one. The command carries what is known of all its findings. */
export const SplitCommand = command('split', {
  incident_id: id32(),
  finding_ids: Type.Array(id32(), { minItems: 1, maxItems: LIMITS.incident_findings_max, uniqueItems: true }),
  findings: Type.Array(
    Type.Object(
      {
        id: id32(),
        agent: identityText(),
        owner: Type.String({ maxLength: LIMITS.name_chars_max }),
        severity: Type.Unsafe<Severity>(Type.Enum([...SEVERITIES])),
        time: Type.String({ format: 'date-time' }),
        detector: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }),
        techniques: Type.Array(Type.String({ maxLength: 64 }), { maxItems: LIMITS.list_items_max }),
        ties: Type.Optional(Type.Array(Tie, { maxItems: LIMITS.incident_ties_max })),
      },
      { additionalProperties: false },
    ),
    { maxItems: LIMITS.incident_findings_max, description: 'Of the whole incident; the API puts them in' },
  ),
  reason,
})
/** A remark in an incident's timeline. */
export const CommentCommand = command('comment', {
  incident_id: id32(),
  text: Type.String({ minLength: 1, maxLength: LIMITS.why_chars_max }),
})
/** Turns findings of this scope to shadow, for this tenant, from here on and up to an end. */
export const SuppressCommand = command('suppress', {
  ...SUPPRESSION_SCOPE_PROPERTIES,
  until: Type.String({ format: 'date-time', description: 'Event time, ISO 8601; at most a year ahead' }),
  reason,
})
/** Takes back a suppression that a command made; `suppression_id` is the id of that command. */
export const UnsuppressCommand = command('unsuppress', { suppression_id: id32(), reason })
/**
 * A section of the knowledge from the service's files, for the command's tenant; '' for all. Its content is in `state`.
 */
export const ConfigurationCommand = command('configuration', {
  section: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Default: the settings' })),
  hash: Type.Optional(id32()),
  configuration: Type.Optional(
    Type.Unsafe<Static<typeof DetectionConfiguration>>({
      ...DetectionConfiguration,
      description: 'In commands of older versions: the settings themselves',
    }),
  ),
})
/** Global stop of the tenant: nothing is contained automatically until `resume`; what would have been is proposed. */
export const StopCommand = command('stop', { reason })
export const ResumeCommand = command('resume', { reason })
/** Sends dead deliveries again, with the ids that they had: those named, or all of a sink. */
export const ReplayCommand = command('replay', {
  delivery_ids: Type.Optional(ids),
  sink: Type.Optional(Type.String({ minLength: 1 })),
})
/** Opens a sink again that had answered 410. */
export const EnableSinkCommand = command('enable-sink', { sink: Type.String({ minLength: 1 }), reason })
/** Sends a test to a sink of the tenant; the id of the command is the subject of its delivery. */
export const TestSinkCommand = command('test-sink', {
  sink: Type.String({ minLength: 1 }),
  reason: Type.Optional(reason),
})
/** Makes a token of the tenant; the id of the command names it. The text of the token is known to its maker alone. */
export const CreateTokenCommand = command('create-token', {
  name: TOKEN_NAME,
  role: TOKEN_ROLE,
  scopes: TOKEN_SCOPES,
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: "Of the token's text" }),
  expires_at: Type.Optional(Type.String({ format: 'date-time', description: 'Absent: it has no end' })),
  reason: Type.Optional(reason),
})
/** Ends a token that was made by a command, and with it the sessions that were opened with it. */
export const RevokeTokenCommand = command('revoke-token', { token_id: id32(), reason })
/**
 * Records what was done through the API without a command: a session opened, a file exported. Only the API sends it.
 */
export const RecordCommand = command('record', {
  act: Type.Enum([...RECORDED_ACTS]),
  subject: Type.Array(Type.String({ maxLength: LIMITS.text_chars_max }), { maxItems: LIMITS.list_items_max }),
})

/** Forgets an identity: what was learned of it, its incidents and its warehouse rows; retention removes the log. */
export const ForgetCommand = command('forget', { identity: identityText(), reason })

export const COMMANDS = {
  quarantine: QuarantineCommand,
  release: ReleaseCommand,
  approve: ApproveCommand,
  verdict: VerdictCommand,
  triage: TriageCommand,
  merge: MergeCommand,
  split: SplitCommand,
  comment: CommentCommand,
  suppress: SuppressCommand,
  unsuppress: UnsuppressCommand,
  configuration: ConfigurationCommand,
  stop: StopCommand,
  resume: ResumeCommand,
  replay: ReplayCommand,
  'enable-sink': EnableSinkCommand,
  'test-sink': TestSinkCommand,
  'create-token': CreateTokenCommand,
  'revoke-token': RevokeTokenCommand,
  record: RecordCommand,
  forget: ForgetCommand,
} as const satisfies Record<string, TObject>

export type CommandType = keyof typeof COMMANDS
export type CommandOf<N extends CommandType> = Static<(typeof COMMANDS)[N]>
export type Command = { [N in CommandType]: CommandOf<N> }[CommandType]

const VALIDATORS = Object.fromEntries(
  Object.entries(COMMANDS).map(([type, schema]) => [type, validator(schema)]),
) as Record<string, ReturnType<typeof validator>>

/**
 * The command, or what is wrong with it. It is checked against its own type, so that problems mention that type alone.
 */
export function checkCommand(
  value: unknown,
): { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly reason: string } {
  const type = value !== null && typeof value === 'object' ? (value as { type?: unknown }).type : undefined
  const own = typeof type === 'string' && Object.hasOwn(VALIDATORS, type) ? VALIDATORS[type] : undefined
  if (own === undefined) return { ok: false, reason: `no such command; known: ${Object.keys(COMMANDS).join(', ')}` }
  if (own.check(value)) return { ok: true, command: value as Command }
  const problems = own
    .problems(value)
    .map(({ path, message }) => (path === '/' ? message : `${path.slice(1)} ${message}`))
  return { ok: false, reason: `bad command ${String(type)}: ${problems.join('; ')}` }
}

/** Id of a command: `nonce` is what makes one act different from the next, such as a request's idempotency key. */
export const commandId = (tenant: string, type: CommandType, nonce: string): string => H('command', tenant, type, nonce)

/**
 * applied: it changed something; nothing: what it asks for already held, or there was nothing that it could change;
 * refused: a rule or a cap forbids it; failed: it could not be carried out and is in the dead letters.
 */
export const COMMAND_STATUSES = ['applied', 'nothing', 'refused', 'failed'] as const
export type CommandStatus = (typeof COMMAND_STATUSES)[number]

/** What came of a command. */
export const CommandOutcome = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    tenant: Type.String(),
    type: Type.String(),
    by: Type.String(),
    reason: Type.String({ description: 'Why it was asked; empty where the command takes no reason' }),
    time: Type.String({ description: 'When it was asked' }),
    status: Type.Unsafe<CommandStatus>(Type.Enum([...COMMAND_STATUSES])),
    detail: Type.String({ description: 'What came of it, as a sentence' }),
    changed: Type.Integer({ minimum: 0, description: 'How many things it changed' }),
    done_at: Type.String({ description: 'When it was applied' }),
  },
  { $id: 'command-outcome', additionalProperties: false },
)
export type CommandOutcome = Static<typeof CommandOutcome>

export const encodeCommand = (command: Command): Buffer => Buffer.from(JSON.stringify(command))
