/**
 * Whom an action contacts: hosts, addresses and mail domains in its arguments, also inside commands. Results are not
 * read: what a page mentions is not contacted. Neither is what an agent writes about: hosts in prose arguments (the body
 * of a mail, the content of a file) are left out, unless the argument as a whole is one URL.
 *
 * A name without scheme counts where it cannot be something else: `parser.py` and `user.name` are also domains, so a
 * bare name needs `www.`, an argument whose name says host or URL, or a command that uses the network.
 */
import { domainToASCII } from 'node:url'
import { parse } from 'tldts'
import { redactId } from '../../redaction/redact.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { plainAddress } from './clients.ts'
import { isObject } from './json.ts'
import { memo } from '../../memo.ts'
import { wordsOf } from './verbs.ts'

export interface Contacts {
  /** The first host contacted, in lower case; '' where there is none. */
  readonly peer: string
  /** Registrable domains and addresses, each once, at most DOMAINS_MAX, in the order of the arguments. */
  readonly domains: readonly string[]
}

const NONE: Contacts = { peer: '', domains: [] }
const DOMAINS_MAX = LIMITS.list_items_max
const LEAVES_MAX = 256
const LEAF_CHARS_MAX = 16_384
const DEPTH_MAX = 8

const URL_TEXT = /\b([a-z][a-z0-9+.-]{1,15}):\/\/[^\s"'<>`|\\^{}[\]]{1,2048}/gi
const NAME_TEXT = /[\p{L}\p{N}][\p{L}\p{N}._-]{2,252}/gu
/** Schemes that reach no host. */
const LOCAL_SCHEMES = new Set(['file', 'data', 'about', 'chrome', 'arn', 'urn', 's3', 'gs'])
const PROSE_KEYS = new Set(
  (
    'body content contents text message messages comment description subject title note notes summary html markdown caption ' +
    'prompt query q search question keywords keyword pattern regex old_string new_string reason thought thoughts review bio ' +
    'reply answer instructions transcript'
  ).split(' '),
)
const HOST_WORDS = new Set(
  'host hostname server url uri href link endpoint domain site website webpage webhook callback origin address ip proxy registry remote'.split(
    ' ',
  ),
)
const RECIPIENT_WORDS = new Set(
  'to cc bcc recipient recipients email emails mail participants attendees invitees collaborator receiver owner user'.split(
    ' ',
  ),
)
const PATH_WORDS = new Set('path file filename dir directory folder'.split(' '))
const COMMAND_WORDS = new Set('command cmd script code shell args argv'.split(' '))
const NETWORK_COMMAND =
  /(?:^|[\s;&|(`"'/])(?:curl|wget|ssh|scp|sftp|rsync|nc|ncat|netcat|socat|telnet|ftp|ping|dig|nslookup|host|whois|nmap|git|openssl|http|https|xh|aria2c|lynx|requests|fetch|urllib|httpx|axios|openclaw|npx|pip|npm)(?=[\s.("']|$)/
/** Top-level domains that are also endings of file names or of names in code. */
const AMBIGUOUS_TLDS = new Set(
  'py sh md rs pl zip mov ps so cc pm ml name email page map host data info cat run'.split(' '),
)

const hostOfUrl = (text: string): string => {
  try {
    // The URL parser writes 0x7f.1, 2130706433 and punycode in their one form.
    return new URL(text.replace(/[.,;:!?)]+$/, '')).hostname
  } catch {
    return ''
  }
}

/** The name that stands for a host in a baseline: its registrable domain, its address, or itself. */
export const domainOf = memo((host) => {
  const plain = host.toLowerCase().replace(/\.$/, '')
  const address = plainAddress(plain)
  if (address !== undefined) return address
  // On shared hosting (github.io, s3) every customer is a peer of its own.
  return parse(plain, { allowPrivateDomains: true }).domain ?? plain
})

const isPublicName = memo((name) => {
  const found = parse(name)
  return found.isIcann === true && found.domain !== null && !found.isIp
})

interface Leaf {
  readonly words: ReadonlySet<string>
  readonly key: string
  readonly text: string
}

/** The text leaves of arguments with the name of their argument, breadth and depth bounded. */
function leavesOf(value: unknown, key: string, leaves: Leaf[], depth: number): void {
  if (leaves.length >= LEAVES_MAX || depth > DEPTH_MAX) return
  if (typeof value === 'string') {
    if (value.length >= 4) leaves.push({ key, words: new Set(wordsOf(key)), text: value.slice(0, LEAF_CHARS_MAX) })
  } else if (Array.isArray(value)) {
    for (const item of value.slice(0, LEAVES_MAX)) leavesOf(item, key, leaves, depth + 1)
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) leavesOf(item, name, leaves, depth + 1)
  }
}

const some = (words: ReadonlySet<string>, of: ReadonlySet<string>): boolean => {
  for (const word of words) if (of.has(word)) return true
  return false
}

/** Where a name in a leaf may stand without scheme and still be a host. */
function bareHost(leaf: Leaf, name: string, before: string, whole: boolean, network: boolean): boolean {
  if (before === '/' || before === '\\' || before === '@' || before === '.') return before === '@' && network
  const tld = name.slice(name.lastIndexOf('.') + 1)
  if (name.startsWith('www.')) return true
  if (some(leaf.words, HOST_WORDS)) return true
  if (network) return !AMBIGUOUS_TLDS.has(tld) || name.split('.').length > 2
  return whole && !AMBIGUOUS_TLDS.has(tld) && !some(leaf.words, PATH_WORDS)
}

function bareHosts(leaf: Leaf, sends: boolean, found: (host: string) => void): void {
  const recipient = sends && some(leaf.words, RECIPIENT_WORDS)
  const network = (some(leaf.words, COMMAND_WORDS) || leaf.key === '') && NETWORK_COMMAND.test(leaf.text)
  for (const match of leaf.text.matchAll(NAME_TEXT)) {
    const name = domainToASCII(match[0].toLowerCase().replace(/[.-]+$/, ''))
    if (!name.includes('.')) continue
    const before = leaf.text[match.index - 1] ?? ''
    const whole = leaf.text.trim().length - match[0].length <= 6
    if (plainAddress(name) !== undefined) {
      if (network || some(leaf.words, HOST_WORDS)) found(name)
    } else if (isPublicName(name) && ((before === '@' && recipient) || bareHost(leaf, name, before, whole, network))) {
      found(name)
    }
  }
}

/**
 * The hosts that a call with these arguments contacts. `sends`: the call creates, sends or changes something, so that
 * the domain of a mail recipient is contacted too.
 */
export function contactsOf(args: unknown, sends: boolean): Contacts {
  const leaves: Leaf[] = []
  leavesOf(args, '', leaves, 0)
  const domains = new Set<string>()
  let peer = ''
  const found = (host: string): void => {
    if (host === '' || domains.size >= DOMAINS_MAX) return
    peer ||= host.toLowerCase()
    domains.add(domainOf(host))
  }
  for (const leaf of leaves) {
    if (!leaf.text.includes('.') && !leaf.text.includes('://')) continue
    const prose = PROSE_KEYS.has(leaf.key.toLowerCase()) && /\s/.test(leaf.text.trim())
    if (prose) continue
    let rest = leaf.text
    if (rest.includes('://')) {
      rest = rest.replace(URL_TEXT, (url: string, scheme: string) => {
        if (!LOCAL_SCHEMES.has(scheme.toLowerCase())) found(hostOfUrl(url))
        return ' '
      })
    }
    if (!PROSE_KEYS.has(leaf.key.toLowerCase()) && rest.includes('.')) bareHosts({ ...leaf, text: rest }, sends, found)
  }
  return domains.size === 0 ? NONE : { peer, domains: [...domains] }
}

/** Full URLs alone, for records where bare names are the provider's own (`Host` of an S3 request). */
export function urlContactsOf(value: unknown, own: (domain: string) => boolean): Contacts {
  const leaves: Leaf[] = []
  leavesOf(value, '', leaves, 0)
  const hosts: string[] = []
  for (const leaf of leaves) {
    if (!leaf.text.includes('://')) continue
    for (const match of leaf.text.matchAll(URL_TEXT)) {
      const host = LOCAL_SCHEMES.has((match[1] ?? '').toLowerCase()) ? '' : hostOfUrl(match[0])
      if (host !== '' && !own(domainOf(host))) hosts.push(host)
    }
  }
  const domains = [...new Set(hosts.map(domainOf))].slice(0, DOMAINS_MAX)
  return { peer: hosts[0] ?? '', domains }
}

/** A peer that a producer names itself: a host, an address, a URL, or the name of a server. */
export function namedContact(name: string): Contacts {
  if (name === '') return NONE
  // Before lower case hides the shape of a secret that somebody put here.
  const peer = redactId(name)
  const host = peer.includes('://') ? hostOfUrl(peer) : peer.toLowerCase().replace(/:\d{1,5}$/, '')
  if (host === '') return NONE
  const isHost = plainAddress(host) !== undefined || /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+\.?$/u.test(host)
  return { peer: host, domains: isHost ? [domainOf(host)] : [] }
}

/** Two answers in one, the first one's peer first. */
export function joinContacts(first: Contacts, second: Contacts): Contacts {
  if (second.domains.length === 0 && second.peer === '') return first
  const domains = [...new Set([...first.domains, ...second.domains])].slice(0, DOMAINS_MAX)
  return { peer: first.peer || second.peer, domains }
}
