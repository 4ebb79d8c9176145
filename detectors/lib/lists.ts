/**
 * The lists of the configuration in the form in which detectors ask them: is this host or address part of a listed agent
 * network, or of a trusted peer, and what does the trust registry say of this identity? Built once per configuration.
 */
import type { AgentRegistry } from '../../schemas/agents.ts'
import type { AgentNetwork, DetectionConfiguration } from '../../schemas/configuration.ts'
import { BUILT_IN_AGENT_NETWORKS } from './agent-networks.ts'
import { AgentRules, type Bounds } from './agent-registry.ts'
import { HostList } from './host-list.ts'
import type { LeakedCredentials } from './leaked-credentials.ts'

export interface Lists {
  /** The listed network that a host, registrable domain or address belongs to. */
  agentNetworkOf(hostOrAddress: string): AgentNetwork | undefined
  isTrustedPeer(hostOrAddress: string): boolean
  /** Whether a credential, as named in events, is on the tenant's leak list. */
  isLeaked(credential: string): boolean
  /** What the trust registry says of an identity; undefined where it is not listed. */
  boundsOf(identity: string): Bounds | undefined
  /** Whether agents must be listed. */
  readonly isStrict: boolean
}

/**
 * Entries that are neither a host nor a range match nothing; the responder has refused them before they come here. `registries`:
 * the tenant's and that of all, as far as there are any.
 */
export function createLists(
  configuration: DetectionConfiguration,
  leaked?: LeakedCredentials,
  registries: readonly AgentRegistry[] = [],
): Lists {
  const networks = new HostList<AgentNetwork>()
  // The tenant's own entries come first, so that his name for a network is the one that he reads.
  for (const network of [...configuration.agent_networks, ...BUILT_IN_AGENT_NETWORKS]) {
    for (const entry of [...network.domains, ...network.addresses]) networks.add(entry, network)
  }
  const trusted = new HostList<true>()
  const peers = registries.flatMap(({ trusted_peers = [] }) => trusted_peers)
  for (const entry of [...configuration.trusted_peers, ...peers]) trusted.add(entry, true)
  const agents = new AgentRules(registries)
  return {
    agentNetworkOf: (hostOrAddress) => networks.find(hostOrAddress),
    isTrustedPeer: (hostOrAddress) => trusted.find(hostOrAddress) === true,
    isLeaked: (credential) => leaked !== undefined && leaked.has(credential),
    boundsOf: (identity) => agents.boundsOf(identity),
    isStrict: agents.isStrict,
  }
}
