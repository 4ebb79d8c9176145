/**
 * What a dead letter keeps of a record that could not be read: text as it is, in JSON; anything else in base64, which
 * starts with neither a quote nor a brace. Secrets are removed from the bytes first, because base64 would hide them from
 * later searches. Each of their bytes becomes a star, so that the fault stays where the dead letter says it is.
 */
import { isUtf8 } from 'node:buffer'
import { LIMITS } from '../../../schemas/limits.ts'
import { recordText } from '../formats/lib/json.ts'
import { redactText } from '../redaction/redact.ts'
import { namesSecret } from '../redaction/shapes.ts'

const CHARS_MAX = LIMITS.dead_letter_record_chars_max
/** Base64 makes four characters of three bytes. */
const BYTES_MAX = (CHARS_MAX / 4) * 3

/** Control characters that texts do not hold. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/

/** A key, the tag of its value (0x12), a length, the tag of a text, list, map or bytes in it, and the length of that. */
const ATTRIBUTE =
  /([A-Za-z0-9_.-]{3,64})\u0012[\u0080-\u00ff]{0,4}[\u0000-\u007f][\u000a*2:]([\u0080-\u00ff]{0,4})([\u0000-\u007f])/g

/** A varint of protobuf as a number: 7 bits in each byte, the lowest first. */
const varint = (bytes: string): number =>
  Buffer.from(bytes, 'latin1').reduce((sum, byte, index) => sum + (byte & 0x7f) * 128 ** index, 0)

/** Covers the values of attributes whose key names a secret with stars. The text has one character per byte. */
function coverAttributes(text: string): string {
  let covered = text
  for (const match of text.matchAll(ATTRIBUTE)) {
    if (!namesSecret(match[1] ?? '')) continue
    const start = match.index + match[0].length
    const end = Math.min(text.length, start + varint(`${match[2]}${match[3]}`))
    covered = covered.slice(0, start) + '*'.repeat(Math.max(0, end - start)) + covered.slice(end)
  }
  return covered
}

/**
 * Texts between control characters, which are tags and short lengths: first with their line ends, because secrets may have
 * several lines, then without, because a line end is also a tag.
 */
const LINES = /[^\u0000-\u0008\u000b\u000c\u000e-\u001f]{8,}/g
const LINE = /[^\u0000-\u001f]{8,}/g
/** A length may read as letters and digits, and hide where the text behind it begins. */
const LENGTH_BYTES_MAX = 3

function holdsSecret(run: string): boolean {
  for (let skipped = 0; skipped <= LENGTH_BYTES_MAX; skipped++) {
    const text = run.slice(skipped)
    if (redactText(text) !== text) return true
  }
  return false
}

/** Puts stars over every text that holds something of the shape of a secret. */
const coverShapes = (text: string, runs: RegExp): string =>
  text.replace(runs, (run) => (holdsSecret(run) ? run.charAt(0) + '*'.repeat(run.length - 1) : run))

/** The record of a dead letter. */
export function bytesRecord(value: Buffer): string {
  const start = value.toString('utf8', 0, CHARS_MAX)
  if (isUtf8(value) && !CONTROL.test(start)) return recordText(start)
  // Twice as much as is kept, so that the cut splits no secret that is kept.
  const bytes = coverAttributes(value.toString('latin1', 0, 2 * BYTES_MAX))
  const covered = coverShapes(coverShapes(bytes, LINES), LINE)
  return Buffer.from(covered, 'latin1').subarray(0, BYTES_MAX).toString('base64')
}
