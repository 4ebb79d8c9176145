/**
 * Where a call came from: the network of its address and the family of its client. Both leave out what changes without
 * meaning anything (the last octet, versions), so that a baseline does not learn noise.
 */
import ipaddr from 'ipaddr.js'
import { memo } from '../../memo.ts'

const FOUR_PARTS = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/

/** An address in its one written form (IPv4 in IPv6 unwrapped, zone and port left out), or undefined for a name. */
export function plainAddress(text: string): string | undefined {
  const bare = text.startsWith('[')
    ? text.slice(1).replace(/\](?::\d+)?$/, '')
    : text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  // Most texts are names: told apart before the library looks, which is slow at saying no.
  if (!FOUR_PARTS.test(bare) && !bare.includes(':')) return undefined
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined
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
 * Where a request came from, as far as it is known. Blanks around an address are none of it. A list as proxies forward it
 * is client, proxy, proxy: only what the last hops saw is no claim of the sender, so that the last address which is not
 * one of the house counts; where all are, the first. What is no address (a service's name, a form that no reader
 * agrees about, such as 010.0.0.1) stays a value of its own.
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

/** `sourceOf` where proxies are known by their addresses and ranges, beside those of the house: none of them is a client. */
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

/** The client without versions: `Boto3`, `aws-cli`, `Firefox`, a service's name; '' where nothing is said. */
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
