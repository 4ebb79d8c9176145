/**
 * Syslog after RFC 5424 with CEF in it, over TCP (RFC 6587, octet counting), TLS (RFC 5425) or UDP (RFC 5426). Syslog has
 * no acknowledgement: a message counts as delivered when the receiver's system has it, or over UDP when it was sent.
 */
import Type from 'typebox'
import type { Notice } from '../../../../schemas/notice.ts'
import { defineSinkType } from '../sink-type.ts'
import { createSocketChannel } from './channel.ts'
import { syslogOf } from './cef.ts'

const LOCAL0 = 16
const FACILITY_MAX = 23
const HOST_CHARS_MAX = 255

const Settings = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: HOST_CHARS_MAX, pattern: '^[A-Za-z0-9.:_-]+$' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, default: 6514 }),
    protocol: Type.Enum(['tls', 'tcp', 'udp'], { default: 'tls' }),
    facility: Type.Integer({ minimum: 0, maximum: FACILITY_MAX, default: LOCAL0 }),
    hostname: Type.String({
      pattern: '^[!-~]{1,255}$',
      default: 'moltwatch',
      description: 'What the messages say they come from',
    }),
    ca_file: Type.Optional(Type.String({ minLength: 1, description: 'Certificates that the receiver is trusted by' })),
    allow_private: Type.Boolean({ default: false, description: 'Allows private and loopback addresses' }),
  },
  { additionalProperties: false },
)

export const syslog = defineSinkType({
  type: 'syslog',
  about: 'Syslog messages after RFC 5424 with CEF, over TLS, TCP or UDP.',
  settings: Settings,
  receives: ['findings', 'revisions', 'orders', 'notices', 'triage'],
  confirmsOrders: false,
  example: {
    host: 'siem.example.com',
    port: 6514,
    protocol: 'tls',
    facility: LOCAL0,
    hostname: 'moltwatch',
    allow_private: false,
  },
  problems: ({ protocol, ca_file: file }) =>
    file !== undefined && protocol !== 'tls' ? [{ key: 'ca_file', message: 'is of use with protocol: tls only' }] : [],
  destination: ({ host, port, protocol }) => `${protocol}://${host}:${port}`,
  render: (notice: Notice, { facility, hostname }) => syslogOf(notice, facility, hostname),
  open: (settings, tools) => createSocketChannel(settings, tools),
})
