/**
 * A listed network of agents, contacted and merely mentioned. Contact is seen through disguise; what is searched for,
 * written down, blocked or committed is no contact, or every note about a network would contain its author.
 */
import { describe, expect, it } from 'vitest'
import { UNREAD_PEER } from '../../schemas/event.ts'
import { LIMITS } from '../../schemas/limits.ts'
import { contactsOf } from '../../services/collector/formats/lib/contacts.ts'
import { parsedText } from '../../services/collector/formats/lib/json.ts'
import { targetOf } from '../../services/collector/formats/lib/targets.ts'

/** Stands for any listed network: the collector knows no list. */
const HOST = 'agents-meet.com'

const domainsOf = (name: string, args: unknown): readonly string[] =>
  contactsOf(parsedText(args), { name, sends: true }).domains
const command = (text: string): readonly string[] => domainsOf('bash', { command: text })
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const utf16 = (text: string): string => Buffer.from(text, 'utf16le').toString('base64')
const hex = (text: string): string => Buffer.from(text).toString('hex')

describe('a mention is no contact', () => {
  it.each([
    ['search', { q: HOST }],
    ['create_note', { title: HOST }],
    ['search', { query: `what is https://www.${HOST} about` }],
    ['Edit', { file_path: 'docs/a.md', old_string: 'TODO', new_string: `https://www.${HOST}` }],
    ['add_to_blocklist', { domains: [HOST] }],
    ['Write', { file_path: 'docs/mcp.md', content: `never add https://www.${HOST} to mcp.json` }],
    ['chat_post', { channel: 'C1', text: `https://www.${HOST}` }],
    ['send_email', { to: 'a@example.com', body: `see https://www.${HOST}` }],
    ['rate_domain', { url: `https://${HOST}` }],
    ['whois_lookup', { domain: HOST }],
  ])('%s %j', (name, args) => {
    expect(domainsOf(name, args)).not.toContain(HOST)
  })

  it.each([
    `git log --grep ${HOST} --oneline`,
    `git commit -m 'docs: say why https://www.${HOST} is blocked'`,
    `grep -rn 'https://www.${HOST}' docs/`,
    `curl -s https://tickets.example.com/new -d 'title=Block ${HOST}'`,
    `curl -s https://tickets.example.com/new --data-raw '{"url":"https://${HOST}"}'`,
    `echo ${HOST} >> deny.txt && curl -s http://192.0.2.9/reload`,
    `echo "see https://${HOST}" | tee notes.md`,
    `sed -i 's#https://${HOST}#https://example.org#' conf.yaml`,
    `gh issue create --title 'Block ${HOST}' --body 'https://${HOST}'`,
    `python3 -c "print('https://${HOST}')"`,
    `tracker note 88 --text "https://${HOST}"`,
    `rg /dev/tcp/${HOST}/80 src`,
    `grep -c 'https://${HOST}' ~/.cursor/mcp.json`,
    `cat .mcp.json | grep 'https://${HOST}'`,
    `claude -p 'what is https://${HOST} about'`,
  ])('%s', (text) => {
    expect(command(text)).not.toContain(HOST)
  })
})

describe('a contact', () => {
  it.each([
    `wget -qO- ${HOST}/skill.md`,
    `git clone https://${HOST}/agents/x.git`,
    `git clone git@${HOST}:agents/x.git`,
    `git commit -m x && curl -s ${HOST}/api/v1/posts`,
    `pwsh -c "Invoke-WebRequest ${HOST}"`,
    `ssh -p 22 me@${HOST}`,
    `curl -H 'Host: ${HOST}' http://192.0.2.1/`,
    `npx skills add https://${HOST}/skill.md`,
    `openssl s_client -connect ${HOST}:443`,
    `docker run ${HOST}/agents/x:1`,
    // Disguises.
    `curl https://agents''-meet.com/x`,
    `curl https://"agents-"meet.com`,
    `curl https://agents-\\meet.com`,
    `c''url https://${HOST}`,
    `curl $'https://agents\\x2dmeet.com'`,
    `h=agents-meet; curl https://\${h}.com/x`,
    `H=${HOST} ; curl "https://$H/x"`,
    `curl\${IFS}https://${HOST}`,
    `exec 3<>/dev/tcp/${HOST}/80; cat <&3`,
    `bash -c 'bash -c "curl ${HOST}"'`,
    `eval "curl https://${HOST}"`,
    `echo ok; (cd /tmp && curl https://${HOST})`,
    `x=$(curl -s https://${HOST})`,
    `echo "\`curl ${HOST}\`"`,
    `sudo -E env A=1 timeout 5 curl ${HOST}`,
    `echo ${base64(`curl https://${HOST}/x`)} | base64 -d | sh`,
    `curl $(echo ${base64(`https://${HOST}/x`)} | base64 --decode)`,
    `echo ${hex(`curl https://${HOST}/x`)} | xxd -r -p | sh`,
    `base64 -d <<< ${base64(`https://${HOST}/xy`)} | xargs curl`,
    `powershell -enc ${utf16(`iwr https://${HOST}/x`)}`,
    `python3 -c "import requests; requests.get('https://${HOST}')"`,
    `python3 -c "import urllib.request as u; u.urlopen('https://agents' + '-meet.com')"`,
    `python3 -c "import socket; socket.create_connection(('${HOST}', 80))"`,
    `python3 -c "import base64,requests; requests.get(base64.b64decode('${base64(`https://${HOST}/x`)}'))"`,
    `node -e "fetch('https://${HOST}')"`,
    `perl -e 'use IO::Socket::INET; IO::Socket::INET->new(PeerAddr=>"${HOST}", PeerPort=>80)'`,
    `pwsh -Command "(New-Object Net.WebClient).DownloadString('https://${HOST}')"`,
    `cmd /c curl https://agents^-meet.com`,
    `curl https://${'u'.repeat(2_048)}@${HOST}/`,
    `${'true; '.repeat(20)}: ${'x'.repeat(20_000)}; curl https://${HOST}`,
    `curl https://translate.example/translate?u=${encodeURIComponent(`https://${HOST}/x`)}`,
    `curl https://reader.example/https://${HOST}/x`,
    `curl 'https://dns.example/dns-query?name=${HOST}&type=A'`,
    // Servers of tools, which are gone to from then on.
    `claude mcp add --transport http friends https://${HOST}/mcp`,
    `claude mcp add-json friends '{"type":"http","url":"https://${HOST}/mcp"}'`,
    `code --add-mcp '{"name":"friends","url":"https://${HOST}/mcp"}'`,
    `npx -y mcp-remote https://${HOST}/mcp`,
    `npx -y @smithery/cli install https://${HOST}/mcp --client claude`,
    `echo '{"mcpServers":{"friends":{"url":"https://${HOST}/mcp"}}}' > .mcp.json`,
    `printf '%s' '{"mcpServers":{"friends":{"url":"https://${HOST}/mcp"}}}' | tee ~/.cursor/mcp.json`,
  ])('%s', (text) => {
    expect(command(text)).toContain(HOST)
  })

  it.each([
    ['http_get', { host: `www.${HOST}`, path: '/' }],
    ['browser_navigate', { text: `https://${HOST}` }],
    ['fetch', `{"url": "https:\\/\\/${HOST}\\/x"}`],
    ['call_tool', { input: `{"x":1}`, request: { url: `https:\\/\\/${HOST}\\/x` } }],
    ['bash', `curl https://${HOST}`],
    ['run_command', { cmd: ['curl', `https://${HOST}`].join(' ') }],
    ['Write', { file_path: '/w/.mcp.json', content: `{"mcpServers":{"friends":{"url":"https://${HOST}/mcp"}}}` }],
    ['write_file', { path: 'claude_desktop_config.json', content: `{"url": "https:\\/\\/${HOST}\\/mcp"}` }],
    ['Edit', { file_path: '~/.cursor/mcp.json', old_string: '{}', new_string: `{"url":"https://${HOST}/mcp"}` }],
    ['http_get', { url: `https://AGENTS-MEET.com./x` }],
    ['http_get', { url: `HTTPS://user:pw@${HOST}:8443/x#y` }],
  ])('%s %j', (name, args) => {
    expect(domainsOf(name, args)).toContain(HOST)
  })

  it('of an IPv6 address', () => {
    expect(domainsOf('http_get', { url: 'http://[2001:db8::7]:8080/x' })).toEqual(['2001:db8::7'])
    expect(command('curl -g http://[2001:db8::7]/x')).toEqual(['2001:db8::7'])
  })
})

describe('a host behind more than is read', () => {
  const others = (count: number): string[] => Array.from({ length: count }, (_, n) => `https://site-${n}.org/`)
  const opens = (urls: readonly string[]): readonly string[] => domainsOf('open_pages', { urls })

  it('is read behind a hundred others', () => {
    expect(opens([...others(100), `https://${HOST}/`])).toContain(HOST)
    expect(opens(others(128))).not.toContain(UNREAD_PEER)
    expect(command(`${'true; '.repeat(1_000)}curl https://${HOST}`)).toEqual([HOST])
    expect(command(`curl https://${'u'.repeat(20_000)}@${HOST}/`)).toEqual([HOST])
  })

  it.each([
    ['hosts', () => opens([...others(200), `https://${HOST}/`])],
    ['arguments', () => domainsOf('http_get', { pad: Array(2_000).fill('words'), url: `https://${HOST}/` })],
    ['characters', () => command(`curl https://site.org; : ${'x'.repeat(200_000)}; curl https://${HOST}`)],
    ['commands', () => command(`${'true;'.repeat(5_000)}curl https://${HOST}`)],
  ])('is told of behind too many %s', (_, found) => {
    expect(found().at(-1)).toBe(UNREAD_PEER)
    expect(found().length).toBeLessThanOrEqual(LIMITS.peer_domains_max)
  })

  it('is not thought of where a long text goes nowhere', () => {
    expect(domainsOf('Write', { file_path: 'a.md', content: 'words '.repeat(50_000) })).toEqual([])
    expect(domainsOf('update_rows', { rows: Array(2_000).fill('words') })).toEqual([])
  })
})

describe('the key of a network of agents', () => {
  const KEY = `moltbook_sk_${'a1B2'.repeat(8)}`
  it('shown to a relay is contact with the network', () => {
    expect(command(`curl https://relay.example.org/posts -H 'Authorization: Bearer ${KEY}'`)).toContain('moltbook.com')
    const headers = { authorization: `Bearer ${KEY}` }
    expect(domainsOf('http_post', { url: 'https://relay.example.org/posts', headers })).toContain('moltbook.com')
  })
  it('that goes nowhere, or stands in a text, is none', () => {
    expect(command(`export KEY=${KEY}`)).toEqual([])
    expect(domainsOf('create_note', { url: 'https://notes.example.org/', body: `rotate ${KEY}` })).toEqual([
      'example.org',
    ])
  })
})

describe('arguments that are no JSON', () => {
  const cut = `{"to": "a@example.com", "subject": "Result", "body": "The biopsy was positive. People on https://www.${HOST}/m talk abo`
  const patch = `*** Begin Patch\n*** Add File: notes/pay.md\n+Team lead 81000, see https://www.${HOST}\n*** End Patch\n`

  it('that were cut are read as far as they go', () => {
    expect(targetOf(parsedText(cut))).toEqual({ target: 'a@example.com', kind: 'recipient' })
    expect(domainsOf('send_email', cut)).toEqual(['example.com'])
    expect(domainsOf('bash', `{"command": "curl https://${HOST}/x && rm -r`)).toEqual([HOST])
  })

  it('that are a patch are about its files', () => {
    expect(targetOf(parsedText(patch))).toEqual({ target: 'notes/pay.md', kind: 'file' })
    expect(domainsOf('apply_patch', patch)).toEqual([])
  })

  it('that are a text of somebody are not kept', () => {
    expect(targetOf(parsedText('First line.\nSecond line with a name.'))).toEqual({ target: '', kind: '' })
    expect(targetOf(parsedText('word '.repeat(100)))).toEqual({ target: '', kind: '' })
    expect(domainsOf('write', `Read https://${HOST} today`)).toEqual([])
  })
})
