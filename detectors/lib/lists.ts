/**
 * The lists of the configuration in the form in which detectors ask them: is this host or address part of a listed agent
 * network, or of a trusted peer? Built once per configuration.
 */
import type { AgentNetwork, DetectionConfiguration } from '../../schemas/configuration.ts'

export interface Lists {
  /** The listed network that a host, registrable domain or address belongs to. */
  agentNetworkOf(hostOrAddress: string): AgentNetwork | undefined
  isTrustedPeer(hostOrAddress: string): boolean
}

export declare function createLists(configuration: DetectionConfiguration): Lists
