/**
 * Reads the YAML that tools print: block mappings and lists, plain scalars over several lines, both quoted forms with
 * folding, and `|` and `>` blocks. Not a YAML parser: no anchors, tags or flow mappings, and any text gives a tree, so
 * that a cut list still reads. Linear in the text.
 */
import type { Node } from './node.ts'

const KEY = /^([A-Za-z_][\w .()/-]{0,48}|'[^'\n]{1,48}'|"[^"\n]{1,48}"):(?: +(.*))?$/
const DEPTH_MAX = 32

/** Whether a text has the shape of a block list of mappings, or of a mapping with two keys or more. */
export function looksLikeYaml(text: string): boolean {
  const lines = text.split('\n', 60)
  const first = lines[0] ?? ''
  if (first.startsWith('- ')) return KEY.test(first.slice(2)) || lines.filter((line) => /^- \S/.test(line)).length >= 2
  if (!KEY.test(first)) return false
  return lines.filter((line) => KEY.test(line)).length >= 2
}

interface Line {
  readonly indent: number
  readonly text: string
}

interface Lines {
  readonly all: readonly Line[]
  at: number
}

export function parseYaml(text: string): Node {
  const all = text.split('\n').map((line) => {
    const body = line.trimStart()
    return { indent: line.length - body.length, text: body.trimEnd() }
  })
  const lines: Lines = { all, at: 0 }
  const parts: Node[] = []
  while (skipBlank(lines) !== undefined) {
    const before = lines.at
    parts.push(readNode(lines, (lines.all[lines.at] as Line).indent, 0))
    if (lines.at === before) lines.at++
  }
  return parts.length === 1 ? (parts[0] as Node) : parts
}

function skipBlank(lines: Lines): Line | undefined {
  while (lines.at < lines.all.length && lines.all[lines.at]?.text === '') lines.at++
  return lines.all[lines.at]
}

function readNode(lines: Lines, indent: number, depth: number): Node {
  const line = lines.all[lines.at] as Line
  if (depth < DEPTH_MAX) {
    if (line.text.startsWith('- ') || line.text === '-') return readList(lines, indent, depth)
    if (KEY.test(line.text)) return readMap(lines, indent, depth)
  }
  lines.at++
  return scalar(lines, line.text, indent, false)
}

function readList(lines: Lines, indent: number, depth: number): Node {
  const items: Node[] = []
  for (;;) {
    const line = skipBlank(lines)
    if (line === undefined || line.indent !== indent || !/^-(?: |$)/.test(line.text)) break
    const body = line.text.slice(1).trimStart()
    const inner = indent + line.text.length - body.length
    if (KEY.test(body)) {
      const rest = lines.all as Line[]
      rest[lines.at] = { indent: inner, text: body }
      items.push(readMap(lines, inner, depth + 1))
    } else {
      lines.at++
      const next = body === '' ? skipBlank(lines) : undefined
      if (next !== undefined && next.indent > indent) items.push(readNode(lines, next.indent, depth + 1))
      else items.push(scalar(lines, body, indent, true))
    }
  }
  return items
}

function readMap(lines: Lines, indent: number, depth: number): Node {
  const entries: [string, Node][] = []
  for (;;) {
    const line = skipBlank(lines)
    if (line === undefined || line.indent !== indent) break
    const match = KEY.exec(line.text)
    if (match === null) break
    lines.at++
    const key = (match[1] as string).replace(/^['"]|['"]$/g, '')
    entries.push([key, readValue(lines, match[2] ?? '', indent, depth)])
  }
  return { entries }
}

function readValue(lines: Lines, body: string, indent: number, depth: number): Node {
  if (body !== '') return scalar(lines, body, indent, true)
  const next = skipBlank(lines)
  if (next === undefined) return ''
  const isList = /^-(?: |$)/.test(next.text)
  return next.indent > indent || (isList && next.indent === indent) ? readNode(lines, next.indent, depth + 1) : ''
}

/** A scalar that begins with `body` on a line of the given indent, with the lines that continue it. */
function scalar(lines: Lines, body: string, indent: number, nested: boolean): string {
  if (/^[|>][-+\d]*$/.test(body)) return block(lines, indent)
  const quote = body[0]
  if (quote === "'" || quote === '"') return quoted(lines, body, quote)
  if (body === '[]' || body === '{}' || body === 'null' || body === '~') return ''
  return nested ? folded(lines, body, indent) : body
}

function block(lines: Lines, indent: number): string {
  const kept: string[] = []
  while (lines.at < lines.all.length) {
    const line = lines.all[lines.at] as Line
    if (line.text !== '' && line.indent <= indent) break
    kept.push(line.text)
    lines.at++
  }
  return kept.join('\n')
}

/** Plain scalars go on over deeper lines; a blank line between them is a line break. */
function folded(lines: Lines, body: string, indent: number): string {
  const kept = [body]
  while (lines.at < lines.all.length) {
    const line = lines.all[lines.at] as Line
    if (line.text !== '' && line.indent <= indent) break
    kept.push(line.text)
    lines.at++
  }
  return fold(kept)
}

function quoted(lines: Lines, body: string, quote: string): string {
  const kept: string[] = []
  let part = body.slice(1)
  for (;;) {
    const end = endOfQuote(part, quote)
    if (end >= 0) {
      kept.push(part.slice(0, end))
      const behind = part.slice(end + 1).trim()
      return decode(fold(kept, quote === '"'), quote) + (behind === '' ? '' : `\n\n${behind}`)
    }
    kept.push(part)
    if (lines.at >= lines.all.length) return decode(fold(kept, quote === '"'), quote)
    part = (lines.all[lines.at] as Line).text
    lines.at++
  }
}

function endOfQuote(text: string, quote: string): number {
  for (let at = 0; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++
    else if (text[at] === quote) {
      if (quote === "'" && text[at + 1] === "'") at++
      else return at
    }
  }
  return -1
}

/** Lines of one scalar: a single break is a space, blank lines stay breaks; a trailing backslash joins without a space. */
function fold(lines: readonly string[], escaped = false): string {
  let made = ''
  let blank = 0
  lines.forEach((line, index) => {
    if (line === '' && index > 0) {
      blank++
      return
    }
    const joins = escaped && /(?:^|[^\\])(?:\\\\)*\\$/.test(made)
    if (joins) made = made.slice(0, -1)
    made +=
      index === 0
        ? line
        : (blank > 0 ? '\n'.repeat(blank + 1) : joins ? '' : ' ') + (joins ? line.replace(/^\\ /, ' ') : line)
    blank = 0
  })
  return made
}

function decode(text: string, quote: string): string {
  if (quote === "'") return text.replaceAll("''", "'")
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([^xu]))/g,
    (_, two?: string, four?: string, one?: string) => {
      const code = two ?? four
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
      return one === 'n' ? '\n' : one === 't' ? ' ' : one === 'r' ? '' : (one ?? '')
    },
  )
}
