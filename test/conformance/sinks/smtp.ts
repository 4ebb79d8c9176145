/** A real SMTP server, with STARTTLS and a user, that takes mails with one recipient and the headers of automatic mail. */
import { SMTPServer } from 'smtp-server'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { certificate } from '../../support/certificate.ts'
import { demand, type SinkReceiver, type StartReceiver, type Taken } from './receiver.ts'

const LINE_CHARS_MAX = 998

/** Header fields, unfolded; throws where one stands twice that may stand once. */
function headersOf(head: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name, value] = /^([!-9;-~]+): ?(.*)$/.exec(line) ?? []
    demand(name !== undefined && value !== undefined, `a line that is no header: ${line.slice(0, 60)}`)
    demand(!fields.has(name.toLowerCase()), `header ${name} stands twice`)
    fields.set(name.toLowerCase(), value)
  }
  return fields
}

const decodedBody = (body: string, encoding: string): string => {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return body
  const bytes = body
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const KNOWN = [
  'from',
  'to',
  'subject',
  'message-id',
  'references',
  'in-reply-to',
  'x-priority',
  'x-msmail-priority',
  'importance',
  'auto-submitted',
  'date',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
]

function check(mail: string): Taken {
  const end = mail.indexOf('\r\n\r\n')
  for (const line of mail.split('\r\n')) demand(line.length <= LINE_CHARS_MAX, 'a line of more than 998 characters')
  demand(/^[\t\r\n -~]*$/.test(mail), 'a byte that is no printable ASCII')
  const headers = headersOf(mail.slice(0, end))
  for (const name of headers.keys()) demand(KNOWN.includes(name), `a header ${name} that nobody asked for`)
  demand(/^<[A-Za-z0-9_.-]+@moltwatch>$/.test(headers.get('message-id') ?? ''), 'no Message-ID of the delivery')
  demand(headers.get('auto-submitted') === 'auto-generated', 'not marked as automatic')
  demand(headers.get('to') === 'soc@example.com', `to ${headers.get('to')}`)
  demand(/^text\/plain; charset=utf-8$/.test(headers.get('content-type') ?? ''), 'not plain text')
  const body = decodedBody(mail.slice(end + 4), headers.get('content-transfer-encoding') ?? '')
  const thread = /^<([0-9a-f]{32})@moltwatch>$/.exec(headers.get('references') ?? '')?.[1] ?? ''
  return { text: body, key: thread, act: '' }
}

export const startReceiver: StartReceiver = async () => {
  const taken: Taken[] = []
  const problems: string[] = []
  const directory = await mkdtemp(join(tmpdir(), 'moltwatch-smtp-'))
  const { key, cert, file } = certificate(directory)
  const server = new SMTPServer({
    key,
    cert,
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth({ username, password }, _session, done) {
      if (username === 'moltwatch' && password === 'a-secret-word') done(null, { user: username })
      else done(new Error('not the password'))
    },
    onMailFrom(_address, _session, done) {
      if (receiver.mood === 'take') done()
      else if (receiver.mood === 'refuse') done(Object.assign(new Error('not now'), { responseCode: 451 }))
    },
    onData(stream, { envelope }, done) {
      void text(stream).then((mail) => {
        try {
          demand(envelope.rcptTo.length === 1, `${envelope.rcptTo.length} recipients`)
          taken.push(check(mail))
          done()
        } catch (error) {
          problems.push((error as Error).message)
          done(error as Error)
        }
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.server.address() as AddressInfo
  const receiver: SinkReceiver = {
    settings: {
      host: '127.0.0.1',
      port,
      security: 'starttls',
      ca_file: file,
      from: 'moltwatch@example.com',
      to: ['soc@example.com'],
      username: 'moltwatch',
      password: 'a-secret-word',
      allow_private: true,
    },
    mood: 'take',
    taken,
    problems,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      await rm(directory, { recursive: true, force: true })
    },
  }
  return receiver
}
