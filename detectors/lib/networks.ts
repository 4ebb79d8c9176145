/** What a source is: the network of an address, or the name of a service that acts in somebody's place. */

const SLASH = 47
const ZERO = 48
const NINE = 57

/** Whether `source_network` is the /24 or /48 of an address; a service's name that stands there is no network. */
export function isNetwork(sourceNetwork: string): boolean {
  const at = sourceNetwork.length - 3
  if (at < 1 || sourceNetwork.charCodeAt(at) !== SLASH) return false
  const digit = sourceNetwork.charCodeAt(at + 1)
  return digit >= ZERO && digit <= NINE
}

/** Addresses that nobody outside can send from: RFC 1918, carrier and cluster space (RFC 6598), unique local IPv6. */
const INSIDE =
  /^(10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|f[cd][0-9a-f]{2}:[0-9a-f]*)/

/**
 * The network by which a source is known. Inside a private network that is the /16 (of IPv6 the /32): no cloud's virtual
 * network is larger, and a pod or function that is started anew lands anywhere in it. Outside it is `source_network`.
 */
export function placeOf(sourceNetwork: string): string {
  return INSIDE.exec(sourceNetwork)?.[1] ?? sourceNetwork
}

/** Whether the network is of IPv6; of IPv4 otherwise. */
export const isIpv6 = (sourceNetwork: string): boolean => sourceNetwork.includes(':')
