/**
 * Syslog over TCP, TLS and UDP, as rsyslog, syslog-ng, `logger` and network devices send it. The configuration (this
 * port, these addresses) or the client's certificate identifies the sender. TCP is slowed down while the log is slow, and
 * loses only what a sender does not resend. UDP drops what does not fit. Syslog has no acknowledgement: if the process is
 * killed, what was read from a socket and is not yet in the log is lost, at most one queue.
 */
import type { Formats } from '../../formats/formats.ts'
import type { Envelope } from '../../formats/read-envelopes.ts'
import { lineEnvelope } from '../../inputs/lib/lines.ts'
import type { OpenedInput, OpenParams } from '../opened.ts'
import { readMessage } from './message.ts'
import { SyslogSettings, syslogProblems } from './settings.ts'
import { openStream } from './stream.ts'
import { openDatagrams } from './datagrams.ts'

function unpack(body: Buffer, { format = 'auto', plain = 'drop' }: OpenParams, formats: Formats) {
  const envelopes: Envelope[] = []
  let dropped = 0
  for (const message of body.toString('utf8').split('\0')) {
    if (message === '') continue
    const { fields, time, text } = readMessage(message.replace(/[\r\n]+$/, ''))
    if (text === '') continue
    const around = { name: 'syslog', fields, ...(time === undefined ? {} : { time }) }
    const { plain: isPlain, ...envelope } = lineEnvelope(text, around, formats)
    if (isPlain === true && plain === 'drop' && format === 'auto') dropped += 1
    else envelopes.push('problem' in envelope || format === 'auto' ? envelope : { ...envelope, format })
  }
  return { ok: true as const, envelopes, dropped }
}

export const syslogInput: OpenedInput<SyslogSettings> = {
  type: 'syslog',
  settings: SyslogSettings,
  problems: (settings: SyslogSettings) => [...syslogProblems(settings)],
  tokens: ({ clients = [] }: SyslogSettings) => clients.map(({ token }) => token),
  unpack,
  open: (settings, tools) =>
    settings.protocol === 'udp' ? openDatagrams(settings, tools) : openStream(settings, tools),
}
