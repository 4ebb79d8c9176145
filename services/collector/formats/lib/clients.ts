/**
 * Where a call came from: the network of its address and the family of its client. Both leave out what changes without
 * meaning anything (the last octet, versions), so that a baseline does not learn noise.
 */
import ipaddr from 'ipaddr.js'
import { memo } from '../../memo.ts'

const OCTET = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])'
/** The one written form of an IPv4 address. */
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
/** What an IPv6 address may consist of, an IPv4 address at its end and a zone included. */
const IPV6_CHARACTERS = /^[0-9a-fx:.]{2,}(?:%[0-9a-z]+)?$/i

/** An address in its one written form (IPv4 in IPv6 unwrapped, zone and port left out), or undefined for a name. */
export function plainAddress(text: string): string | undefined {
  const bare = text.startsWith('[')
    ? text.slice(1).replace(/\](?::\d+)?$/, '')
    : text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  if (IPV4.test(bare)) return bare
  // Most texts are names: told apart before the library looks, which is slow at saying no.
  if (!bare.includes(':') || !IPV6_CHARACTERS.test(bare) || !ipaddr.IPv6.isValid(bare)) return undefined
  const parsed = ipaddr.process(bare.replace(/%.*$/, ''))
  return parsed.toString()
}

/** Longer lists were not made by proxies. */
const HOPS_MAX = 32

/** Whether a proxy of one's own house may have this address. */
function isOwnHop(address: string): boolean {
  const range = ipaddr.process(address).range()
  return range === 'private' || range === 'loopback' || range === 'linkLocal' || range === 'uniqueLocal'
}

/**
 * Where a request came from, as far as it is known. Spaces around an address are not part of it. A list from proxies is
 * client, proxy, proxy. Only what the last hops saw is not a claim of the sender, so the last address outside private
 * networks counts; if all are private, the first. What is not an address (a service's name, a form that readers disagree
 * about, such as 010.0.0.1) stays as it is.
 */
export const sourceOf = memo((text): string => {
  const whole = text.trim()
  if (!whole.includes(',')) return plainAddress(whole) ?? whole
  const hops = whole
    .split(',')
    .slice(-HOPS_MAX)
    .map((hop) => plainAddress(hop.trim()))
  const known = hops.filter((hop) => hop !== undefined)
  return known.findLast((hop) => !isOwnHop(hop)) ?? known[0] ?? whole
})

function isIn(address: string, range: string): boolean {
  const [base, bits] = range.includes('/') ? ipaddr.parseCIDR(range) : [ipaddr.parse(range), undefined]
  const mine = ipaddr.process(address)
  return mine.kind() === base.kind() && mine.match(base, bits ?? (base.kind() === 'ipv4' ? 32 : 128))
}

/** `sourceOf` with known addresses and ranges of proxies, in addition to private ones: none of them is a client. */
export function sourceBehind(text: string, proxies: readonly string[]): string {
  if (proxies.length === 0 || !text.includes(',')) return sourceOf(text)
  const hops = text
    .split(',')
    .slice(-HOPS_MAX)
    .flatMap((hop) => plainAddress(hop.trim()) ?? [])
  const isProxy = (hop: string): boolean => isOwnHop(hop) || proxies.some((range) => isIn(hop, range))
  return hops.findLast((hop) => !isProxy(hop)) ?? hops[0] ?? text.trim()
}

/** /24 of an IPv4 address, /48 of an IPv6 address; a name (a cloud service, a host) is its own network. */
export const sourceNetwork = memo((text) => {
  const address = plainAddress(text)
  if (address === undefined) return text.toLowerCase()
  const parsed = ipaddr.parse(address)
  if (parsed.kind() === 'ipv4') return `${address.split('.').slice(0, 3).join('.')}.0/24`
  const { parts } = parsed as ipaddr.IPv6
  const network = new ipaddr.IPv6([...parts.slice(0, 3), 0, 0, 0, 0, 0])
  return `${network.toString()}/48`
})

/** Client libraries that hide behind another product's name at the front of the text. */
const INNER_CLIENTS: readonly (readonly [RegExp, string])[] = [
  [/\bTerraform\//i, 'Terraform'],
  [/\bPulumi\b/i, 'Pulumi'],
  [/\baws-cdk\b/i, 'aws-cdk'],
  [/\bclaude-cli\/|\bclaude-code\b/i, 'claude-code'],
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\/|\bOpera\b/, 'Opera'],
  [/\bHeadlessChrome\//, 'HeadlessChrome'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\/(?!.*Chrome)/, 'Safari'],
]

/** The client without versions: `Boto3`, `aws-cli`, `Firefox`, a service's name; '' if nothing is given. */
export const userAgentFamily = memo(
  (text) => {
    const bare = text.trim().replace(/^\[(.*)\]$/, '$1')
    for (const [pattern, family] of INNER_CLIENTS) if (pattern.test(bare)) return family
    const first = bare.split(/[\s;,(]/, 1)[0] ?? ''
    const [product = '', version] = first.split('/', 2)
    if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(bare)) return bare.toLowerCase()
    // "AWS Internal", "Health Check": a name of words without a version is kept whole.
    if (!/[/0-9]/.test(bare)) return bare.slice(0, 64)
    const named = version === undefined ? product.replace(/[-_ ]?v?\d+(?:\.\d+)*$/, '') : product
    return named.slice(0, 64)
  },
  4_096,
  512,
)
