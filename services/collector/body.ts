/**
 * Bodies: from bytes to JSON values, within the limits of bounded-json.ts. A top-level value may be followed by more: lines
 * (NDJSON), or objects one after the other, as Fluent Bit sends them.
 */
import { LIMITS } from '../../schemas/limits.ts'
import { type Outline, outlineOf, parseJson } from './bounded-json.ts'
import { errorPosition } from './json-position.ts'

/** A part of a body that is no JSON, and where. */
export interface BadPart {
  /** Number of the value within the body, from 0. */
  readonly index: number
  /** Byte of the body at which it breaks, from 0. */
  readonly position: number
  readonly detail: string
  /** The text itself, uncut and unredacted. */
  readonly text: string
}

export type Body =
  | {
      readonly ok: true
      readonly values: unknown[]
      /** Byte of the body at which each value starts, from 0. */
      readonly positions: number[]
      readonly bad: BadPart[]
    }
  | { readonly ok: false; readonly status: 400 | 413; readonly detail: string; readonly position: number }

const NEWLINE = 0x0a

type Parsed = { readonly value: unknown } | { readonly detail: string; readonly position: number }

/** Parses one text. Keys that reach into the prototype (`__proto__`, `constructor.prototype`) are refused. */
function parseText(text: string): Parsed {
  try {
    return { value: parseJson(text) }
  } catch (error) {
    const position = errorPosition(text)
    if (position === -1) return { detail: 'the key __proto__ or constructor.prototype is not allowed', position: 0 }
    const found = text.charAt(position)
    const what = found === '' ? 'the text ends too early' : `unexpected ${JSON.stringify(found)}`
    return {
      detail: error instanceof SyntaxError ? `not JSON: ${what}` : 'not JSON',
      position: Buffer.byteLength(text.slice(0, position)),
    }
  }
}

interface Piece {
  readonly start: number
  readonly text: string
}

/** The lines of an NDJSON body that hold something, up to one more than a request may have. */
function linesOf(bytes: Buffer): Piece[] {
  const pieces: Piece[] = []
  for (let start = 0; start < bytes.length && pieces.length <= LIMITS.records_per_request_max; ) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline === -1 ? bytes.length : newline
    const text = bytes.toString('utf8', start, end)
    if (text.trim() !== '') pieces.push({ start, text })
    start = end + 1
  }
  return pieces
}

const onlyBlanks = (bytes: Buffer, start: number, end: number): boolean =>
  /^[\s,]*$/.test(bytes.toString('utf8', start, Math.min(end, start + 1024)))

/** How a body is split: by lines if it is NDJSON, else into the values that the outline found, else not at all. */
function piecesOf(bytes: Buffer, ndjson: boolean, outline: Outline): Piece[] {
  if (ndjson) return linesOf(bytes)
  const { ranges } = outline
  const separated = ranges.every(([start], index) =>
    onlyBlanks(bytes, index === 0 ? 0 : (ranges[index - 1]?.[1] ?? 0), start),
  )
  const complete = onlyBlanks(bytes, ranges.at(-1)?.[1] ?? 0, bytes.length)
  if (ranges.length < 2 || !separated || !complete) return [{ start: 0, text: bytes.toString('utf8') }]
  return ranges.map(([start, end]) => ({ start, text: bytes.toString('utf8', start, end) }))
}

const refused = (status: 400 | 413, detail: string, position: number): Body => ({ ok: false, status, detail, position })

const withoutMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

/** The first bytes of what is no text in UTF-8, and what its sender is to do. */
const MAGIC: readonly (readonly [bytes: Buffer, detail: string])[] = [
  [Buffer.from([0x1f, 0x8b]), 'the body is gzip: send the header Content-Encoding: gzip'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'the body is zstd: send the header Content-Encoding: zstd'],
  [Buffer.from([0xff, 0xfe]), 'the body is UTF-16: send UTF-8'],
  [Buffer.from([0xfe, 0xff]), 'the body is UTF-16: send UTF-8'],
]
const packedAs = (bytes: Buffer): string | undefined =>
  MAGIC.find(([magic]) => bytes.subarray(0, magic.length).equals(magic))?.[1]

/**
 * Reads a body. One value is the usual case; several are lines or joined objects. Bad ones among good ones are reported
 * separately. If all are bad, the body is refused with the position of the first fault.
 */
export function readBody(body: Buffer, ndjson: boolean): Body {
  const bytes = withoutMark(body)
  const outline = outlineOf(bytes)
  if (outline.tooDeepAt >= 0) {
    return refused(400, `nested deeper than ${LIMITS.json_depth_max} levels`, outline.tooDeepAt)
  }
  if (outline.tooMuch === 'nodes') {
    return refused(413, `more than ${LIMITS.json_nodes_max} keys and values: send it in several requests`, 0)
  }
  if (outline.tooMuch === 'keys') {
    return refused(413, `more than ${LIMITS.json_keys_max} different keys: what varies belongs into values`, 0)
  }
  const pieces = outline.tooMuch === 'values' ? [] : piecesOf(bytes, ndjson, outline)
  if (outline.tooMuch === 'values' || pieces.length > LIMITS.records_per_request_max) {
    return refused(413, `more than ${LIMITS.records_per_request_max} records: send it in several requests`, 0)
  }
  const values: unknown[] = []
  const positions: number[] = []
  const bad: BadPart[] = []
  for (const [index, { start, text }] of pieces.entries()) {
    const parsed = parseText(text)
    if ('value' in parsed) {
      values.push(parsed.value)
      positions.push(start)
    } else bad.push({ index, position: start + parsed.position, detail: parsed.detail, text })
  }
  const fault = bad[0]
  const packed = values.length > 0 ? undefined : packedAs(bytes)
  if (packed !== undefined) return refused(400, packed, 0)
  if (values.length > 0) return { ok: true, values, positions, bad }
  if (fault === undefined) return refused(400, 'the body is empty', 0)
  return refused(400, fault.detail, fault.position)
}
