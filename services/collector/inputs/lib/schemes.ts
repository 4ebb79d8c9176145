/** The schemes in which clients send a token: Bearer, Splunk, the password of Basic, the key of ApiKey. */
import type { Authenticate, AuthOutcome } from '../../../lib/auth.ts'
import type { Head } from '../input.ts'

const SCHEME = /^(Bearer|Splunk|Basic|ApiKey) +(\S+) *$/i

/** The secret in a header; undefined if it has none of these forms. */
function secretOf(header: string): string | undefined {
  const [, scheme = '', value = ''] = SCHEME.exec(header) ?? []
  const packed = /^(?:Basic|ApiKey)$/i.test(scheme)
  if (!packed) return value === '' ? undefined : value
  // user:password or id:key; a key alone is accepted too.
  const text = Buffer.from(value, 'base64').toString('utf8')
  return text.includes(':') ? text.slice(text.indexOf(':') + 1) : value
}

/** Who sends, in whichever of these schemes. */
export function identifyByScheme({ headers }: Head, authenticate: Authenticate): AuthOutcome {
  const secret = secretOf(headers.authorization ?? '')
  return authenticate(secret === undefined ? headers.authorization : `Bearer ${secret}`)
}
