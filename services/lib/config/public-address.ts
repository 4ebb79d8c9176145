/**
 * Which network addresses a webhook may go to. A person who may name a URL must not reach what only this machine can
 * reach: its own ports, the private network, the metadata service of its cloud. Only global unicast is allowed, however
 * the address is written.
 */
import ipaddr from 'ipaddr.js'

/** The only part of IPv6 that is assigned to global unicast; everything else is special in some way. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/** RFC 6052: IPv6-only networks reach IPv4 through addresses that end in the IPv4 address. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/** A public address that every virtual machine of Azure reaches its platform by: keys and extensions come from there. */
const AZURE_PLATFORM = new Set(['168.63.129.16'])

function problemOfV6(address: ipaddr.IPv6): string | undefined {
  if (address.isIPv4MappedAddress()) return problemOf(address.toIPv4Address())
  if (address.match(NAT64)) return problemOf(ipaddr.fromByteArray(address.toByteArray().slice(12)))
  const range = address.range()
  if (range !== 'unicast') return range
  return address.match(GLOBAL_UNICAST) ? undefined : 'not global unicast'
}

function problemOf(address: ipaddr.IPv4 | ipaddr.IPv6): string | undefined {
  if (address instanceof ipaddr.IPv6) return problemOfV6(address)
  if (AZURE_PLATFORM.has(address.toString())) return 'platform'
  const range = address.range()
  return range === 'unicast' ? undefined : range
}

/**
 * Why a webhook must not go to this IP address (the name of its range: loopback, private, linkLocal ...); undefined if it
 * may. Anything that is not an IP address is refused, too.
 */
export const addressProblem = (address: string): string | undefined =>
  ipaddr.isValid(address) ? problemOf(ipaddr.parse(address)) : 'not an address'

/** Host of a parsed URL without the brackets of IPv6. URL has already turned decimal and octal forms into dotted ones. */
export const hostOf = (url: URL): string => (url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname)
