/**
 * Detection configuration: everything outside the log of events that a detector's result depends on. Its content is in
 * the topic `state` under its hash, and control records in `events` and `signals` say from where on it applies. Sinks,
 * tokens and secrets are not part of it.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { SEVERITIES } from './finding.ts'
import { H } from './ids.ts'

export const AgentNetwork = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'What people call it' }),
    domains: Type.Array(Type.String(), { default: [], description: 'Registrable domains' }),
    addresses: Type.Array(Type.String(), { default: [], description: 'Addresses or CIDR ranges' }),
  },
  { additionalProperties: false },
)
export type AgentNetwork = Static<typeof AgentNetwork>

export const Suppression = Type.Object(
  {
    detector: Type.String({ description: "Detector id, or '*'" }),
    agent: Type.Optional(Type.String({ description: 'Identity; absent: every identity' })),
    until: Type.Optional(
      Type.String({ format: 'date-time', description: 'Event time up to which it holds; absent: for ever' }),
    ),
    reason: Type.String({ minLength: 1 }),
    by: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
)
export type Suppression = Static<typeof Suppression>

export const DetectorOverride = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean()),
    mode: Type.Optional(Type.Enum(['live', 'shadow'])),
    severity: Type.Optional(Type.Enum([...SEVERITIES])),
    settings: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "The detector's own settings, by name" }),
    ),
  },
  { additionalProperties: false },
)

/** The false-alarm budget where nobody set one. */
export const FALSE_PER_1000 = { medium: 5, high: 0.5 } as const
const rate = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1_000, description }))
export const FalsePer1000 = Type.Object(
  {
    medium: rate('Of medium and up; default 5'),
    high: rate('Of high and up, part of those of medium; default 0.5'),
  },
  {
    additionalProperties: false,
    description: 'The false-alarm budget: findings that may be false per 1,000 identity-days of clean life',
  },
)
export type FalsePer1000 = Static<typeof FalsePer1000>

export const DetectionConfiguration = Type.Object(
  {
    false_per_1000: Type.Optional(FalsePer1000),
    detectors: Type.Record(Type.String(), DetectorOverride, { default: {}, description: 'Overrides by detector id' }),
    agent_networks: Type.Array(AgentNetwork, {
      default: [],
      description: 'Untrusted agent networks, beside the built-in list',
    }),
    trusted_peers: Type.Array(Type.String(), {
      default: [],
      description: 'Registrable domains, hosts or CIDR ranges that are trusted',
    }),
    suppressions: Type.Array(Suppression, { default: [] }),
  },
  { $id: 'detection-configuration', additionalProperties: false },
)
export type DetectionConfiguration = Static<typeof DetectionConfiguration>

export const emptyConfiguration = (): DetectionConfiguration => ({
  detectors: {},
  agent_networks: [],
  trusted_peers: [],
  suppressions: [],
})

/** Name of the section in `config` control records. */
export const SETTINGS = 'detection'

/**
 * The settings section of one tenant: any part of a detection configuration. It overrides that of all tenants. Records
 * of versions that gave a tenant a whole configuration are layers, too.
 */
export const DetectionLayer = Type.Object(
  {
    false_per_1000: Type.Optional(FalsePer1000),
    detectors: Type.Optional(Type.Record(Type.String(), DetectorOverride)),
    agent_networks: Type.Optional(Type.Array(AgentNetwork)),
    trusted_peers: Type.Optional(Type.Array(Type.String())),
    suppressions: Type.Optional(Type.Array(Suppression)),
  },
  { $id: 'detection-layer', additionalProperties: false },
)
export type DetectionLayer = Static<typeof DetectionLayer>
export const detectionLayerValidator = validator(DetectionLayer)

type Overrides = DetectionConfiguration['detectors']

function overridesOver(base: Overrides, own: Overrides): Overrides {
  const both = new Map(Object.entries(base))
  for (const [id, override] of Object.entries(own)) {
    const below = both.get(id)
    const settings = { ...below?.settings, ...override.settings }
    both.set(id, { ...below, ...override, ...(Object.keys(settings).length === 0 ? {} : { settings }) })
  }
  return Object.fromEntries(both)
}

/**
 * A tenant's layer over what holds for all, key by key: a setting that the tenant names replaces that of all, and every other
 * one stays. Of a list, what the tenant adds comes first: its name for a network is the one that it reads.
 */
export function layerOver(base: DetectionConfiguration, own: DetectionLayer): DetectionConfiguration {
  const budget = { ...base.false_per_1000, ...own.false_per_1000 }
  return {
    ...(Object.keys(budget).length === 0 ? {} : { false_per_1000: budget }),
    detectors: overridesOver(base.detectors, own.detectors ?? {}),
    agent_networks: [...(own.agent_networks ?? []), ...base.agent_networks],
    trusted_peers: [...(own.trusted_peers ?? []), ...base.trusted_peers],
    suppressions: [...(own.suppressions ?? []), ...base.suppressions],
  }
}

/** JSON with sorted keys: equal content has equal bytes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** Names the content in control records and in `state`. */
export const configurationHash = (configuration: DetectionLayer): string =>
  H('configuration', canonicalJson(configuration))
