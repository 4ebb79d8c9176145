/**
 * The trust registry: what people have written down about their agents in `agents.yaml`, one for all tenants and one for each.
 * It is a section of the knowledge: its content is in the topic `state` under its hash, and control records in `events` and
 * `signals` say from where on it applies.
 *
 * Entries name an identity, or the beginning of several with a `*` at the end. All entries that fit an identity hold together,
 * those of all tenants and those of its own: what one of them forbids is forbidden, and what one of them allows is allowed. So a
 * tenant can add to what is forbidden for all and cannot take anything away from it.
 */
import Type, { type Static } from 'typebox'
import { validator } from './columns.ts'
import { canonicalJson } from './configuration.ts'
import { H } from './ids.ts'
import { LIMITS } from './limits.ts'

const names = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max }), {
      maxItems: LIMITS.registry_names_max,
      description,
    }),
  )

/** Acts, by what an event says of them. */
export const Acts = Type.Object(
  {
    actions: names('Operations and tools; a * at the end fits everything that begins so'),
    targets: names('What is acted on; a * at the end fits everything that begins so'),
    peers: names('Hosts with everything below them, addresses, CIDR ranges, and names of agents'),
  },
  { additionalProperties: false },
)
export type Acts = Static<typeof Acts>

export const RegisteredAgent = Type.Object(
  {
    agent: Type.String({
      minLength: 1,
      maxLength: LIMITS.name_chars_max,
      description: 'Identity; a * at the end fits every identity that begins so',
    }),
    owner: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.name_chars_max,
        description: 'Whom findings about its limits name as the one to ask',
      }),
    ),
    allowed: Type.Optional(Acts),
    never: Type.Optional(Acts),
  },
  { additionalProperties: false },
)
export type RegisteredAgent = Static<typeof RegisteredAgent>

export const AgentRegistry = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(['learn', 'strict'], { description: 'strict: an agent that is not listed is a finding at once' }),
    ),
    agents: Type.Optional(Type.Array(RegisteredAgent, { maxItems: LIMITS.registry_agents_max })),
    trusted_peers: names('Domains, hosts or CIDR ranges that are no news, whoever contacts them'),
  },
  { $id: 'agent-registry', additionalProperties: false },
)
export type AgentRegistry = Static<typeof AgentRegistry>
export const agentRegistryValidator = validator(AgentRegistry)

/** Name of the section in `config` control records. */
export const AGENTS = 'agents'

/** Names the content in control records, snapshots and `state`. */
export const agentRegistryHash = (registry: AgentRegistry): string => H(AGENTS, canonicalJson(registry))
