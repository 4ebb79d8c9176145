/**
 * rsyslog and syslog-ng, which follow a file and forward its lines over TCP and TLS, and syslog-ng over HTTP. Syslog acknowledges
 * nothing: what stood in the connection when the service was killed is lost, and nobody hears of it. Both programs count what they
 * have sent, which is compared with what is stored.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { hasGnuTls, NO_GNUTLS, programPath, syslogNgArgs, whyMissing } from '../../support/clients.ts'
import { untilEnough } from '../../support/patience.ts'
import { batchesOf, batchSize, lineOf } from '../records.ts'
import type { Client, Door, Presence } from '../wiring.ts'

const run = promisify(execFile)

type Way = 'tcp' | 'tls' | 'http'

/** How many lines a program says it has done with, sent or not; has sent; and has given up. */
interface Counts {
  readonly done: number
  readonly sent: number
  readonly dropped: number
}

interface Shipper {
  readonly name: string
  presence(way: Way): Promise<Presence>
  /** Follows the file `in.log` of the directory from its beginning. */
  start(door: Door, way: Way, directory: string): Promise<ChildProcess>
  counts(directory: string, way: Way): Promise<Counts>
}

async function versionOf(program: string, option: string, pattern: RegExp): Promise<Presence> {
  const path = programPath(program)
  if (path === undefined) return { ok: false, reason: whyMissing(program) }
  const { stdout, stderr } = await run(path, [option])
  return { ok: true, version: pattern.exec(stdout + stderr)?.[1] ?? '' }
}

const rsyslog: Shipper = {
  name: 'rsyslog',
  async presence(way) {
    if (way === 'tls' && !hasGnuTls()) return { ok: false, reason: NO_GNUTLS }
    return versionOf('rsyslogd', '-v', /rsyslogd +([0-9.]+)/)
  },
  async start({ syslog }, way, directory) {
    const config = join(directory, 'rsyslog.conf')
    const tls = way === 'tls'
    const driver = 'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"'
    await writeFile(
      config,
      `global(workDirectory="${directory}" maxMessageSize="64k"${tls ? ` DefaultNetstreamDriverCAFile="${syslog.authority}"` : ''})
module(load="imfile" PollingInterval="1")
module(load="impstats" interval="1" format="json" resetCounters="off" log.syslog="off" log.file="${join(directory, 'stats')}")
input(type="imfile" File="${join(directory, 'in.log')}" Tag="agent" ruleset="ship")
ruleset(name="ship") { action(type="omfwd" name="ship" target="127.0.0.1" port="${tls ? syslog.tls : syslog.tcp}" protocol="tcp"
  TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format" ${tls ? driver : ''}
  action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="LinkedList" queue.size="200000") }
`,
    )
    const args = ['-n', '-f', config, '-i', join(directory, 'pid')]
    return spawn(programPath('rsyslogd') ?? '', args, { stdio: 'ignore' })
  },
  async counts(directory) {
    const stats = await readFile(join(directory, 'stats'), 'utf8').catch(() => '')
    const newest = new Map(
      stats.split('\n').flatMap((line) => {
        const json = line.indexOf('{')
        // The last line may not be written to its end.
        if (json < 0 || !line.endsWith('}')) return []
        const one = JSON.parse(line.slice(json)) as { name: string; processed?: number; failed?: number; size?: number }
        return [[one.name, one] as const]
      }),
    )
    const [action, queue] = [newest.get('ship'), newest.get('ship queue')]
    const [done, dropped] = [(action?.processed ?? 0) - (queue?.size ?? 1), action?.failed ?? 0]
    return { done, sent: done - dropped, dropped }
  },
}

/** Asks syslog-ng over its control socket, as syslog-ng-ctl does: lines of `name;id;instance;state;type;number`. */
async function askSyslogNg(directory: string): Promise<string> {
  const socket = connect(join(directory, 'control'))
  const said = text(socket)
  socket.write('STATS\n')
  // It ends its answer with a point on a line of its own, and waits for the next question.
  socket.on('data', (chunk: Buffer) => {
    if (chunk.toString().endsWith('.\n')) socket.end()
  })
  return said
}

const syslogNg: Shipper = {
  name: 'syslog-ng',
  presence: () => versionOf('syslog-ng', '--version', /syslog-ng \d+ \(([0-9.]+)\)/),
  async start({ syslog, url, token }, way, directory) {
    const config = join(directory, 'syslog-ng.conf')
    const [port, transport] =
      way === 'tls'
        ? [syslog.tls, `transport("tls") tls(ca-file("${syslog.authority}"))`]
        : [syslog.tcp, 'transport("tcp")']
    const destination =
      way === 'http'
        ? `http(url("${url}/v1/events") method("POST") headers("Authorization: Bearer ${token}", "Content-Type: application/x-ndjson")
    body("$MSG") delimiter("\\n") batch-lines(100) batch-timeout(200) retries(1000) log-fifo-size(200000))`
        : `syslog("127.0.0.1" port(${port}) ${transport} log-fifo-size(200000))`
    await writeFile(
      config,
      `@version: 3.38
options { time-reopen(1); stats-freq(0); };
source lines { file("${join(directory, 'in.log')}" follow-freq(1) flags(no-parse)); };
destination service { ${destination}; };
log { source(lines); destination(service); flags(flow-control); };
`,
    )
    return spawn(programPath('syslog-ng') ?? '', syslogNgArgs(config, directory), { stdio: 'ignore' })
  },
  async counts(directory, way) {
    const lines = (await askSyslogNg(directory)).split('\n').map((line) => line.split(';'))
    const of = (object: RegExp, type: string): number =>
      lines.reduce((sum, [name = '', , , , kind, number]) => {
        return object.test(name) && kind === type ? sum + Number(number) : sum
      }, 0)
    const [dropped, written] = [of(/^dst\./, 'dropped'), of(/^dst\./, 'written')]
    if (way === 'http') return { done: written + dropped, sent: written, dropped }
    // A line that stood in a connection when it broke is read, no longer queued, and never counted as written.
    return { done: of(/^source$/, 'processed') - of(/^dst\./, 'queued'), sent: written, dropped }
  },
}

const clientOf = (shipper: Shipper, way: Way): Client => ({
  name: `${shipper.name}, ${way.toUpperCase()}`,
  input: way === 'http' ? 'NDJSON' : `syslog, ${way.toUpperCase()}`,
  sends: 'lines',
  acknowledges: way === 'http',
  presence: () => shipper.presence(way),
  async deliver(door, records, handed) {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-shipper-'))
    const input = join(directory, 'in.log')
    await writeFile(input, '')
    const child = await shipper.start(door, way, directory)
    const gone = once(child, 'exit')
    let sent = 0
    for (const batch of batchesOf(records, batchSize(records))) {
      await appendFile(input, batch.map((record) => `${lineOf(record)}\n`).join(''))
      sent += batch.length
      await wait(200)
      await handed(sent)
    }
    // Its control socket comes with it.
    const counts = () => shipper.counts(directory, way).catch(() => ({ done: 0, sent: 0, dropped: 0 }))
    const done = await untilEnough(async () => (await counts()).done, records.length)
    if (done < records.length) throw new Error(`${shipper.name} holds lines back: ${JSON.stringify(await counts())}`)
    const { dropped, sent: sentByIt } = await counts()
    return {
      dropped,
      says: `${shipper.name} counts ${sentByIt} sent`,
      mark: (line) => appendFile(input, `${line}\n`),
      async stop() {
        child.kill('SIGKILL')
        await gone
        await rm(directory, { recursive: true, force: true })
      },
    }
  },
})

export const rsyslogTls = clientOf(rsyslog, 'tls')
export const syslogNgTcp = clientOf(syslogNg, 'tcp')
export const syslogNgTls = clientOf(syslogNg, 'tls')
export const syslogNgHttp = clientOf(syslogNg, 'http')
