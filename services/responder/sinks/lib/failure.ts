/**
 * Why a receiver did not take a message, in words for the person who set the sink up. The name of the error stands behind them,
 * because that is what one searches for. What a receiver answered is told as well: mostly it says what is wrong with a key, an
 * index or a channel. Nothing that was sent is repeated, because an answer may echo a secret.
 */
import { AddressRefused } from './connector.ts'
import { oneLine } from './text.ts'

const CERTIFICATE = 'name the authority that signed it in ca_file'
const UNTRUSTED = `the certificate is signed by an authority that is not trusted: ${CERTIFICATE}`
const NO_WAY = 'no connection in time: a firewall may drop what is sent to the host, or nothing there answers'

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens at this host and port'],
  ['ENOTFOUND', 'the name of the host is not known'],
  ['EAI_AGAIN', 'the name of the host could not be looked up: no answer from DNS'],
  ['EHOSTUNREACH', 'there is no way to the host'],
  ['ENETUNREACH', 'there is no way to the host'],
  ['ETIMEDOUT', NO_WAY],
  ['UND_ERR_CONNECT_TIMEOUT', NO_WAY],
  ['ECONNRESET', 'the receiver closed the connection: it may expect TLS, or none'],
  ['EPIPE', 'the receiver closed the connection'],
  ['UND_ERR_SOCKET', 'the receiver closed the connection before it answered: it may expect TLS, or none'],
  ['EPROTO', 'the receiver does not speak TLS at this port'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the receiver does not speak TLS at this port'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'the receiver does not speak TLS at this port'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', `the certificate is signed by itself: ${CERTIFICATE}`],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['CERT_HAS_EXPIRED', 'the certificate has expired'],
  ['CERT_NOT_YET_VALID', 'the certificate is not valid yet: compare the clocks'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is for another name than the host of this sink'],
  ['ENOENT', 'a file that the settings name is not there'],
  ['EACCES', 'a file that the settings name must not be read'],
])
const TIMEOUTS: ReadonlySet<string> = new Set([
  'TimeoutError',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ESOCKETTIMEDOUT',
])

/** What libraries leave of an error of the system where they give it a name of their own: its words. */
const IN_WORDS: readonly (readonly [words: RegExp, code: string])[] = [
  [/self-signed certificate in/, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [/self-signed certificate/, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/unable to (?:verify|get)/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [/certificate's altnames/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/certificate has expired/, 'CERT_HAS_EXPIRED'],
  [/wrong version number|packet length too long/, 'ERR_SSL_WRONG_VERSION_NUMBER'],
]

/** What the words of an error say, for people; undefined where they name nothing that is known. */
export function wordsIn(message: string): string | undefined {
  const named = /\bE[A-Z]{4,}\b/.exec(message)?.[0] ?? ''
  const code = IN_WORDS.find(([words]) => words.test(message))?.[1] ?? named
  const words = WORDS.get(code)
  return words === undefined ? undefined : `${words} (${code})`
}

const codeOf = (error: unknown): string => {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  return typeof code === 'string' ? code : String(name ?? 'Error')
}

/** An error of a connection, without the address: it may hold a secret. */
export function failureOf(error: unknown, timeoutMs: number): string {
  if (error instanceof AddressRefused) return error.message
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  const codes = [...new Set(causes.map(codeOf))]
  const isTimeout = codes.some((code) => TIMEOUTS.has(code)) || (error as Error).message === 'timed out'
  if (isTimeout) return `timed out: connected, but no answer within ${timeoutMs / 1_000} s`
  const words = codes.map((code) => WORDS.get(code)).find((one) => one !== undefined)
  if (words !== undefined) return `failed: ${words} (${codes.join(', ')})`
  return `failed: ${wordsIn((error as Error).message) ?? codes.join(', ')}`
}

const ANSWER_CHARS_MAX = 240
/** Names under which products say what was wrong, the most telling first. */
const NAMES = ['message', 'error_description', 'detail', 'reason', 'text', 'title', 'error', 'errors'] as const

/** The words in an answer: those of its JSON, or of its text; nothing of a page for browsers. */
function said(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()]
  if (typeof value !== 'object' || value === null || depth > 3) return []
  if (Array.isArray(value)) return value.slice(0, 4).flatMap((one) => said(one, depth + 1))
  const parts = new Map<string, unknown>(Object.entries(value))
  return NAMES.flatMap((name) => said(parts.get(name), depth + 1))
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer) as unknown
  } catch {
    return /<[a-z!]/i.test(answer) ? undefined : answer
  }
}

/** Longer words may be keys. */
const WORD = /[\w.+/=~-]{12,}/g

/** What a receiver answered, for people; '' if it said nothing. `sent`: what it was sent, of which no long word is repeated. */
export function answerWords(answer: string, sent: string): string {
  const words = [...new Set(said(parsed(answer)))].join('; ')
  const safe = words.slice(0, ANSWER_CHARS_MAX * 4).replaceAll(WORD, (word) => (sent.includes(word) ? '…' : word))
  return oneLine(safe, ANSWER_CHARS_MAX)
}
