/**
 * Real receivers of sinks: each hears a finding, its page, its second revision, its triage and its closing from a real responder,
 * through a proxy that refuses, stalls and comes back.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as kafka from '../conformance/sinks/kafka.ts'
import { type Mood, type ReceiverModule, setMood } from '../conformance/sinks/receiver.ts'
import * as smtp from '../conformance/sinks/smtp.ts'
import { KAFKA_VERSION } from '../../infra/local/kafka-jars.ts'
import { certificate } from '../support/certificate.ts'
import { hasGnuTls, NO_GNUTLS, programPath, whyMissing } from '../support/clients.ts'
import { freePort } from '../support/service.ts'
import { completeSink, lifeOf, liveThrough } from '../support/sink-life.ts'
import { startProxy } from './proxy.ts'
import type { Presence, Row } from './wiring.ts'

const run = promisify(execFile)

interface Started {
  readonly settings: Readonly<Record<string, unknown>>
  mood(mood: Mood): Promise<void>
  /** What it has taken, one text for each message. */
  taken(): Promise<readonly string[]>
  stop(): Promise<void>
}

interface Receiver {
  readonly type: string
  readonly name: string
  /** False: it answers nothing, and what it loses nobody hears of. */
  readonly acknowledges: boolean
  presence(): Promise<Presence>
  start(): Promise<Started>
}

async function versionOf(program: string, pattern: RegExp): Promise<Presence> {
  const path = programPath(program)
  if (path === undefined) return { ok: false, reason: whyMissing(program) }
  const { stdout, stderr } = await run(path, [program === 'rsyslogd' ? '-v' : '--version'])
  return { ok: true, version: pattern.exec(stdout + stderr)?.[1] ?? '' }
}

/** A program that listens on `port`, with a directory that goes when it ends. */
async function startDaemon(program: string, args: readonly string[], port: number, directory: string) {
  const child = spawn(programPath(program) ?? '', args, { stdio: 'ignore' })
  const gone = once(child, 'exit')
  const proxy = await startProxy(port)
  return {
    proxy,
    async stop() {
      await proxy.close()
      child.kill('SIGTERM')
      await gone
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

/** What makes rsyslog ask for TLS, with the certificate that the sink is told to trust. */
async function tlsOf(directory: string) {
  const { key, file } = certificate()
  const keyFile = join(directory, 'key.pem')
  await writeFile(keyFile, key)
  return {
    file,
    driver: `DefaultNetstreamDriverCAFile="${file}" DefaultNetstreamDriverCertFile="${file}" DefaultNetstreamDriverKeyFile="${keyFile}"`,
    module: 'StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"',
  }
}

const rsyslogOver = (protocol: 'tcp' | 'tls'): Receiver => ({
  type: 'syslog',
  name: `rsyslog, ${protocol === 'tls' ? 'TLS' : 'TCP'}`,
  acknowledges: false,
  async presence() {
    if (protocol === 'tls' && !hasGnuTls()) return { ok: false, reason: NO_GNUTLS }
    return versionOf('rsyslogd', /rsyslogd +([0-9.]+)/)
  },
  async start() {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-rsyslog-'))
    const port = await freePort()
    const [out, config] = [join(directory, 'out'), join(directory, 'rsyslog.conf')]
    const tls = protocol === 'tls' ? await tlsOf(directory) : undefined
    await writeFile(
      config,
      `global(workDirectory="${directory}" maxMessageSize="64k" ${tls?.driver ?? ''})
module(load="imtcp" ${tls?.module ?? ''})
input(type="imtcp" port="${port}" address="127.0.0.1")
action(type="omfile" file="${out}")
`,
    )
    const daemon = await startDaemon('rsyslogd', ['-n', '-f', config, '-i', join(directory, 'pid')], port, directory)
    return {
      settings: {
        host: '127.0.0.1',
        port: daemon.proxy.port,
        protocol,
        allow_private: true,
        ...(tls === undefined ? {} : { ca_file: tls.file }),
      },
      mood: daemon.proxy.mood,
      taken: () => linesOf(out),
      stop: daemon.stop,
    }
  },
})

const alertmanager: Receiver = {
  type: 'alertmanager',
  name: 'Prometheus Alertmanager',
  acknowledges: true,
  presence: () => versionOf('prometheus-alertmanager', /version ([0-9.]+)/),
  async start() {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-alertmanager-'))
    const port = await freePort()
    const config = join(directory, 'config.yaml')
    await writeFile(config, 'route: { receiver: none }\nreceivers: [{ name: none }]\n')
    const args = ['--cluster.listen-address=', `--config.file=${config}`, `--storage.path=${directory}`]
    const listen = `--web.listen-address=127.0.0.1:${port}`
    const daemon = await startDaemon('prometheus-alertmanager', [...args, listen], port, directory)
    return {
      settings: { url: `http://127.0.0.1:${daemon.proxy.port}`, allow_private: true },
      mood: daemon.proxy.mood,
      async taken() {
        const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text())
        const counts = [...text.matchAll(/^alertmanager_alerts_received_total\{.*version="v2"\} (\d+)$/gm)]
        const count = counts.reduce((sum, [, number]) => sum + Number(number), 0)
        return Array.from({ length: count }, (_, i) => String(i))
      },
      stop: daemon.stop,
    }
  },
}

/** One that the conformance suite starts, too. */
const ofSuite = (type: string, name: string, version: string, module: ReceiverModule): Receiver => ({
  type,
  name,
  acknowledges: true,
  async presence() {
    const reason = await module.whyAway?.()
    return reason === undefined ? { ok: true, version } : { ok: false, reason }
  },
  async start() {
    const at = await module.startReceiver()
    return {
      settings: at.settings,
      mood: (mood) => setMood(at, mood),
      taken: async () => [...at.taken.map(({ text }) => text), ...at.problems.map((problem) => `wrong: ${problem}`)],
      stop: at.close,
    }
  },
})

export const RECEIVERS: readonly Receiver[] = [
  rsyslogOver('tcp'),
  rsyslogOver('tls'),
  alertmanager,
  ofSuite('smtp', 'smtp-server', '3.21.6', smtp),
  ofSuite('kafka', 'Apache Kafka', KAFKA_VERSION, kafka),
]

/** Lets a receiver hear a matter; where it is not there, `left` says why. */
export async function receive(receiver: Receiver): Promise<Row | { readonly left: string }> {
  const { type, name, acknowledges, presence, start } = receiver
  const there = await presence()
  if (!there.ok) return { left: there.reason }
  const at = await start()
  try {
    const { failures } = await liveThrough(completeSink(type, at.settings), at.mood)
    const told = lifeOf(type).length
    for (let looks = 0; looks < 100 && (await at.taken()).length < told; looks++) await wait(100)
    const taken = await at.taken()
    const distinct = new Set(taken).size
    return {
      what: `sink ${type}`,
      client: name,
      version: there.version,
      records: told,
      stored: distinct,
      lost: Math.max(0, told - distinct) + taken.filter((text) => text.startsWith('wrong: ')).length,
      dropped: 0,
      merged: taken.length - distinct,
      acknowledged: acknowledges,
      note: `refused and stalled, ${failures} attempts in vain${acknowledges ? '' : '; acknowledges nothing'}`,
    }
  } finally {
    await at.stop()
  }
}
