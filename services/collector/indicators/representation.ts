/**
 * Reads Python's printed values: dicts, lists, tuples, sets, `Name(field=value)`, strings in both quotes with escapes,
 * numbers and names. Truncated JSON reads the same way. One pass, no backtracking; a text that ends early gives what was
 * read so far.
 */
import { lookup } from '../../../schemas/lookup.ts'
import type { Node } from './node.ts'

const DEPTH_MAX = 24

class Reader {
  readonly text: string
  at = 0
  /** Set at the first character that fits no value; what was read before remains valid. */
  failed = false
  constructor(text: string) {
    this.text = text
  }
  get done(): boolean {
    return this.at >= this.text.length
  }
  peek(): string {
    return this.text[this.at] ?? ''
  }
  space(): void {
    while (!this.done && /\s/.test(this.peek())) this.at++
  }
}

/** The value at the beginning of the text and the text after it; undefined if it does not begin with a structure. */
export function parseRepresentation(text: string): { readonly node: Node; readonly rest: string } | undefined {
  const reader = new Reader(text)
  const node = readValue(reader, 0)
  if (typeof node === 'string') return undefined
  if (reader.failed && reader.at < text.length / 2) return undefined
  return { node, rest: reader.done ? '' : text.slice(reader.at).trim() }
}

function readValue(reader: Reader, depth: number): Node {
  reader.space()
  const first = reader.peek()
  if (depth > DEPTH_MAX) {
    reader.failed = true
    return ''
  }
  if (first === '{') return readBraces(reader, depth)
  if (first === '[') return readList(reader, ']', depth)
  if (first === '(') return readList(reader, ')', depth)
  if (first === '"' || first === "'") return readString(reader)
  return readNameOrCall(reader, depth)
}

function readBraces(reader: Reader, depth: number): Node {
  reader.at++
  const entries: [string, Node][] = []
  const members: Node[] = []
  for (;;) {
    reader.space()
    if (reader.done || reader.failed) break
    if (reader.peek() === '}') {
      reader.at++
      break
    }
    const key = readValue(reader, depth + 1)
    reader.space()
    if (reader.peek() === ':') {
      reader.at++
      entries.push([typeof key === 'string' ? key : '', readValue(reader, depth + 1)])
    } else {
      members.push(key)
    }
    if (!separator(reader, '}')) break
  }
  return entries.length > 0 || members.length === 0 ? { entries } : members
}

function readList(reader: Reader, close: string, depth: number): Node {
  reader.at++
  const items: Node[] = []
  for (;;) {
    reader.space()
    if (reader.done || reader.failed) break
    if (reader.peek() === close) {
      reader.at++
      break
    }
    items.push(readValue(reader, depth + 1))
    if (!separator(reader, close)) break
  }
  return items
}

/** Steps over a comma; false where the text fits no more, or has ended. */
function separator(reader: Reader, close: string): boolean {
  if (reader.failed) return false
  reader.space()
  if (reader.done) return false
  if (reader.peek() === ',') {
    reader.at++
    return true
  }
  if (reader.peek() === close) return true
  reader.failed = true
  return false
}

const ESCAPES = lookup<string, string>({ n: '\n', r: '\n', t: ' ', b: '', f: '', '0': '' })

function readString(reader: Reader): string {
  const { text } = reader
  let quote = reader.peek()
  if (text.startsWith(quote.repeat(3), reader.at)) quote = quote.repeat(3)
  reader.at += quote.length
  let made = ''
  let from = reader.at
  while (!reader.done) {
    const one = text[reader.at] as string
    if (one === '\\') {
      made += text.slice(from, reader.at)
      made += readEscape(reader)
      from = reader.at
    } else if (text.startsWith(quote, reader.at)) {
      made += text.slice(from, reader.at)
      reader.at += quote.length
      return made
    } else {
      reader.at++
    }
  }
  return made + text.slice(from)
}

function readEscape(reader: Reader): string {
  const { text } = reader
  const letter = text[reader.at + 1] ?? ''
  const digits = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0
  if (digits > 0) {
    const code = Number.parseInt(text.slice(reader.at + 2, reader.at + 2 + digits), 16)
    reader.at += 2 + digits
    return Number.isInteger(code) && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  }
  reader.at += 2
  return ESCAPES[letter] ?? letter
}

/** Numbers, None, True, dates and dotted names; `Name(a=1, b='x')` and `<Name.X: 'x'>` with what they hold. */
function readNameOrCall(reader: Reader, depth: number): Node {
  const match = /^[^\s,:=()[\]{}'"]{1,200}/.exec(reader.text.slice(reader.at, reader.at + 200))
  if (match === null) {
    reader.failed = true
    return ''
  }
  reader.at += match[0].length
  const prefix = /^[bBuUrRfF]{1,2}$/.test(match[0])
  if (prefix && (reader.peek() === '"' || reader.peek() === "'")) return readString(reader)
  if (reader.peek() !== '(') return match[0]
  reader.at++
  const entries: [string, Node][] = []
  for (;;) {
    reader.space()
    if (reader.done || reader.failed) break
    if (reader.peek() === ')') {
      reader.at++
      break
    }
    const value = readValue(reader, depth + 1)
    if (reader.peek() === '=' && typeof value === 'string') {
      reader.at++
      entries.push([value, readValue(reader, depth + 1)])
    } else {
      entries.push(['', value])
    }
    if (!separator(reader, ')')) break
  }
  return { entries }
}
