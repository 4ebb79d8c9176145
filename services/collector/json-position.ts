/**
 * Where a text stops being JSON. The engine's own message gives a position only for some faults, but a sender who gets
 * "not JSON" needs the place. Used only on texts with a fault: it is a plain scanner, not a parser.
 */

const SPACE = /[ \t\n\r]*/y
// JSON forbids exactly these control characters in strings.
const STRING_RUN = /[^"\\\u0000-\u001f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const LITERAL = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

/** Scans the string that starts at `from`: `end` is the index after it, `fault` is where it breaks. */
function scanString(text: string, from: number): { end: number } | { fault: number } {
  let i = from + 1
  for (;;) {
    i = skip(STRING_RUN, text, i)
    if (text[i] === '"') return { end: i + 1 }
    const next = text[i] === '\\' ? skip(ESCAPE, text, i) : i
    if (next === i) return { fault: i }
    i = next
  }
}

/** What may come next: a value, a key, the colon after it, or what follows a value. */
type Expect = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'after'

/** UTF-16 index of the first fault, the length where the text ends too early, -1 where the text is one JSON value. */
export function errorPosition(text: string): number {
  const open: string[] = []
  let expect: Expect = 'value'
  let i = skip(SPACE, text, 0)
  while (i < text.length) {
    const character = text[i] as string
    const inObject = open.at(-1) === '}'
    if (expect === 'after') {
      if (open.length === 0) return i
      if (character === ',') expect = inObject ? 'key' : 'value'
      else if (character === open.at(-1)) open.pop()
      else return i
      i += 1
    } else if (expect === 'colon') {
      if (character !== ':') return i
      expect = 'value'
      i += 1
    } else if (character === open.at(-1) && expect.endsWith('-or-end')) {
      open.pop()
      expect = 'after'
      i += 1
    } else if (character === '"') {
      const scanned = scanString(text, i)
      if ('fault' in scanned) return scanned.fault
      expect = expect.startsWith('key') ? 'colon' : 'after'
      i = scanned.end
    } else if (expect.startsWith('key')) {
      return i
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']')
      expect = character === '{' ? 'key-or-end' : 'value-or-end'
      i += 1
    } else {
      const end = skip(LITERAL, text, i)
      if (end === i) return i
      expect = 'after'
      i = end
    }
    i = skip(SPACE, text, i)
  }
  return expect === 'after' && open.length === 0 ? -1 : text.length
}
