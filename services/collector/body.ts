/**
 * Bodies: from bytes to JSON values, safely. One pass over the bytes finds where each top-level value ends, how deep it
 * nests and how many objects and arrays it holds, before anything is allocated; a body that nests or branches beyond the
 * limits never reaches the parser. A top-level value may be followed by more: lines (NDJSON), or objects one after the
 * other, as Fluent Bit sends them.
 */
import { parse as parseSafely } from 'secure-json-parse'
import { LIMITS } from '../../schemas/limits.ts'
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
  | { readonly ok: true; readonly values: unknown[]; readonly bad: BadPart[] }
  | { readonly ok: false; readonly status: 400 | 413; readonly detail: string; readonly position: number }

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NEWLINE = 0x0a
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d

export interface Outline {
  /** Start and end (exclusive) of each top-level value that is an object or a list. */
  readonly ranges: readonly (readonly [number, number])[]
  /** Where nesting first went beyond the limit, -1 if it never did. */
  readonly tooDeepAt: number
  readonly nodes: number
}

/** Byte behind the string that starts at `start`. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let i = start + 1
  while (i < bytes.length) {
    const byte = bytes[i]
    if (byte === QUOTE) return i + 1
    i += byte === BACKSLASH ? 2 : 1
  }
  return bytes.length
}

/** The outline of a body. Never fails: what is no JSON gives an outline that the parser will refuse. */
export function outlineOf(bytes: Uint8Array): Outline {
  const ranges: (readonly [number, number])[] = []
  let [depth, start, nodes] = [0, 0, 0]
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) {
      i = stringEnd(bytes, i) - 1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === 0) start = i
      depth += 1
      nodes += 1
      if (depth > LIMITS.json_depth_max) return { ranges, tooDeepAt: i, nodes }
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && depth > 0) {
      depth -= 1
      if (depth === 0) ranges.push([start, i + 1])
    }
  }
  return { ranges, tooDeepAt: -1, nodes }
}

type Parsed = { readonly value: unknown } | { readonly detail: string; readonly position: number }

/** Parses one text. Keys that reach into the prototype (`__proto__`, `constructor.prototype`) are refused. */
function parseText(text: string): Parsed {
  try {
    return { value: parseSafely(text) as unknown }
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

/** The lines of an NDJSON body that hold something. */
function linesOf(bytes: Buffer): Piece[] {
  const pieces: Piece[] = []
  for (let start = 0; start < bytes.length; ) {
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

/** How a body is cut: by lines where it says so, else into the values that the outline found, else not at all. */
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

/**
 * Reads a body. One value is the usual case; several are lines or joined objects. Bad ones among good ones are told
 * apart; where all are bad the body is refused with the position of the first fault.
 */
export function readBody(body: Buffer, ndjson: boolean): Body {
  const bytes = withoutMark(body)
  const outline = outlineOf(bytes)
  if (outline.tooDeepAt >= 0) {
    return refused(400, `nested deeper than ${LIMITS.json_depth_max} levels`, outline.tooDeepAt)
  }
  if (outline.nodes > LIMITS.json_nodes_max) {
    return refused(413, `more than ${LIMITS.json_nodes_max} objects and lists: send it in several requests`, 0)
  }
  const pieces = piecesOf(bytes, ndjson, outline)
  const values: unknown[] = []
  const bad: BadPart[] = []
  for (const [index, { start, text }] of pieces.entries()) {
    const parsed = parseText(text)
    if ('value' in parsed) values.push(parsed.value)
    else bad.push({ index, position: start + parsed.position, detail: parsed.detail, text })
  }
  const fault = bad[0]
  if (values.length > 0) return { ok: true, values, bad }
  if (fault === undefined) return refused(400, 'the body is empty', 0)
  return refused(400, fault.detail, fault.position)
}
