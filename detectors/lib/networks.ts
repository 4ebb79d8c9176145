/** What a source is: the network of an address, the name of a host, or that of a service that acts in somebody's place. */

const SLASH = 47
const ZERO = 48
const NINE = 57

/** Services of a cloud that act in somebody's place, and machines that anybody may rent there, which do not. */
const SERVICE = /\.(?:amazonaws\.com(?:\.cn)?|googleapis\.com)$/i
const RENTED = /^ec2-\d|\.compute/i
const HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i

/** Whether it is the name of a host that calls; a name says as much about the caller as an address does. */
const isHost = (name: string): boolean =>
  name.includes('.') && HOST.test(name) && (!SERVICE.test(name) || RENTED.test(name))

/**
 * Whether `source_network` says where a caller is: the /24 or /48 of an address, or a host name. A service's name does
 * not.
 */
export function isNetwork(sourceNetwork: string): boolean {
  const at = sourceNetwork.length - 3
  if (at < 1 || sourceNetwork.charCodeAt(at) !== SLASH) return isHost(sourceNetwork)
  const digit = sourceNetwork.charCodeAt(at + 1)
  return digit >= ZERO && digit <= NINE
}

/** The end of a host's name that one owner has: two labels, three below such as `co.uk`. */
function ownerOf(name: string): string {
  const labels = name.toLowerCase().split('.')
  const short = (labels.at(-2) ?? '').length <= 3
  return labels.slice(short ? -3 : -2).join('.')
}

/** Addresses that nobody outside can send from: RFC 1918, carrier and cluster space (RFC 6598), unique local IPv6. */
const INSIDE =
  /^(10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|f[cd][0-9a-f]{2}:[0-9a-f]*)/

/**
 * The network that identifies a source. Inside a private network it is the /16 (the /32 for IPv6): no cloud's virtual
 * network is larger, and a restarted pod or function can land anywhere in it. For a host name it is the end that one
 * owner has. Otherwise it is `source_network`.
 */
export function placeOf(sourceNetwork: string): string {
  if (!sourceNetwork.includes('/')) return ownerOf(sourceNetwork)
  return INSIDE.exec(sourceNetwork)?.[1] ?? sourceNetwork
}

/** Whether the network is of IPv6; of IPv4 otherwise. */
export const isIpv6 = (sourceNetwork: string): boolean => sourceNetwork.includes(':')
