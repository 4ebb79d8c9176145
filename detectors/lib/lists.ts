/**
 * The lists of the configuration in the form in which detectors ask them: is this host or address part of a listed agent
 * network, or of a trusted peer? Built once per configuration.
 *
 * A listed domain covers itself and everything below it (`www.`, `api.`), and nothing that merely looks like it. A URL, a
 * host with a port and an e-mail address are read down to their host; addresses are compared as numbers, so that
 * `::ffff:192.0.2.7` and `192.0.2.7` are one.
 */
import ipaddr from 'ipaddr.js'
import { getHostname } from 'tldts'
import type { AgentNetwork, DetectionConfiguration } from '../../schemas/configuration.ts'
import { BUILT_IN_AGENT_NETWORKS } from './agent-networks.ts'
import type { LeakedCredentials } from './leaked-credentials.ts'

export interface Lists {
  /** The listed network that a host, registrable domain or address belongs to. */
  agentNetworkOf(hostOrAddress: string): AgentNetwork | undefined
  isTrustedPeer(hostOrAddress: string): boolean
  /** Whether a credential, as events name it, stands on the tenant's leak list. */
  isLeaked(credential: string): boolean
}

type Address = ReturnType<typeof ipaddr.process>
type Range = readonly [Address, number]

/** Host names by their words, and ranges of addresses: one value for each. */
class HostList<T> {
  readonly #hosts = new Map<string, T>()
  readonly #ranges: (readonly [Range, T])[] = []

  /** Takes a host name (`*.` in front allowed), address or CIDR range. The first entry of a host wins. */
  add(entry: string, value: T): void {
    const word = entry.trim().toLowerCase()
    const range = rangeOf(word)
    if (range !== undefined) {
      this.#ranges.push([range, value])
      return
    }
    const host = hostOf(word.startsWith('*.') ? word.slice(2) : word)
    if (host !== undefined && !this.#hosts.has(host)) this.#hosts.set(host, value)
  }

  find(hostOrAddress: string): T | undefined {
    const host = hostOf(hostOrAddress)
    if (host === undefined) return undefined
    const address = addressOf(host)
    if (address !== undefined) return this.#ranges.find(([range]) => isWithin(address, range))?.[1]
    for (let at = 0; at >= 0; at = host.indexOf('.', at) + 1 || -1) {
      const found = this.#hosts.get(host.slice(at))
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** The host of a URL, host with port, mail address or bare host; undefined where there is none. */
function hostOf(word: string): string | undefined {
  const text = word.trim()
  if (addressOf(text) !== undefined) return text
  return getHostname(text, { detectIp: true, validateHostname: true }) ?? undefined
}

/** Any spelling of an address, the numeric ones that browsers take included (`0x7f.1`). */
function addressOf(word: string): Address | undefined {
  if (!/^[0-9a-fx.:]+$/i.test(word) || !ipaddr.isValid(word)) return undefined
  return ipaddr.process(word)
}

function rangeOf(word: string): Range | undefined {
  const [base = '', bits] = word.split('/')
  const address = addressOf(base)
  if (address === undefined) return undefined
  const full = address.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return [address, full]
  return /^\d{1,3}$/.test(bits) && Number(bits) <= full ? [address, Number(bits)] : undefined
}

const isWithin = (address: Address, [base, bits]: Range): boolean =>
  address.kind() === base.kind() && (address as ipaddr.IPv6).match(base, bits)

/** Whether a text is an address that lies in a range, or is the address itself; what is no address lies nowhere. */
export function isInRange(text: string, range: string): boolean {
  const address = addressOf(text.trim())
  const bounds = rangeOf(range.trim().toLowerCase())
  return address !== undefined && bounds !== undefined && isWithin(address, bounds)
}

/** Entries that are neither a host nor a range match nothing; the responder has refused them before they come here. */
export function createLists(configuration: DetectionConfiguration, leaked?: LeakedCredentials): Lists {
  const networks = new HostList<AgentNetwork>()
  // The tenant's own entries come first, so that his name for a network is the one that he reads.
  for (const network of [...configuration.agent_networks, ...BUILT_IN_AGENT_NETWORKS]) {
    for (const entry of [...network.domains, ...network.addresses]) networks.add(entry, network)
  }
  const trusted = new HostList<true>()
  for (const entry of configuration.trusted_peers) trusted.add(entry, true)
  return {
    agentNetworkOf: (hostOrAddress) => networks.find(hostOrAddress),
    isTrustedPeer: (hostOrAddress) => trusted.find(hostOrAddress) === true,
    isLeaked: (credential) => leaked !== undefined && leaked.has(credential),
  }
}
