/**
 * Real clients of the syslog input: rsyslogd, which forwards what it takes over TCP, counted and by lines; and
 * `logger` of util-linux, over TCP and UDP.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { programPath, whyMissing } from '../support/clients.ts'
import { type OpenRoom, openRoom } from '../support/opened.ts'
import { eventually } from '../support/responder.ts'
import { freePort } from '../support/service.ts'

const RSYSLOGD = programPath('rsyslogd')
const LOGGER = programPath('logger')
const RECORDS = 200
const run = promisify(execFile)

const record = (n: number): string =>
  JSON.stringify({ id: `r${n}`, identity: 'courier', action: 'read_file', time: '2026-03-01T12:00:00Z' })

let room: OpenRoom
let folder: string
let daemon: ChildProcess | undefined
beforeEach(async () => {
  room = await openRoom()
  folder = await mkdtemp(join(tmpdir(), 'moltwatch-syslog-'))
})
afterEach(async () => {
  if (daemon !== undefined) {
    const gone = once(daemon, 'exit')
    daemon.kill('SIGKILL')
    await gone
  }
  daemon = undefined
  await room.close()
  await rm(folder, { recursive: true, force: true })
})

const distinct = async (): Promise<number> => new Set((await room.events()).map(({ event_id }) => event_id)).size

/** rsyslogd that reads the lines of a file and forwards them. */
async function startRsyslog(action: string): Promise<void> {
  const config = join(folder, 'rsyslog.conf')
  await writeFile(
    config,
    `global(workDirectory="${folder}" maxMessageSize="64k")
module(load="imfile" PollingInterval="1")
input(type="imfile" File="${join(folder, 'in.log')}" Tag="agent")
action(type="omfwd" target="127.0.0.1" ${action} action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="LinkedList")
`,
  )
  daemon = spawn(RSYSLOGD ?? '', ['-n', '-f', config, '-i', join(folder, 'pid')], { stdio: 'ignore' })
}

// Where it is missing: npm run install:test-tools installs it.
it.skipIf(RSYSLOGD === undefined).each([
  ['counted', 'protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"'],
  ['by lines', 'protocol="tcp" TCP_Framing="traditional" template="RSYSLOG_ForwardFormat"'],
  ['in its traditional form', 'protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"'],
])('rsyslogd delivers every record over TCP, %s', async (_how, action) => {
  const port = await freePort()
  await room.open([{ name: 'edge', type: 'syslog', token: 'edge', port }])
  await writeFile(join(folder, 'in.log'), Array.from({ length: RECORDS }, (_, n) => `${record(n)}\n`).join(''))
  await startRsyslog(`port="${port}" ${action}`)
  await eventually('all records', async () => (await distinct()) === RECORDS)
  expect(await room.letters()).toEqual([])
})

it('logger delivers JSON and pairs over TCP and UDP', async (context) => {
  if (LOGGER === undefined) context.skip(whyMissing('logger'))
  const port = await freePort()
  await room.open([
    { name: 'tcp', type: 'syslog', token: 'edge', port },
    { name: 'udp', type: 'syslog', protocol: 'udp', token: 'edge', port },
  ])
  const log = (...args: string[]) => run(LOGGER ?? '', ['--server', '127.0.0.1', '--port', String(port), ...args])
  await log('--tcp', '--octet-count', record(1))
  await log('--tcp', '--rfc3164', record(2))
  await log('--udp', '--rfc5424', record(3))
  await log('--udp', '--tag', 'agent', 'id=r4 identity=courier action=write_file target="a b"')
  await eventually('four records', async () => (await distinct()) === 4)
  expect((await room.events()).find(({ source_id }) => source_id === 'r4')).toMatchObject({
    target: 'a b',
    time_flag: 'ok',
  })
})
