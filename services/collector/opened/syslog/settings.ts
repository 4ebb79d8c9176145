/** The settings of a syslog input. */
import { isIP } from 'node:net'
import Type, { type Static } from 'typebox'
import { LIMITS } from '../../../../schemas/limits.ts'
import { lineSettings } from '../settings.ts'

const name = () => Type.String({ minLength: 1, maxLength: LIMITS.name_chars_max })
const file = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 4_096, description }))

export const SyslogSettings = Type.Object(
  {
    protocol: Type.Unsafe<'tcp' | 'tls' | 'udp'>(Type.Enum(['tcp', 'tls', 'udp'], { default: 'tcp' })),
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'Address to listen on' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 5_514 }),
    from: Type.Optional(
      Type.Array(Type.String({ minLength: 2, maxLength: 64 }), {
        minItems: 1,
        maxItems: 64,
        description: 'Addresses and CIDR ranges from which anything is taken',
      }),
    ),
    cert_file: file('PEM of the certificate, for tls'),
    key_file: file('PEM of its key, for tls'),
    client_ca_file: file('PEM of the authority of the clients: who has no certificate of it is refused'),
    clients: Type.Optional(
      Type.Array(Type.Object({ name: name(), token: name() }, { additionalProperties: false }), {
        maxItems: 1_024,
        description: "By a client certificate's common name or DNS name the token in whose name it sends",
      }),
    ),
    ...lineSettings(),
    lines_per_s_max: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 20_000 }),
    connections_max: Type.Integer({ minimum: 1, maximum: 10_000, default: 256 }),
  },
  { additionalProperties: false },
)
export type SyslogSettings = Static<typeof SyslogSettings>

const LOOPBACK = /^(?:127\.|::1$|localhost$)/

/** An address or range in the form of Node's block list; undefined for anything else. */
export function rangeOf(
  text: string,
): { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined) return undefined
  const most = version === 4 ? 32 : 128
  const size = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (size < 0 || size > most) return undefined
  return { address, bits: size, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** What the shape cannot say. */
export function* syslogProblems(
  settings: SyslogSettings,
): Generator<{ readonly key: string; readonly message: string }> {
  const { protocol, host, from = [], cert_file: cert, key_file: key, client_ca_file: authority, clients } = settings
  for (const range of from) {
    if (rangeOf(range) === undefined)
      yield { key: 'from', message: 'holds something that is no address and no CIDR range' }
  }
  const isOpen = !LOOPBACK.test(host)
  if (isOpen && from.length === 0 && authority === undefined) {
    yield {
      key: 'host',
      message: 'is open to others: say with from which addresses may send, or with client_ca_file who',
    }
  }
  if (protocol === 'tls' && (cert === undefined || key === undefined)) {
    yield { key: 'protocol', message: 'tls needs cert_file and key_file' }
  }
  if (protocol !== 'tls' && [cert, key, authority, clients].some((one) => one !== undefined)) {
    yield { key: 'protocol', message: 'must be tls for certificates to be of use' }
  }
  if (clients !== undefined && authority === undefined) {
    yield {
      key: 'clients',
      message: 'needs client_ca_file: a name in a certificate that nobody vouches for says nothing',
    }
  }
}
