/**
 * Whom an action contacts: hosts, addresses and mail domains in its arguments, also inside commands. What matters is where a
 * name is, not that it is there: results are not read, what an agent writes or asks about is text, and tools that block,
 * rate or remember a host do not contact it (see contacts/programs.ts for commands).
 *
 * A name without a scheme counts if it cannot be anything else. `parser.py` and `user.name` are also domains, so a bare name
 * needs an argument whose name says host or URL, or must be the whole argument.
 */
import { redactId } from '../../redaction/redact.ts'
import { keyIssuersIn } from '../../redaction/shapes.ts'
import { UNREAD_PEER } from '../../../../schemas/event.ts'
import { LIMITS } from '../../../../schemas/limits.ts'
import { memo } from '../../memo.ts'
import { plainAddress } from './clients.ts'
import { bareHost, domainOf, isUrl, urlsIn } from './contacts/hosts.ts'
import { commandContacts, isServersFile, looksLikeCommand } from './contacts/programs.ts'
import { isObject } from './json.ts'
import { wordsOf } from './verbs.ts'

export { domainOf } from './contacts/hosts.ts'

export interface Contacts {
  /** The first host contacted, in lower case; '' if none. */
  readonly peer: string
  /**
   * Registrable domains and addresses, without repeats, in the order of the arguments. The last one is UNREAD_PEER if there
   * were more than are read, so that a host hidden behind others is reported.
   */
  readonly domains: readonly string[]
}

/** The call whose arguments are read. */
export interface Caller {
  readonly name: string
  /** It creates, sends or changes something, so that the domain of a mail recipient is contacted too. */
  readonly sends: boolean
}

const NONE: Contacts = { peer: '', domains: [] }
const LEAVES_MAX = 1_024
const LEAF_CHARS_MAX = 131_072
const DEPTH_MAX = 8

const PROSE_KEYS = new Set(
  (
    'body content contents text message messages comment description subject title note notes summary html markdown caption ' +
    'prompt query q search question keywords keyword pattern regex old_string new_string reason thought thoughts review bio ' +
    'reply answer instructions transcript patch diff'
  ).split(' '),
)
const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))
const HOST_WORDS = words(
  'host hostname server url urls uri href link endpoint domain domains site website webpage webhook callback origin address ip proxy registry remote',
)
const RECIPIENT_WORDS = words(
  'to cc bcc recipient recipients email emails mail participants attendees invitees collaborator receiver owner user',
)
const PLAIN_WORDS = words('path file filename dir directory folder name id key')
const COMMAND_WORDS = words('command cmd script code shell args argv bash')
const SHELL_NAMES = words(
  'bash sh zsh shell terminal console exec execute run cmd powershell pwsh command python node code',
)
/** Tools that go to what they are given. */
const GOING = words(
  'fetch open browse visit navigate goto http https request crawl scrape download webfetch browser curl wget',
)
/** Tools that are about a host and do not go to it. */
const ABOUT = words(
  'block blocklist blacklist deny denylist allowlist whitelist ban ignore filter rate rating flag report remember reputation lookup whois',
)
const MAIL = /[^\s@<>,;"']{1,64}@([\p{L}\p{N}.-]{1,253})/gu

const wordSetOf = memo((name): ReadonlySet<string> => new Set(wordsOf(name)))

interface Leaf {
  readonly words: ReadonlySet<string>
  readonly key: string
  readonly text: string
}

/** The text leaves of arguments with the name of their argument, breadth and depth bounded. */
function leavesOf(value: unknown, key: string, leaves: Leaf[], depth: number): void {
  if (leaves.length >= LEAVES_MAX || depth > DEPTH_MAX) return
  if (typeof value === 'string') {
    if (value.length >= 4) leaves.push({ key, words: wordSetOf(key), text: value.slice(0, LEAF_CHARS_MAX) })
  } else if (Array.isArray(value)) {
    for (const item of value.slice(0, LEAVES_MAX)) leavesOf(item, key, leaves, depth + 1)
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) leavesOf(item, name, leaves, depth + 1)
  }
}

const some = (given: ReadonlySet<string>, of: ReadonlySet<string>): boolean => {
  for (const word of given) if (of.has(word)) return true
  return false
}

interface Call {
  readonly sends: boolean
  readonly goes: boolean
  readonly shell: boolean
  /** It writes down which servers of tools an agent uses. */
  readonly installs: boolean
}

/** What a leaf contacts. */
function readLeaf(leaf: Leaf, call: Call, found: (host: string) => void): void {
  // Slashes that somebody escaped in JSON within JSON.
  const text = leaf.text.includes('\\/') ? leaf.text.replaceAll('\\/', '/') : leaf.text
  const prose = PROSE_KEYS.has(leaf.key.toLowerCase())
  const command = some(leaf.words, COMMAND_WORDS) || (leaf.key === '' && (call.shell || looksLikeCommand(text)))
  if (command && !prose) {
    commandContacts(text, found)
    return
  }
  const url = isUrl(text)
  if (prose || leaf.key === '') {
    if ((call.goes && url) || call.installs) for (const host of urlsIn(text).hosts) found(host)
    return
  }
  const named = some(leaf.words, HOST_WORDS)
  const { hosts, rest } = url || named || /^[\s\S]{0,64}:\/\//.test(text) ? urlsIn(text) : { hosts: [], rest: text }
  for (const host of hosts) found(host)
  if (call.sends && some(leaf.words, RECIPIENT_WORDS)) {
    for (const [, host] of text.matchAll(MAIL)) found(bareHost(host ?? '', true))
  }
  if (named) for (const word of rest.split(/[\s,;]+/)) found(bareHost(word, true))
  else if (!some(leaf.words, PLAIN_WORDS)) found(bareHost(rest.trim(), false))
}

/** Whether a tool of this name is about hosts and does not go to them: it blocks them, lists them or looks them up. */
export const isAboutHosts = (tool: string): boolean => wordsOf(tool).some((word) => ABOUT.has(word))

/** The hosts that a call with these arguments contacts. */
export function contactsOf(args: unknown, caller: Caller): Contacts {
  if (isAboutHosts(caller.name)) return NONE
  const name = wordsOf(caller.name)
  const leaves: Leaf[] = []
  leavesOf(args, '', leaves, 0)
  const call: Call = {
    installs: leaves.some((leaf) => some(leaf.words, PLAIN_WORDS) && isServersFile(leaf.text)),
    sends: caller.sends,
    goes: name.some((word) => GOING.has(word)),
    shell: name.some((word) => SHELL_NAMES.has(word)),
  }
  const domains = new Set<string>()
  let peer = ''
  let hidden = false
  const found = (host: string): void => {
    if (host === UNREAD_PEER) hidden = true
    if (host === '' || host === UNREAD_PEER || domains.size > LIMITS.peer_domains_max) return
    peer ||= host.toLowerCase()
    domains.add(domainOf(host))
  }
  for (const leaf of leaves) readLeaf(leaf, call, found)
  const unread = hidden || leaves.length >= LEAVES_MAX || leaves.some(({ text }) => text.length >= LEAF_CHARS_MAX)
  if (domains.size === 0) return unread && (call.goes || hidden) ? { peer: '', domains: [UNREAD_PEER] } : NONE
  // Who shows the key of a network to somebody is in contact with it, through whomever.
  for (const leaf of leaves) {
    if (!PROSE_KEYS.has(leaf.key.toLowerCase())) for (const host of keyIssuersIn(leaf.text)) found(host)
  }
  return { peer, domains: bounded(domains, unread) }
}

/** Full URLs alone, for records where bare names are the provider's own (`Host` of an S3 request). */
export function urlContactsOf(value: unknown, own: (domain: string) => boolean): Contacts {
  const leaves: Leaf[] = []
  leavesOf(value, '', leaves, 0)
  const hosts = leaves
    .filter(({ text }) => text.includes('://'))
    .flatMap(({ text }) => urlsIn(text).hosts)
    .filter((host) => !own(domainOf(host)))
  return { peer: hosts[0] ?? '', domains: bounded(new Set(hosts.map(domainOf))) }
}

/** A peer that a producer names itself: a host, an address, a URL, or the name of a server. */
export function namedContact(given: string): Contacts {
  const name = given.slice(0, LIMITS.text_chars_max).trim()
  if (name === '') return NONE
  // Before lower case hides the shape of a secret that somebody put here.
  const peer = redactId(name)
  const host = peer.includes('://') ? (urlsIn(peer).hosts[0] ?? '') : peer.toLowerCase().replace(/:\d{1,5}$/, '')
  if (host === '') return NONE
  const isHost = plainAddress(host) !== undefined || /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+\.?$/u.test(host)
  return { peer: host, domains: isHost ? [domainOf(host)] : [] }
}

/** At most as many as are kept, and a word for the rest. */
const bounded = (domains: ReadonlySet<string>, unread = false): readonly string[] => {
  const kept = [...domains].filter((domain) => domain !== UNREAD_PEER)
  if (!unread && kept.length <= LIMITS.peer_domains_max && !domains.has(UNREAD_PEER)) return kept
  return [...kept.slice(0, LIMITS.peer_domains_max - 1), UNREAD_PEER]
}

/** Two answers in one, the first one's peer first. */
export function joinContacts(first: Contacts, second: Contacts): Contacts {
  if (second.domains.length === 0 && second.peer === '') return first
  return { peer: first.peer || second.peer, domains: bounded(new Set([...first.domains, ...second.domains])) }
}
