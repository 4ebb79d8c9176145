/** rsyslog and syslog-ng take the syslog sink over TCP and TLS, and write each message as one line. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificate } from '../../support/certificate.ts'
import { hasGnuTls, NO_GNUTLS, syslogNgArgs } from '../../support/clients.ts'
import { freePort } from '../../support/service.ts'
import type { Presence } from '../wiring.ts'
import { type Receiver, startDaemon, versionOf } from './receiver.ts'

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

/** Where a receiver of syslog writes, and what it needs for TLS: the certificate that the sink is told to trust, and its key. */
interface SyslogPlace {
  readonly directory: string
  readonly port: number
  readonly out: string
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
}

/** A daemon that writes each message as one line. */
interface SyslogDaemon {
  readonly program: string
  /** Its configuration, and what it is started with. */
  configOf(place: SyslogPlace): string
  args(config: string, directory: string): readonly string[]
  presence(protocol: 'tcp' | 'tls'): Promise<Presence>
}

const rsyslog: SyslogDaemon = {
  program: 'rsyslogd',
  async presence(protocol) {
    if (protocol === 'tls' && !hasGnuTls()) return { ok: false, reason: NO_GNUTLS }
    return versionOf('rsyslogd', /rsyslogd +([0-9.]+)/)
  },
  configOf({ directory, port, out, tls }) {
    const files =
      tls === undefined
        ? ''
        : `DefaultNetstreamDriverCAFile="${tls.certFile}" DefaultNetstreamDriverCertFile="${tls.certFile}" DefaultNetstreamDriverKeyFile="${tls.keyFile}"`
    const driver =
      tls === undefined ? '' : 'StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"'
    return `global(workDirectory="${directory}" maxMessageSize="64k" ${files})
module(load="imtcp" ${driver})
input(type="imtcp" port="${port}" address="127.0.0.1")
action(type="omfile" file="${out}")
`
  },
  args: (config, directory) => ['-n', '-f', config, '-i', join(directory, 'pid')],
}

const syslogNg: SyslogDaemon = {
  program: 'syslog-ng',
  presence: () => versionOf('syslog-ng', /syslog-ng \d+ \(([0-9.]+)\)/),
  configOf({ port, out, tls }) {
    const transport =
      tls === undefined
        ? 'transport("tcp")'
        : `transport("tls") tls(cert-file("${tls.certFile}") key-file("${tls.keyFile}") peer-verify(optional-untrusted))`
    return `@version: 3.38
options { stats-freq(0); log-msg-size(65536); };
source moltwatch { syslog(ip("127.0.0.1") port(${port}) ${transport}); };
destination out { file("${out}" template("$MSGID $MSG\n")); };
log { source(moltwatch); destination(out); };
`
  },
  args: (config, directory) => syslogNgArgs(config, directory),
}

const syslogTo = (daemon: SyslogDaemon, protocol: 'tcp' | 'tls'): Receiver => ({
  type: 'syslog',
  name: `${daemon.program}, ${protocol.toUpperCase()}`,
  acknowledges: false,
  // TLS shakes hands before anything is sent; TCP is open as soon as the kernel has taken the connection.
  unread: protocol === 'tcp' ? 1 : 0,
  presence: () => daemon.presence(protocol),
  async start() {
    const directory = await mkdtemp(join(tmpdir(), 'moltwatch-syslog-'))
    const port = await freePort()
    const [out, config, keyFile] = [join(directory, 'out'), join(directory, 'daemon.conf'), join(directory, 'key.pem')]
    const { key, file: certFile } = certificate(directory)
    await writeFile(keyFile, key)
    const tls = protocol === 'tls' ? { tls: { certFile, keyFile } } : {}
    await writeFile(config, daemon.configOf({ directory, port, out, ...tls }))
    const { proxy, stop } = await startDaemon(daemon.program, daemon.args(config, directory), port, directory)
    return {
      settings: {
        host: '127.0.0.1',
        port: proxy.port,
        protocol,
        allow_private: true,
        ...(protocol === 'tls' ? { ca_file: certFile } : {}),
      },
      mood: proxy.mood,
      taken: () => linesOf(out),
      stop,
    }
  },
})

export const SYSLOG_RECEIVERS: readonly Receiver[] = [rsyslog, syslogNg].flatMap((daemon) => [
  syslogTo(daemon, 'tcp'),
  syslogTo(daemon, 'tls'),
])
