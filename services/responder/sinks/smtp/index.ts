/**
 * Mail, through an SMTP server. It is plain text, so that nothing from a log is rendered or fetched by its reader. The
 * Message-ID is the delivery's, the same on every attempt; mails about one incident form one thread. Mail is delivered
 * once the server has accepted it: from then on the server is responsible.
 */
import { counted } from '../../../../schemas/counted.ts'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { addressOf } from '../lib/address.ts'
import { failureOf } from '../lib/failure.ts'
import { summaryOf } from '../lib/summary.ts'
import { oneLine } from '../lib/text.ts'
import { defineSinkType, type Channel, type SinkTools } from '../sink-type.ts'

const SUBJECT_CHARS_MAX = 200
const TEXT_CHARS_MAX = 4_000
const RECIPIENTS_MAX = 50
/** One address of RFC 5321 without quoting, comments or a name: nothing in it can begin another. */
const ADDRESS = "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$"

const address = (description: string) => Type.String({ pattern: ADDRESS, description })

const Settings = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Za-z0-9.:_-]+$' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, default: 587 }),
    security: Type.Enum(['starttls', 'tls', 'none'], {
      default: 'starttls',
      description: 'tls from the first byte is usual on port 465; none needs allow_private',
    }),
    from: address('Who the mail says it comes from'),
    to: Type.Array(address('Who gets it'), { minItems: 1, maxItems: RECIPIENTS_MAX }),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024, secret: true })),
    ca_file: Type.Optional(Type.String({ minLength: 1, description: 'Certificates that the server is trusted by' })),
    allow_private: Type.Boolean({ default: false, description: 'Allows private and loopback addresses, and no TLS' }),
  },
  { additionalProperties: false },
)

interface Server {
  readonly host: string
  readonly port: number
  readonly security: string
  readonly from: string
  readonly to: readonly string[]
  readonly username?: string
  readonly password?: string
  readonly ca_file?: string
  readonly allow_private: boolean
}

interface Mail {
  readonly subject: string
  readonly text: string
  readonly isUrgent: boolean
  /** What mails of one matter refer to; empty if there is nothing. */
  readonly thread: string
}

function render(notice: Notice): Mail {
  const { severity, title, text, tenant, identity, subject, facts } = summaryOf(notice)
  const head = [
    ['severity', severity],
    ['identity', identity],
    ['tenant', tenant],
    ['time', notice.time],
  ] as const
  const lines = [...head, ...facts]
  const shown = lines.filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}`)
  return {
    subject: oneLine(`[moltwatch] [${severity}] ${title}`, SUBJECT_CHARS_MAX),
    text: `${oneLine(text, TEXT_CHARS_MAX)}\n\n${shown.join('\n')}\n`,
    isUrgent: severity === 'critical' || severity === 'high',
    thread: notice.type.startsWith('incident.') ? subject.replaceAll(/[^A-Za-z0-9-]/g, '') : '',
  }
}

/** What nodemailer calls what went wrong. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['EAUTH', 'the server does not take this username and password'],
  ['ETLS', 'the server offers no STARTTLS: use security: tls on port 465, or another server'],
  ['EENVELOPE', 'the server does not take mail from this sender or for these recipients'],
  ['EMESSAGE', 'the server does not take this mail'],
])

/** What went wrong, without what the server said to whom: it repeats addresses. */
function mailFailure(error: unknown, timeoutMs: number): string {
  const { code = '', responseCode, command } = error as { code?: string; responseCode?: number; command?: string }
  const answered = responseCode === undefined ? '' : `, answered ${responseCode} to ${command ?? 'a command'}`
  const words = WORDS.get(code)
  if (words !== undefined) return `failed: ${words} (${code}${answered})`
  if (code === 'ETIMEDOUT') return `timed out: no answer within ${timeoutMs / 1_000} s`
  return `${failureOf(error, timeoutMs)}${answered}`
}

/** A way to the server, for one mail. */
async function openTransport(server: Server, { resolve, timeoutMs }: SinkTools) {
  const { host, port, security, username, password, ca_file: file } = server
  return createTransport({
    host: await addressOf(host, server.allow_private, resolve),
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: {
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(file === undefined ? {} : { ca: readFileSync(file) }),
    },
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

function createMailChannel(server: Server, tools: SinkTools): Channel<Mail> {
  const open = new Set<{ close(): void }>()
  return {
    async send({ subject, text, isUrgent, thread }, { id }) {
      let transport: Awaited<ReturnType<typeof openTransport>> | undefined
      try {
        transport = await openTransport(server, tools)
        open.add(transport)
        const parent = thread === '' ? {} : { references: `<${thread}@moltwatch>`, inReplyTo: `<${thread}@moltwatch>` }
        const { accepted, rejected } = await transport.sendMail({
          from: { name: 'moltwatch', address: server.from },
          to: [...server.to],
          subject,
          text,
          messageId: `<${id}@moltwatch>`,
          ...parent,
          priority: isUrgent ? 'high' : 'normal',
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
        const detail = `taken for ${accepted.length} of ${counted(accepted.length + rejected.length, 'recipient')}`
        return { kind: 'delivered', detail }
      } catch (error) {
        return { kind: 'failed', detail: mailFailure(error, tools.timeoutMs) }
      } finally {
        transport?.close()
        if (transport !== undefined) open.delete(transport)
      }
    },
    close: () => Promise.resolve(),
    async destroy() {
      for (const transport of open) transport.close()
    },
  }
}

export const smtp = defineSinkType({
  type: 'smtp',
  about: 'Mail through an SMTP server.',
  settings: Settings,
  receives: ['findings', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: {
    host: 'smtp.example.com',
    port: 587,
    security: 'starttls',
    from: 'moltwatch@example.com',
    to: ['soc@example.com'],
    username: 'moltwatch',
    password: 'a-password',
    allow_private: false,
  },
  problems({ security, username, password, ca_file: file, allow_private: allowPrivate }) {
    const problems = []
    if (security === 'none' && !allowPrivate) {
      problems.push({ key: 'security', message: 'none sends in clear: that needs allow_private: true' })
    }
    if (security === 'none' && file !== undefined) problems.push({ key: 'ca_file', message: 'is of use with TLS only' })
    if ((username === undefined) !== (password === undefined)) {
      problems.push({ key: 'username', message: 'and password go together' })
    }
    return problems
  },
  destination: ({ host, port, to }) => `smtp://${host}:${port}#${to.join(',')}`,
  render,
  open: createMailChannel,
})
