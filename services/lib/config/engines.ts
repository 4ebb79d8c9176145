/**
 * Where the engines of the distributed service are: Kafka, ClickHouse, and what the raw topic holds. A secret may be in
 * the file, or in an environment variable that the file names, so that the file itself can be shown.
 */
import Type, { type Static } from 'typebox'
import { LIMITS } from '../../../schemas/limits.ts'

const variable = (what: string) =>
  Type.Optional(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$', description: `Environment variable with ${what}` }))

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
export type SaslMechanism = (typeof SASL_MECHANISMS)[number]

const Sasl = Type.Object(
  {
    mechanism: Type.Unsafe<SaslMechanism>(Type.Enum([...SASL_MECHANISMS])),
    username: Type.String({ minLength: 1 }),
    password: Type.Optional(Type.String({ minLength: 1 })),
    password_env: variable('the password'),
  },
  { additionalProperties: false },
)

export const KafkaSection = Type.Object(
  {
    brokers: Type.Array(Type.String({ pattern: '^[^\\s:/]+:[0-9]{1,5}$', description: 'host:port' }), { minItems: 1 }),
    ssl: Type.Boolean({ default: false }),
    ca_file: Type.Optional(Type.String({ minLength: 1, description: 'PEM of the authority that signed the brokers' })),
    sasl: Type.Optional(Sasl),
    partitions: Type.Integer({
      minimum: 1,
      maximum: 4_096,
      default: LIMITS.partitions_default,
      description: 'Of events, signals, snapshots and raw; fixed when they are created',
    }),
    replication_factor: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    min_insync: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
  },
  { additionalProperties: false },
)
export type KafkaSection = Static<typeof KafkaSection>

export const ClickHouseSection = Type.Object(
  {
    url: Type.String({ minLength: 1, description: 'http or https, without user and password' }),
    username: Type.Optional(Type.String({ minLength: 1 })),
    password: Type.Optional(Type.String()),
    password_env: variable('the password'),
    database: Type.Optional(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$', description: 'Must exist' })),
  },
  { additionalProperties: false },
)
export type ClickHouseSection = Static<typeof ClickHouseSection>

/** What producers write to the topic `raw`. Kafka does not say who wrote a record: all of it belongs to one tenant. */
export const RawSection = Type.Object(
  {
    tenant: Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max, default: 'default' }),
    format: Type.String({
      pattern: '^[a-z0-9_-]{1,64}$',
      default: 'auto',
      description: 'A format, auto, or otlp_proto as the Kafka exporter of OpenTelemetry calls it',
    }),
    history: Type.Boolean({ default: false, description: 'It trains and finds, and never acts' }),
  },
  { additionalProperties: false },
)
export type RawSection = Static<typeof RawSection>
