/**
 * Which words of a text are values: things that name one thing in the world (a host, an address, an account, a file, a
 * long token) and so can be followed from the text that brought them to the call that used them. Numbers of 4 to 8
 * digits, dates, amounts and bare directories are not values: too many texts share them.
 */
import { parse as parseHost } from 'tldts'
import type { ValueKind } from '../../../schemas/indicators.ts'
import { isFileEnding } from './lexicon.ts'

export interface Value {
  readonly kind: ValueKind
  /** The comparable form: lower case, without scheme, `www.`, query and trailing slash. */
  readonly text: string
}

const DATE = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[t ].*)?$/
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2})?(?:[ap]m)?$/
const QUANTITY = /^[^\d\w]{0,2}\d[\d.,:]*[-+]?[^\d]{0,5}$/
const ADDRESS = /^[^\s@:/]+@[^\s@/]+\.[^\s@/.]+$/
const SCHEME = /^[a-z][a-z0-9+.-]{1,15}:\/\//
const HOST = /^(?:[\p{L}\p{N}_-]+\.)+\p{L}{2,24}(?::\d+)?$/u
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?$/
const IPV6 = /^[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}$/
const NUMBER = /^[-+]?[\d.,]+%?$/
const VALUE_CHARS_MAX = 300
/** Longer values are compared by their beginning; it also bounds the patterns below. */
const COMPARABLE_CHARS_MAX = 400

/** A text without the run of such characters at its end; an expression that ends in `+$` would try at each of them. */
export function withoutEnd(text: string, characters: RegExp): string {
  let end = text.length
  while (end > 0 && characters.test(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

const COMPARABLE_END = /[\s/.,;:!?'"]/

/** The comparable form of a leaf or phrase. */
export const comparable = (text: string): string =>
  withoutEnd(
    text
      .slice(0, COMPARABLE_CHARS_MAX)
      .trim()
      .toLowerCase()
      .replace(SCHEME, '')
      .replace(/^www\./, '')
      .replace(/\s+/g, ' '),
    COMPARABLE_END,
  )

/** Whether a leaf is a number, a date, an amount or a flag, which name nothing. */
export function namesNothing(text: string): boolean {
  const lower = text.trim().toLowerCase()
  return (
    lower.length < 2 ||
    /^(?:true|false|none|null|undefined|yes|no|n\/a)$/.test(lower) ||
    NUMBER.test(lower) ||
    DATE.test(lower) ||
    CLOCK.test(lower) ||
    (QUANTITY.test(lower) && lower.length < 12)
  )
}

/** The values of one word between spaces, without the punctuation around it; [] for an ordinary word. */
export function valuesOf(word: string): Value[] {
  if (word.length < 3 || word.length > 2_048) return []
  const lower = word.toLowerCase().slice(0, VALUE_CHARS_MAX)
  if (ADDRESS.test(lower)) return [{ kind: 'address', text: lower.replace(/^mailto:/, '') }]
  if (SCHEME.test(lower) || lower.startsWith('www.')) return located(lower)
  const slash = lower.indexOf('/')
  if (slash > 0 && hostLike(lower.slice(0, slash))) return located(lower)
  if (slash >= 0 || lower.includes('\\')) return pathOf(lower)
  if (hostLike(lower)) return [{ kind: 'host', text: comparable(lower) }]
  const dot = lower.lastIndexOf('.')
  if (dot > 0 && isFileEnding(lower.slice(dot + 1))) return [{ kind: 'path', text: comparable(lower) }]
  if (IPV4.test(lower) || (lower.includes('::') && IPV6.test(lower))) return [{ kind: 'host', text: lower }]
  return identifier(word, lower)
}

function hostLike(lower: string): boolean {
  if (IPV4.test(lower)) return true
  if (!HOST.test(lower)) return false
  const ending = lower.slice(lower.lastIndexOf('.') + 1)
  if (isFileEnding(ending)) return false
  return parseHost(lower).isIcann === true || /^(?:local|internal|corp|lan|onion|example|test|home)$/.test(ending)
}

/** A URL gives itself and its host. */
function located(lower: string): Value[] {
  const whole = comparable(lower.replace(/[?#].*$/, '') || lower)
  const host = whole.split(/[/:]/, 1)[0] ?? ''
  // Everybody's own machine is nobody's.
  if (host.length < 3 || host === 'localhost' || host.startsWith('127.')) return []
  if (host === whole) return [{ kind: 'host', text: host }]
  return [{ kind: 'url', text: whole }, { kind: 'host', text: host }, ...partsOfLocation(whole)]
}

/** What a link names by the way: `owner/name` behind the host, and addresses. */
function partsOfLocation(whole: string): Value[] {
  const parts = whole.split('/').slice(1, 8)
  const values: Value[] = []
  const [owner, name] = parts
  if (owner !== undefined && name !== undefined && owner.length > 2 && name.length > 2 && !owner.includes('@')) {
    values.push({ kind: 'path', text: comparable(`${owner}/${name}`) })
  }
  for (const part of parts) if (ADDRESS.test(part)) values.push({ kind: 'address', text: part })
  return values
}

/** A path of two parts or more names something; a bare directory does not. `owner/name` is a path, `and/or` is not. */
function pathOf(lower: string): Value[] {
  const parts = lower.split(/[/\\]+/).filter((part) => part !== '' && part !== '.' && part !== '~')
  if (parts.length < 2 || DATE.test(lower) || parts.every((part) => NUMBER.test(part))) return []
  const rooted = /^[/~.\\]|^[a-z]:\\/.test(lower)
  if (!rooted && (parts.length > 6 || parts.some((part) => part.length < 3))) return []
  const text = comparable(lower)
  const values: Value[] = [{ kind: 'path', text }]
  const last = parts.at(-1) as string
  const dot = last.lastIndexOf('.')
  if (dot > 0 && isFileEnding(last.slice(dot + 1))) values.push({ kind: 'path', text: comparable(last) })
  return values
}

/** Codes and account numbers: letters with digits, or at least nine digits; or anything long and opaque. */
function identifier(word: string, lower: string): Value[] {
  if (namesNothing(word) || !/^[\p{L}\p{N}._+=:#@-]+$/u.test(word)) return []
  const digits = lower.replace(/[^0-9]/g, '').length
  const letters = lower.replace(/[^a-z]/g, '').length
  if (/^[a-z]{2}\d{2}[a-z0-9]{4,30}$/.test(lower) && digits >= 6) return [{ kind: 'account', text: lower }]
  if (letters === 0) return digits >= 9 ? [{ kind: 'account', text: lower }] : []
  if (/^v?\d+(?:\.\d+)+$/.test(lower) || /^(?:\d+(?:st|nd|rd|th)|[a-z]\d|\d+[a-z]{1,4}|\d+-[a-z]+)$/.test(lower))
    return []
  if (digits >= 1 && letters >= 1 && lower.length >= 4) return [{ kind: 'token', text: lower }]
  const mixed = /[a-z]/.test(word) && /[A-Z]/.test(word.slice(1)) && word.length >= 20
  return mixed || /[._@#]/.test(lower.slice(1, -1)) ? [{ kind: 'token', text: lower }] : []
}

/** Mail providers whose customers have nothing to do with each other. */
const SHARED_MAIL = new Set(
  'gmail googlemail outlook hotmail live msn yahoo ymail proton protonmail icloud me gmx web aol mail zoho yandex qq 163 126 fastmail tutanota hey'.split(
    ' ',
  ),
)

/** The registrable domain of a host, an address or a URL, marked as one; undefined if it does not show who it is. */
export function siteOf(value: Value): string | undefined {
  if (value.kind !== 'host' && value.kind !== 'address' && !(value.kind === 'leaf' && ADDRESS.test(value.text)))
    return undefined
  const host = value.text.slice(value.text.lastIndexOf('@') + 1).replace(/:\d+$/, '')
  const { domain, domainWithoutSuffix } = parseHost(host, { allowPrivateDomains: true })
  if (domain === null || (domainWithoutSuffix !== null && SHARED_MAIL.has(domainWithoutSuffix))) return undefined
  return `site:${domain}`
}

const PARTS_MAX = 4
/** Words of a file's name or of the last part of a link, by which a user speaks of it: `docs/INSTALL.md` is "the install". */
export function partsOfValue(value: Value): string[] {
  if (value.kind !== 'path' && value.kind !== 'url' && value.kind !== 'leaf') return []
  if (value.kind === 'leaf' && !/[./#:-]/.test(value.text)) return []
  const last = value.text.split(/[/\\]/).at(-1) ?? ''
  const bare = last.replace(/\.[a-z0-9]{1,6}$/, '')
  return bare
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part.length > 2 && !/^\d+$/.test(part))
    .slice(0, PARTS_MAX)
}
