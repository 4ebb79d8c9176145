/**
 * The service's configuration file: its shape, with the default of every setting. `docs/configuration.md` explains it to
 * people. What detectors depend on (`detection`) goes into the log; the rest, secrets above all, never does.
 */
import Type, { type Static } from 'typebox'
import type { AgentRegistry } from '../../../schemas/agents.ts'
import { DetectionConfiguration, type DetectionLayer, emptyConfiguration } from '../../../schemas/configuration.ts'
import { type Content, CONTENTS } from '../../../schemas/excerpt.ts'
import { SEVERITIES, type Severity } from '../../../schemas/finding.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { RECEIVES, type Receives } from '../../../schemas/notice.ts'
import { type Role, ROLES } from '../../../schemas/roles.ts'
import { type Scope, SCOPES } from '../../../schemas/token.ts'
import { CommonInput, type InputSettings } from './inputs.ts'
import { MAPPING_LIMITS } from '../mappings/limits.ts'
import type { Mapping } from '../mappings/schema.ts'
import { ClickHouseSection, KafkaSection, RawSection } from './engines.ts'
import { OidcSection } from './oidc.ts'

const severity = (fallback: Severity) => Type.Unsafe<Severity>(Type.Enum([...SEVERITIES], { default: fallback }))
const name = () => Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' })
const identities = () => Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }))

const patterns = (what: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }), {
      minItems: 1,
      maxItems: LIMITS.sink_patterns_max,
      description: `${what}; a * at the beginning or end stands for any rest`,
    }),
  )

/** Conditions on a notice: every kind that is given must match, by one of its patterns. */
const SinkConditions = Type.Object(
  {
    detectors: patterns('Ids of detectors'),
    agents: patterns('Identities'),
    owners: patterns('Owners'),
    techniques: patterns('Ids of techniques'),
  },
  { additionalProperties: false, minProperties: 1 },
)
export type SinkConditions = Static<typeof SinkConditions>

const MINUTES_MAX = 1_440
const minutes = (fallback: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: MINUTES_MAX, default: fallback, description })

const RateLimit = Type.Object(
  {
    findings: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      description: 'Told one by one in any such span, for each tenant; 0: all of them in digests',
    }),
    per_minutes: minutes(10, 'The span'),
    digest_minutes: minutes(15, 'How long what is above waits for a digest'),
  },
  { additionalProperties: false },
)

/** What all sinks have; the settings of the type are next to it. */
export const CommonSink = Type.Object(
  {
    name: name(),
    type: Type.String({ minLength: 1 }),
    min_severity: severity('medium'),
    tenant: Type.String({ minLength: 1, default: 'default', description: "Whose; '*' for every tenant" }),
    filter: Type.Optional(SinkConditions),
    except: Type.Optional(SinkConditions),
    rate_limit: Type.Optional(RateLimit),
    receives: Type.Optional(
      Type.Array(Type.Unsafe<Receives>(Type.Enum([...RECEIVES])), {
        minItems: 1,
        description:
          "findings, revisions (second ones), orders (to contain and release), notices (pages, proposals, trouble with other sinks), triage. Default: the type's",
      }),
    ),
  },
  { additionalProperties: true },
)
export const COMMON_SINK_KEYS: readonly string[] = Object.keys(CommonSink.properties)
/** A sink with the settings of its type, all defaults filled in. */
export type Sink = Static<typeof CommonSink> & { receives: Receives[] } & Readonly<Record<string, unknown>>

export const MODES = ['shadow', 'propose', 'enforce'] as const
export type Mode = (typeof MODES)[number]
export const PRESETS = ['contain-agent-networks'] as const
export type Preset = (typeof PRESETS)[number]
export const POLICY_ACTIONS = ['notify', 'page', 'quarantine', 'reduce-autonomy'] as const
export type PolicyAction = (typeof POLICY_ACTIONS)[number]

export const PolicyRule = Type.Object(
  {
    detector: Type.String({
      minLength: 1,
      default: '*',
      description: 'Detector id; a * at its end stands for any rest',
    }),
    min_severity: severity('info'),
    techniques: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'Any of these; none: any' }),
    min_detectors: Type.Integer({
      minimum: 1,
      default: 1,
      description: 'Only once the incident holds findings of this many detectors',
    }),
    actions: Type.Array(Type.Unsafe<PolicyAction>(Type.Enum([...POLICY_ACTIONS])), { minItems: 1 }),
  },
  { additionalProperties: false },
)
export type PolicyRule = Static<typeof PolicyRule>

const policyProperties = {
  mode: Type.Optional(
    Type.Unsafe<Mode>(
      Type.Enum([...MODES], { description: 'What becomes of a quarantine; default: shadow, with a preset enforce' }),
    ),
  ),
  preset: Type.Optional(Type.Unsafe<Preset>(Type.Enum([...PRESETS]))),
  rules: Type.Optional(Type.Array(PolicyRule)),
  protected: Type.Optional(identities()),
  caps: Type.Optional(
    Type.Object(
      {
        per_hour: Type.Integer({ minimum: 0, default: 5, description: 'Automatic quarantines in any hour' }),
        share_of_identities: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.1,
          description: 'Identities under automatic quarantine at once, of those known; one is always allowed',
        }),
      },
      { additionalProperties: false },
    ),
  ),
  expires_hours: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, maximum: LIMITS.quarantine_expires_ms_max / 3_600_000 }),
  ),
  stop: Type.Optional(Type.Boolean({ description: 'Global stop: nothing is contained automatically' })),
}

/** Policy of one tenant; absent settings are as in the policy of all. */
// The default makes the library fill in everything below a key of a record.
export const TenantPolicy = Type.Object(policyProperties, { additionalProperties: false, default: {} })
export type TenantPolicy = Static<typeof TenantPolicy>

export const Policy = Type.Object(
  {
    ...policyProperties,
    tenants: Type.Record(Type.String(), TenantPolicy, { default: {} }),
  },
  { additionalProperties: false, default: { tenants: {} } },
)
export type Policy = Static<typeof Policy>

export const Token = Type.Object(
  {
    name: name(),
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
    sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    token_file: Type.Optional(
      Type.String({ minLength: 1, description: 'A file that holds the token and nothing else' }),
    ),
    token_env: Type.Optional(
      Type.String({ minLength: 1, description: 'An environment variable that holds the token' }),
    ),
    tenant: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max, default: 'default' }),
    role: Type.Unsafe<Role | 'sender'>(
      Type.Enum([...ROLES, 'sender'], { description: 'sender: an older word for ingest' }),
    ),
    scopes: Type.Array(Type.Unsafe<Scope>(Type.Enum([...SCOPES])), { default: ['live'] }),
    identities: Type.Optional(identities()),
    proxies: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: LIMITS.proxies_per_token_max }),
    ),
    formats: Type.Optional(Type.Array(name(), { minItems: 1, maxItems: MAPPING_LIMITS.list_items_max })),
  },
  { additionalProperties: false },
)
export type Token = Static<typeof Token>

const Retention = Type.Object(
  {
    log_days: Type.Integer({ minimum: 1, default: 7, description: 'events and signals in the log' }),
    log_bytes_max: Type.Optional(
      Type.Integer({ minimum: 64 * 1024 * 1024, description: 'Of the embedded log in all; the oldest go first' }),
    ),
    log_disk_share: Type.Number({
      exclusiveMinimum: 0,
      maximum: 0.9,
      default: 0.4,
      description: 'Where log_bytes_max is absent: share of the disk that the embedded log may fill',
    }),
  },
  { additionalProperties: false, default: {} },
)

export const ServiceConfiguration = Type.Object(
  {
    sinks: Type.Array(CommonSink, { default: [] }),
    policy: Policy,
    tokens: Type.Array(Token, { default: [] }),
    detection: Type.Object(DetectionConfiguration.properties, {
      additionalProperties: false,
      default: emptyConfiguration(),
    }),
    content: Type.Optional(
      Type.Unsafe<Content>(
        Type.Enum([...CONTENTS], {
          description:
            'Words that are kept: none, excerpts of tasks and of sentences that read like orders, or also whole bodies (full)',
        }),
      ),
    ),
    retention: Retention,
    kafka: Type.Optional(KafkaSection),
    clickhouse: Type.Optional(ClickHouseSection),
    raw: Type.Optional(RawSection),
    oidc: Type.Optional(OidcSection),
    inputs: Type.Array(CommonInput, { default: [], maxItems: 64 }),
    mappings: Type.Array(Type.String({ minLength: 1, maxLength: 4_096 }), {
      default: [],
      maxItems: MAPPING_LIMITS.mappings_max,
      description: 'Files of mappings, beside this one; each becomes a format',
    }),
  },
  { $id: 'service-configuration', additionalProperties: false },
)
export type ServiceConfiguration = Omit<Static<typeof ServiceConfiguration>, 'sinks' | 'inputs'> & {
  sinks: Sink[]
  inputs: InputSettings[]
  /** Each tenant's own settings, from the files under `tenants/`. */
  layersOfTenants: Readonly<Record<string, DetectionLayer>>
  /** Trust registries by tenant, from the files `agents.yaml`; '' is everybody's. */
  agents: Readonly<Record<string, AgentRegistry>>
  /** What the files of `mappings` hold. */
  mapped: readonly Mapping[]
}
