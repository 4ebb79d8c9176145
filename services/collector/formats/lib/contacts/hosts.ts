/**
 * Hosts in what was written: URLs as the WHATWG parser reads them, bare names and addresses, and the inner address if a URL
 * makes another host (a proxy, a translation, a resolver) go there.
 */
import { domainToASCII } from 'node:url'
import { parse } from 'tldts'
import { LIMITS } from '../../../../../schemas/limits.ts'
import { memo } from '../../../memo.ts'
import { plainAddress } from '../clients.ts'

/** Schemes that reach no host. */
const LOCAL_SCHEMES = new Set(['file', 'data', 'about', 'chrome', 'arn', 'urn', 's3', 'gs'])
/** Where a URL begins. What it may hold is decided by the parser. */
const URL_START = /\b(?:git\+)?([a-z][a-z0-9+.-]{1,15}):\/\//gi
const URL_END = /[\s"'<>`|\\^{}]/
const URL_CHARS_MAX = 65_536
const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?(?:\.[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?)+$/u
/** Top-level domains that are also endings of file names or of names in code. */
const AMBIGUOUS_TLDS = new Set(
  'py sh md rs pl zip mov ps so cc pm ml name email page map host data info cat run'.split(' '),
)
/** Parameters in which a URL names another place to go to. */
const RELAY_PARAMETERS = new Set('url u uri target dest destination to site link src href q name'.split(' '))
const RESOLVER_PATH = /\/(?:dns-query|resolve)\b/

/** A host without brackets and trailing dot, in lower case; '' if the URL has none. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')

function parsed(text: string): URL | undefined {
  try {
    // The URL parser writes 0x7f.1, 2130706433 and punycode in their one form.
    return new URL(text.replace(/^git\+/i, '').replace(/[.,;:!?)]{1,16}$/, ''))
  } catch {
    return undefined
  }
}

const isPublicName = memo((name) => {
  const found = parse(name)
  return found.isIcann === true && found.domain !== null && !found.isIp
})

/** The name that represents a host in a baseline: its registrable domain, its address, or itself. */
export const domainOf = memo((host) => {
  const plain = host.toLowerCase().replace(/\.$/, '')
  const address = plainAddress(plain)
  if (address !== undefined) return address
  // On shared hosting (github.io, s3) every customer is a separate peer.
  return parse(plain, { allowPrivateDomains: true }).domain ?? plain
})

/** A word that is a host as a whole, perhaps with port or path; '' for any other. `sure`: its place says that it is one. */
export const bareHost = (word: string, sure: boolean): string => (sure ? sureHost(word) : possibleHost(word))
const sureHost = memo((word) => readHost(word, true))
const possibleHost = memo((word) => readHost(word, false))

function readHost(word: string, sure: boolean): string {
  const address = plainAddress(word)
  if (address !== undefined) return sure ? address : ''
  if (!word.includes('.')) return ''
  const name = domainToASCII(
    (word.split(/[/?#]/, 1)[0] ?? '')
      .replace(/:\d{1,5}$/, '')
      .toLowerCase()
      .replace(/\.$/, ''),
  )
  if (plainAddress(name) !== undefined) return sure ? name : ''
  if (!NAME.test(name) || name.length > 253 || !isPublicName(name)) return ''
  const parts = name.split('.')
  const ambiguous = AMBIGUOUS_TLDS.has(parts.at(-1) ?? '')
  return !ambiguous || name.startsWith('www.') || (sure && parts.length > 2) ? name : ''
}

/** The hosts that a URL names besides its own: in a path (`/https://a.b`), or in a parameter that says where to go. */
function relayed(url: URL, depth: number): string[] {
  const hosts: string[] = []
  const path = decoded(url.pathname)
  const inner = path.search(/[a-z]{2,10}:\/{1,2}/i)
  if (inner > 0) hosts.push(...hostsOfUrl(path.slice(inner).replace(/:\/+/, '://'), depth + 1))
  let asked = 0
  for (const [name, value] of url.searchParams) {
    if (++asked > LIMITS.list_items_max) break
    if (!RELAY_PARAMETERS.has(name.toLowerCase())) continue
    if (name.toLowerCase() === 'name' ? RESOLVER_PATH.test(url.pathname) : !/^q$/i.test(name)) {
      const host = value.includes('://') ? hostsOfUrl(value, depth + 1) : [bareHost(value, true)]
      hosts.push(...host.filter((one) => one !== ''))
    }
  }
  return hosts
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The host of a URL, and whom it asks that host to reach. */
function hostsOfUrl(text: string, depth = 0): string[] {
  const url = parsed(text)
  if (url === undefined || LOCAL_SCHEMES.has(url.protocol.slice(0, -1))) return []
  const host = hostOf(url)
  if (host === '') return []
  return depth >= 2 ? [host] : [host, ...relayed(url, depth)]
}

/** Every URL in a text: its hosts, and the text without the URLs. */
export function urlsIn(text: string): { readonly hosts: readonly string[]; readonly rest: string } {
  const hosts: string[] = []
  let rest = ''
  let from = 0
  for (const match of text.matchAll(URL_START)) {
    if (match.index < from) continue
    const open = text.slice(match.index, match.index + URL_CHARS_MAX)
    const behind = open.slice(match[0].length)
    const length = behind.search(URL_END)
    const end = match.index + match[0].length + (length < 0 ? behind.length : length)
    hosts.push(...hostsOfUrl(text.slice(match.index, end)))
    rest += `${text.slice(from, match.index)} `
    from = end
  }
  return { hosts, rest: rest + text.slice(from) }
}

/** Whether a text is one URL and nothing else. */
export const isUrl = (text: string): boolean => /^(?:git\+)?[a-z][a-z0-9+.-]{1,15}:\/\/\S+$/i.test(text.trim())
