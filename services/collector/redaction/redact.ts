/**
 * Redaction: takes secrets out of every text that is kept, before the log. Two levels. `redactText` is for free text
 * (targets, commands, errors, dead letters): known shapes, named values, key ids and long random tokens. `redactId` is
 * for what must stay distinct (sessions, identities, addresses): known shapes alone, because an id looks random itself.
 *
 * What replaces a secret says its kind: `[redacted:jwt]`. Both functions give their own output back unchanged.
 */
import { hash } from 'node:crypto'
import { KEY_ID_SHAPES, NAMED_SHAPES, namesSecret, PROSE_SHAPES, SECRET_SHAPES, type SecretShape } from './shapes.ts'

/**
 * The characters of a text as two sets of bits, a bit for each ASCII character and one for all others: a text that lacks a
 * character of a word does not hold the word. Ids are short and there are many hints, so that most are excluded by this.
 */
interface Letters {
  /** Characters below 64, by their code below 32: controls, which no hint has, share bits with signs and digits. */
  readonly low: number
  /** All others, by their code below 32. */
  readonly high: number
}
const NO_LETTERS: Letters = { low: 0, high: 0 }
const ALL_LETTERS: Letters = { low: -1, high: -1 }
/** A longer text has nearly all of them. */
const LETTERS_CHARS_MAX = 256

function lettersOf(text: string): Letters {
  if (text.length > LETTERS_CHARS_MAX) return ALL_LETTERS
  let { low, high } = NO_LETTERS
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 64) low |= 1 << (code & 31)
    else high |= 1 << (code & 31)
  }
  return { low, high }
}

interface Hinted extends SecretShape {
  readonly words: readonly (Letters & { readonly word: string })[]
}

const hinted = (shapes: readonly SecretShape[]): Hinted[] =>
  shapes.map((shape) => ({ ...shape, words: shape.hints.map((word) => ({ word, ...lettersOf(word) })) }))

const ID_SHAPES = hinted([...SECRET_SHAPES, ...NAMED_SHAPES])
const TEXT_SHAPES = [...hinted(PROSE_SHAPES), ...ID_SHAPES, ...hinted(KEY_ID_SHAPES)]

const mark = (kind: string): string => `[redacted:${kind}]`

function hasOneOf({ words }: Hinted, lower: string, { low, high }: Letters): boolean {
  for (const one of words) {
    if ((one.low & ~low) === 0 && (one.high & ~high) === 0 && lower.includes(one.word)) return true
  }
  return false
}

function applyShapes(text: string, shapes: readonly Hinted[]): string {
  const lower = text.toLowerCase()
  const letters = lettersOf(lower)
  let redacted = text
  for (const shape of shapes) {
    if (!hasOneOf(shape, lower, letters)) continue
    const kept = shape.kind === 'url-password' ? `${mark(shape.kind)}@` : mark(shape.kind)
    redacted = redacted.replace(shape.pattern, (...parts) => {
      if (shape.isOne?.(parts[0]) === false) return parts[0]
      const groups = parts.at(-1) as { keep?: string } | string
      const keep = typeof groups === 'object' ? (groups.keep ?? '') : ''
      const first = parts[0].charAt(keep.length)
      return keep + (first === '"' || first === "'" ? first : '') + kept
    })
  }
  return redacted
}

const RANDOM_TOKEN = /[A-Za-z0-9+/_=-]{32,512}/g
/** Bits per character: random base64 of 32 characters has about 4.5, English words joined by `_` about 3.6. */
const RANDOM_BITS_MIN = 4.1
const RANDOM_DIGITS_MIN = 3
/** An AWS secret key has 40 characters and may hold slashes; any other token with slashes is a path of names. */
const AWS_SECRET_CHARS = 40

/** Whether a token is too random to be a name: mixed classes and a high entropy. Hex digests, UUIDs and paths stay. */
export function looksRandom(token: string): boolean {
  if (!/[a-z]/.test(token) || !/[A-Z]/.test(token) || !/[0-9]/.test(token)) return false
  if (/^[0-9a-fA-F-]+$/.test(token)) return false
  if (token.length !== AWS_SECRET_CHARS) {
    if (token.includes('/')) return false
    // A name in camel case has mixed letters, too; several digits among them it rarely has.
    if (token.replace(/[^0-9]/g, '').length < RANDOM_DIGITS_MIN) return false
  }
  const counts = new Map<string, number>()
  for (const character of token) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / token.length) * Math.log2(count / token.length)
  return bits >= RANDOM_BITS_MIN
}

/** Free text without its secrets. */
export function redactText(text: string): string {
  if (text.length < 4) return text
  const redacted = applyShapes(text, TEXT_SHAPES)
  if (redacted.length < 32) return redacted
  return redacted.replace(RANDOM_TOKEN, (token) => (looksRandom(token) ? mark('token') : token))
}

/** What an AWS secret key looks like: 40 characters of base64, which no id of a session or a request has. */
const AWS_SECRET = /(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=_-])/g
const HASH_CHARS = 12

/**
 * In a name a secret leaves its hash, so that two names stay two. Of 240 random bits a hash gives nothing away that could be
 * guessed, so that it needs no key.
 */
const hashed = (token: string): string =>
  /[+/]/.test(token) && looksRandom(token)
    ? `[redacted:token-${hash('sha256', token, 'hex').slice(0, HASH_CHARS)}]`
    : token

/**
 * An id or a name without known shapes, named values and AWS secret keys; what else looks random, or is the id of a key,
 * stays.
 */
export function redactId(text: string): string {
  if (text.length < 4) return text
  const redacted = applyShapes(text, ID_SHAPES)
  return redacted.length < AWS_SECRET_CHARS ? redacted : redacted.replace(AWS_SECRET, hashed)
}

/** Whether a text is, as a whole, a secret of known shape: what must be hashed rather than kept as an id. */
export const isSecret = (text: string): boolean => text.length >= 12 && redactId(text) !== text

const DEPTH_MAX = 12
const ITEMS_MAX = 200
/** Far beyond what a dead letter keeps, so that the cut splits no secret that is kept. */
const LEAF_CHARS_MAX = 65_536
const KEY_CHARS_MAX = 1_024

/** What a walk through a value carries along. */
interface Walk {
  /** How many characters are still read of the value. */
  left: number
  /** How a key is redacted. */
  readonly redactName: (text: string) => string
}

/** The part of a text that the walk still reads. If that is not all, the last word is dropped: it may be half a secret. */
function read(text: string, walk: Walk): string {
  if (text.length <= walk.left) {
    walk.left -= text.length
    return text
  }
  let end = walk.left
  while (end > 0 && text.charAt(end - 1).trim() !== '') end--
  walk.left = 0
  return text.slice(0, end)
}

function redactIn(value: unknown, depth: number, walk: Walk): unknown {
  if (walk.left <= 0) return '[cut]'
  if (typeof value === 'string') return redactText(read(value, walk))
  walk.left -= 8
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEPTH_MAX) return '[cut]'
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => redactIn(item, depth + 1, walk))
  const entries = Object.entries(value).slice(0, ITEMS_MAX)
  // OTLP writes attributes as {key, value}: the name of the secret is a value there.
  const attribute = entries.length === 2 && 'key' in value && 'value' in value
  const named = attribute && typeof value.key === 'string' && namesSecret(value.key)
  return Object.fromEntries(
    entries.map(([key, item]) => [
      // Cut behind the redaction, so that no half of a secret stays.
      walk.redactName(read(key, walk)).slice(0, KEY_CHARS_MAX),
      namesSecret(key) || (named && key === 'value') ? mark('named') : redactIn(item, depth + 1, walk),
    ]),
  )
}

/**
 * A JSON value without its secrets, found by the names of keys and by shape. Depth, width and total text are bounded.
 * Keys are names, as in records, or free text, as in what an agent was told.
 */
export const redactValue = (value: unknown, keys: 'names' | 'text' = 'names'): unknown =>
  redactIn(value, 0, { left: LEAF_CHARS_MAX, redactName: keys === 'names' ? redactId : redactText })
