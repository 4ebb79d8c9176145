/**
 * A real rsyslogd takes what the syslog sink sends over TCP and UDP: one record for each notice, whatever the notice holds.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { Notice } from '../../schemas/notice.ts'
import { systemResolve } from '../../services/responder/sinks/lib/connector.ts'
import { openSink } from '../../services/responder/sinks/open.ts'
import { programPath, whyMissing } from '../support/clients.ts'
import { eventually, finding, sinkOf } from '../support/responder.ts'
import { freePort } from '../support/service.ts'

const RSYSLOGD = programPath('rsyslogd')

let directory = ''
let daemon: ChildProcess | undefined
afterEach(async () => {
  if (daemon !== undefined) {
    const gone = once(daemon, 'exit')
    daemon.kill('SIGTERM')
    await gone
  }
  daemon = undefined
  await rm(directory, { recursive: true, force: true })
})

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** rsyslogd on loopback, writing what it makes of each message as one line of JSON. */
async function startRsyslog(port: number): Promise<string> {
  directory = await mkdtemp(join(tmpdir(), 'moltwatch-rsyslog-'))
  const out = join(directory, 'out.ndjson')
  const config = join(directory, 'rsyslog.conf')
  const fields = ['hostname', 'app-name', 'msgid', 'msg', 'pri']
    .map((name) => `property(outname="${name}" name="${name}" format="jsonf")`)
    .join('constant(value=",")')
  await writeFile(
    config,
    `global(workDirectory="${directory}" maxMessageSize="64k")
module(load="imtcp") module(load="imudp")
input(type="imtcp" port="${port}" address="127.0.0.1")
input(type="imudp" port="${port}" address="127.0.0.1")
template(name="json" type="list") { constant(value="{") ${fields} constant(value="}\\n") }
action(type="omfile" file="${out}" template="json")
`,
  )
  daemon = spawn(RSYSLOGD ?? '', ['-n', '-f', config, '-i', join(directory, 'pid')], { stdio: 'ignore' })
  await eventually('rsyslogd', () => isOpen(port))
  return out
}

const notice = (n: number, change: object): Notice => ({
  type: 'finding.created',
  time: '2026-01-05T12:00:00.000Z',
  data: { ...finding({ title: `number ${n}`, ...change }) },
})

it('rsyslogd takes each notice as one record, over TCP and over UDP', async (context) => {
  if (RSYSLOGD === undefined) context.skip(whyMissing('rsyslogd'))
  const port = await freePort()
  const out = await startRsyslog(port)
  const hostile = ['plain', 'a\nb\r\n<13>1 - evil - - - x', 'a|b\\c=d', '\u2028\u202e\u0000\u001b[31m', '=cmd|calc']
  for (const [i, protocol] of (['tcp', 'udp'] as const).entries()) {
    const { url: _url, secret: _secret, ...common } = sinkOf('', { type: 'syslog' })
    const settings = { host: '127.0.0.1', port, protocol, facility: 16, hostname: 'moltwatch' }
    const channel = openSink({ ...common, ...settings }, { resolve: systemResolve, timeoutMs: 5_000 })
    for (const [n, why] of hostile.entries()) {
      const number = i * hostile.length + n
      const sent = await channel.send(notice(number, { why, agent: why }), { id: String(number), nowMs: 0 })
      expect(sent).toEqual({ kind: 'delivered', detail: `sent over ${protocol}; syslog acknowledges nothing` })
    }
    const lines = async () => (await readFile(out, 'utf8').catch(() => '')).trim().split('\n')
    await eventually('all of them', async () => (await lines()).length === (i + 1) * hostile.length)
    await channel.close()
  }
  const records = (await readFile(out, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  for (const [n, record] of records.entries()) {
    expect(record).toMatchObject({ hostname: 'moltwatch', 'app-name': 'moltwatch', msgid: 'finding.created' })
    expect(record['pri']).toBe(String(16 * 8 + 3))
    expect(record['msg']).toContain(`number ${n}`)
    expect(record['msg']).toMatch(/^\s?CEF:0\|moltwatch\|moltwatch\|1\|finding\.created\|/)
  }
})
