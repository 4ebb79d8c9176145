/**
 * Whom a command contacts, program by program. Of a program that contacts hosts, its host or URL counts; its messages,
 * titles, patterns, data and bodies are text. Of a program with subcommands, only those that contact a host count. What is
 * echoed, printed, searched or replaced is text, unless it is decoded and run. Code for an interpreter counts if it calls
 * something that contacts a host.
 */
import { UNREAD_PEER } from '../../../../../schemas/event.ts'
import { bareHost, isUrl, urlsIn } from './hosts.ts'
import { type Program, programsOf } from './shell.ts'

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/))

/** Programs in front of the one that acts. */
const WRAPPERS = set(
  'sudo doas env nohup time timeout nice xargs command exec stdbuf setsid ionice watch busybox proxychains torsocks',
)
const FETCHERS = set(
  'curl wget http https xh httpie aria2c axel lynx w3m links elinks fetch openclaw invoke-webrequest invoke-restmethod iwr irm start-bitstransfer',
)
/** Programs whose words are hosts, whatever is before or after the name. */
const REACHERS = set(
  'ssh scp sftp rsync nc ncat netcat socat telnet ftp ping ping6 traceroute tracert mtr dig nslookup host whois nmap mosh openssl resolve-dnsname test-netconnection',
)
const SHELLS = set('sh bash zsh dash ksh ash fish')
const INTERPRETERS = set('python python2 python3 node deno bun ruby perl php pwsh powershell osascript lua')
const CODE_OPTION = /^-{1,2}(?:c|e|r|p|pe|ne|eval|print|command)$/i
const ENCODED_OPTION = /^-{1,2}e(?:nc(?:odedcommand)?|c)?$/i
const TEXT_PROGRAMS = set(
  'echo printf grep egrep fgrep rg ag ack sed awk gawk cat tee head tail less more sort uniq cut tr jq yq wc diff ls test [ export alias declare logger say man history print',
)
/** Subcommands that reach a host, of the programs that have such. */
const SUBCOMMANDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['git', set('clone fetch pull push ls-remote remote submodule archive')],
  ...['npm', 'pnpm', 'yarn', 'bun', 'pip', 'pip3', 'uv', 'gem', 'cargo', 'go', 'brew', 'composer'].map(
    (name): [string, ReadonlySet<string>] => [
      name,
      set('install i add ci get update publish login exec x dlx pip tool'),
    ],
  ),
  ['npx', set('')],
  ['uvx', set('')],
  ...['docker', 'podman'].map((name): [string, ReadonlySet<string>] => [name, set('pull run push login build create')]),
  ['helm', set('install upgrade pull push repo registry')],
  ['gh', set('')],
])
/** Every subcommand of these reaches one. */
const ALWAYS = set('npx uvx')
/** Options whose value is text, a file or a number: never the host. */
const VALUE_OPTION =
  /^(?:-d|--data(?:-[a-z]+)?|--json|-F|--form(?:-string)?|-o|--output(?:-document)?|-O|-A|--user-agent|-e|--referer|-b|--cookie|-c|--cookie-jar|-u|--user|-X|--request|--method|-method|-T|--upload-file|-w|--write-out|-m|--max-time|--retry|-K|--config|--post-data|--post-file|--body-data|-body|-headers|-contenttype|-outfile|--timeout|-U|-P|-i|-l|-p|-S|--message|--title|--text|--body|--note|--description|--comment|--query|--grep|--search|--pattern|--name|--subject)$/
/** `-sd`: the last letter of a group of short options may want a value. */
const GROUPED_OPTION = /^-[a-zA-Z]{1,8}[dFoAbcXTwmKP]$/
const HEADER_OPTION = /^(?:-H|--header)$/
const NETWORK_CODE =
  /\b(?:requests|urllib\d?|httpx|aiohttp|http\.client|socket|fetch|axios|XMLHttpRequest|WebSocket|Net::HTTP|LWP|IO::Socket\w*|open-uri|URI\.open|Invoke-WebRequest|Invoke-RestMethod|iwr|irm|WebClient|TcpClient|HttpClient|curl\w*|wget|urlopen|connect|request|file_get_contents|fsockopen|https?\.get)\b/i
/** Agents whose command line adds servers of tools: `claude mcp add-json x '{"url": "https://a.b"}'`, `code --add-mcp '...'`. */
const AGENTS = set('claude codex gemini cursor code code-insiders windsurf copilot amp goose opencode')
const ADDS_SERVER = /^(?:mcp|--add-mcp|extensions?|plugins?|skills?)$/
/** Where agents list their tool servers: what is written there is contacted. */
const SERVERS_FILE =
  /(?:^|[/\\])(?:\.?mcp(?:[._-](?:config|servers|settings))?\.json|(?:claude_desktop|claude_code|mcp)_config\.json|\.claude\.json)$/i
export const isServersFile = (path: string): boolean => path.length <= PATH_CHARS_MAX && SERVERS_FILE.test(path.trim())
const PATH_CHARS_MAX = 4_096
const DECODER = /^(?:base64|base32|openssl|xxd|gbase64)$/
const DEV_TCP = /^\/dev\/(?:tcp|udp)\/([^/\s]+)\//
const ENCODED = /(?:[A-Za-z0-9+/]{4}){3,2000}[A-Za-z0-9+/]{0,3}={0,2}|(?:[0-9a-fA-F]{2}){8,4000}/g
const DEPTH_MAX = 3
const DECODED_MAX = 16

type Found = (host: string) => void

const nameOf = (word: string): string => (word.split(/[/\\]/).at(-1) ?? '').toLowerCase().replace(/\.exe$/, '')

const isText = (text: string): boolean => text.length >= 4 && /^[\t\n\r -~]*$/.test(text)

/** The base64 and hex parts of a text, decoded, if that gives text. */
function decodings(text: string): string[] {
  const found: string[] = []
  for (const [encoded] of text.matchAll(ENCODED)) {
    if (found.length >= DECODED_MAX) break
    const hex = /^[0-9a-fA-F]+$/.test(encoded) && encoded.length % 2 === 0
    const bytes = Buffer.from(encoded, hex ? 'hex' : 'base64')
    const plain = bytes.toString('latin1')
    // PowerShell writes UTF-16 before it encodes.
    found.push(...[plain, plain.replaceAll('\0', '')].filter(isText).slice(0, 1))
  }
  return found
}

/** Hosts in a word that is used as a host: URLs, `user@host:path`, `TCP:host:port`. */
function hostsOfWord(word: string, found: Found): void {
  const { hosts, rest } = urlsIn(word)
  for (const host of hosts) found(host)
  if (hosts.length > 0) return
  const whole = bareHost(rest, true)
  if (whole !== '') found(whole)
  else for (const part of rest.split(/[@,:/=[\]]/)) found(bareHost(part, true))
}

function fetched(words: readonly string[], found: Found): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    const next = words[at + 1] ?? ''
    if (HEADER_OPTION.test(word)) {
      const host = /^host:\s*(\S+)/i.exec(next)?.[1]
      if (host !== undefined) hostsOfWord(host, found)
      at += 1
    } else if (VALUE_OPTION.test(word) || GROUPED_OPTION.test(word)) at += 1
    else if (!word.startsWith('-')) hostsOfWord(isUrl(word) ? word : (word.split(/[/?#]/, 1)[0] ?? ''), found)
    else if (/^--?(?:url|proxy|resolve|connect-to|host|x)=?/i.test(word))
      hostsOfWord(word.slice(word.indexOf('=') + 1), found)
  }
}

function positional(words: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    if (VALUE_OPTION.test(word)) at += 1
    else kept.push(word)
  }
  return kept
}

function ofSubcommand(name: string, words: readonly string[], found: Found): void {
  const own = SUBCOMMANDS.get(name)
  const reaches = ALWAYS.has(name) || words.some((word, index) => index < 8 && own?.has(word) === true)
  if (!reaches) return
  for (const word of positional(words)) {
    const registry = /^--(?:registry|index-url|extra-index-url|repo|server)=?(.*)$/.exec(word)?.[1]
    if (isUrl(word) || registry) for (const host of urlsIn(registry || word).hosts) found(host)
    else if (name === 'git' && /^[\w.-]+@[^:\s]+:/.test(word)) hostsOfWord(word.split(':', 1)[0] ?? '', found)
    else if (/^(?:docker|podman|go|helm)$/.test(name) && /^[\w.-]+\.[a-z]{2,}(?::\d+)?\//i.test(word)) {
      found(bareHost(word.split('/', 1)[0] ?? '', true))
    }
  }
}

/** Code that calls something that goes somewhere: what it calls it with. What it prints or stores is text. */
function ofCode(code: string, found: Found, depth: number): void {
  const joined = code.replaceAll(/(["'])\s*[+.]\s*(["'])/g, (whole, one: string, other: string) =>
    one === other ? '' : whole,
  )
  if (NETWORK_CODE.test(joined)) {
    for (const match of joined.matchAll(/(^|[(,=>\s[])\s*\\?(["'`])([^"'`\n\\]{4,2048})\\?\2/g)) {
      const text = match[3] as string
      if (isUrl(text)) for (const host of urlsIn(text).hosts) found(host)
      else found(bareHost(text, true))
    }
    for (const text of /b64|base64|atob|fromhex|unhexlify|pack/i.test(joined) ? decodings(joined) : []) {
      hostsOfWord(text.trim(), found)
      if (depth < DEPTH_MAX) ofCode(text, found, depth + 1)
    }
  }
  for (const text of /encod|b64|base64|exec|system|popen|subprocess/i.test(joined) ? quoted(joined) : []) {
    if (depth < DEPTH_MAX) commandContacts(text, found, depth + 1)
  }
}

const quoted = (code: string): string[] =>
  [...code.matchAll(/(["'])((?:curl|wget|ssh|nc|git)\s[^"'\n]{4,2048})\1/g)].map((match) => match[2] as string)

/** Programs that write what they are given, also into files that they name. */
const WRITERS = set('echo printf cat jq tee sed')
function writesServers({ words, redirects }: Program): boolean {
  const name = nameOf(words[0] ?? '')
  if (WRITERS.has(name) && redirects.some(isServersFile)) return true
  const writes = name === 'tee' || (name === 'sed' && words.some((word) => word.startsWith('-i')))
  return writes && words.some(isServersFile)
}

/** URLs in what is written in order to be contacted. */
function written(words: readonly string[], found: Found): void {
  for (const word of words) if (word.includes('://')) for (const host of urlsIn(word).hosts) found(host)
}

function ofProgram(program: Program, found: Found, depth: number): void {
  for (const word of program.redirects) found(DEV_TCP.exec(word)?.[1] ?? '')
  let words = program.words
  while (
    words.length > 1 &&
    (WRAPPERS.has(nameOf(words[0] ?? '')) || /^(?:-\w*|\d+[smh]?|\w+=.*)$/.test(words[0] ?? ''))
  ) {
    words = words.slice(1)
  }
  const name = nameOf(words[0] ?? '')
  const rest = words.slice(1)
  if (TEXT_PROGRAMS.has(name)) return
  if (AGENTS.has(name) && rest.some((word) => ADDS_SERVER.test(word))) written(rest, found)
  if (FETCHERS.has(name)) fetched(rest, found)
  else if (REACHERS.has(name)) {
    for (const word of rest) if (!word.startsWith('-')) hostsOfWord(word, found)
  } else if (SHELLS.has(name) || name === 'eval') {
    const at = name === 'eval' ? -1 : rest.findIndex((word) => /^-\w*c$/.test(word))
    const inner = name === 'eval' ? rest.join(' ') : at < 0 ? undefined : rest[at + 1]
    if (inner !== undefined && depth < DEPTH_MAX) commandContacts(inner, found, depth + 1)
  } else if (INTERPRETERS.has(name)) interpreted(rest, found, depth)
  else if (SUBCOMMANDS.has(name)) ofSubcommand(name, rest, found)
  else for (const word of positional(rest)) if (isUrl(word)) for (const host of urlsIn(word).hosts) found(host)
}

function interpreted(words: readonly string[], found: Found, depth: number): void {
  for (const [at, word] of words.entries()) {
    const next = words[at + 1]
    if (next === undefined || depth >= DEPTH_MAX) continue
    if (ENCODED_OPTION.test(word)) for (const text of decodings(next)) commandContacts(text, found, depth + 1)
    if (!CODE_OPTION.test(word)) continue
    ofCode(next, found, depth)
    commandContacts(next, found, depth + 1)
  }
}

/** The hosts that a command line contacts. */
export function commandContacts(text: string, found: Found, depth = 0): void {
  const { programs, cut } = programsOf(text)
  if (cut) found(UNREAD_PEER)
  for (const program of programs) ofProgram(program, found, depth)
  // A script in another language is not a command line.
  if (/^[ \t]*(?:import|from|const|let|var|require|use|#!)\b/m.test(text)) ofCode(text, found, depth)
  for (const [, piped] of Map.groupBy(programs, ({ pipe }) => pipe)) {
    if (piped.some(writesServers)) for (const { words } of piped) written(words, found)
    if (!piped.some(({ words }) => DECODER.test(nameOf(words[0] ?? '')))) continue
    for (const said of decodings(piped.flatMap(({ words, redirects }) => [...words, ...redirects]).join(' '))) {
      hostsOfWord(said.trim(), found)
      if (depth < DEPTH_MAX) commandContacts(said, found, depth + 1)
    }
  }
}

const NETWORK_START = new RegExp(
  `^\\s*(?:${[...FETCHERS, ...REACHERS, ...SHELLS, ...INTERPRETERS, ...SUBCOMMANDS.keys(), 'sudo'].map((word) => word.replace(/[^\w-]/g, '')).join('|')})\\s`,
)
/** Whether a text without a name begins as a command that may go somewhere. */
export const looksLikeCommand = (text: string): boolean => NETWORK_START.test(text)
