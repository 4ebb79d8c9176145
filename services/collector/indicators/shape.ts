/**
 * What a result looks like inside. A tool answers with JSON, a Python representation, YAML, HTML or prose, cut anywhere, and
 * each of these can be inside a string of another. This file finds the leaves: texts with their key, the item (row, mail,
 * comment) that contains them, and the author of that item. This is half of the work of separating an order from its
 * surroundings.
 *
 * Everything is bounded: text is cut, depth is limited, and each parser runs in linear time over text that an attacker may
 * have written.
 */
import { LIMITS } from '../../../schemas/limits.ts'
import { jsonInText } from '../bounded-json.ts'
import { headed } from './headed.ts'
import { blocksOfHtml, looksLikeHtml } from './html.ts'
import type { Node } from './node.ts'
import { parseRepresentation } from './representation.ts'
import { looksLikeYaml, parseYaml } from './yaml.ts'

export interface Leaf {
  readonly text: string
  /** Key it stood under, '' without. */
  readonly key: string
  /** Number of its item; 0 outside any. */
  readonly item: number
  /** Sender, owner or author of the item, as written. */
  readonly author: string
  /** A link target or attribute, not text to read. */
  readonly link: boolean
}

const DEPTH_MAX = 8
const LEAVES_MAX = 2_000
const AUTHOR_KEY =
  /^(?:sender|from|from_?(?:name|address|email)|owner|owner_(?:name|username|login)|author|author_(?:name|email)|user|username|user_?name|login|creator|created_by|posted_by|submitted_by|reviewer|organizer|organiser|organizer_email|reporter|committer|publisher|seller|issuer|uploader)$/i

interface TextPlace {
  readonly key: string
  readonly item: number
  readonly author: string
  readonly depth: number
}

/** The leaves of a result or an argument, in the order of the text. */
export function leavesOf(value: unknown): { readonly leaves: readonly Leaf[]; readonly cut: boolean } {
  const leaves: Leaf[] = []
  let items = 0
  let cut = false
  let chars = 0
  const isFull = (): boolean => leaves.length >= LEAVES_MAX || chars >= LIMITS.indicator_record_chars_max
  const put = (text: string, place: TextPlace, link = false): void => {
    if (text.trim() === '') return
    chars += text.length
    if (isFull()) cut = true
    else leaves.push({ text, key: place.key, item: place.item, author: place.author, link })
  }
  const walk = (node: Node, place: TextPlace): void => {
    if (isFull()) return
    if (typeof node === 'string') readText(node, place)
    else if (Array.isArray(node)) for (const one of node) walkItem(one, place)
    else walkMap(node as Exclude<Node, string | readonly Node[]>, place)
  }
  const walkItem = (node: Node, place: TextPlace): void => {
    const isItem = typeof node !== 'string' && !Array.isArray(node)
    if (isItem) items += 1
    walk(node, { ...place, item: isItem ? items : place.item, depth: place.depth + 1 })
  }
  const walkMap = (node: { readonly entries: readonly (readonly [string, Node])[] }, place: TextPlace): void => {
    let author = place.author
    for (const [key, value] of node.entries) {
      if (typeof value === 'string' && value.length <= 200 && AUTHOR_KEY.test(key)) author = value
    }
    for (const [key, value] of node.entries) {
      const inner = { key, item: place.item, author, depth: place.depth + 1 }
      const isItem = typeof value !== 'string' && !Array.isArray(value)
      if (isItem) walkItem(value, inner)
      else walk(value, inner)
    }
  }
  const readText = (text: string, place: TextPlace): void => {
    const deeper = { ...place, depth: place.depth + 1 }
    const open = place.depth < DEPTH_MAX
    const plain = visible(unescaped(text))
    // Who wrote a record is known from the record; a head inside it is a claim.
    const letter = open && place.author === '' ? headed(plain) : undefined
    if (letter !== undefined) {
      walkMap({ entries: [...letter.fields, ['body', letter.body]] }, { ...deeper, author: letter.author })
      return
    }
    const inner = open ? (parse(text) ?? (plain === text ? undefined : parse(plain))) : undefined
    if (inner !== undefined) {
      walk(inner.node, deeper)
      if (inner.rest !== '') readText(inner.rest, deeper)
    } else if (looksLikeHtml(plain)) {
      for (const block of blocksOfHtml(plain)) put(block.text, place, block.link)
    } else {
      put(plain, place)
    }
  }
  const start: TextPlace = { key: '', item: 0, author: '', depth: 0 }
  if (typeof value === 'string') {
    cut = value.length > LIMITS.indicator_text_chars_max
    readText(value.slice(0, LIMITS.indicator_text_chars_max), start)
  } else {
    walk(fromJson(value, 0), start)
  }
  return { leaves, cut }
}

/** Characters that nobody sees and letters that only look different hide words from a reader of texts. */
const visible = (text: string): string =>
  /[^\u0000-\u007f]/.test(text)
    ? text.normalize('NFKC').replaceAll(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g, '')
    : text

/** A doubly escaped text holds `\n` as two characters and hardly a real newline. */
function unescaped(text: string): string {
  let plain = text
  for (let round = 0; round < 2 && /\\[nrt"'u]/.test(plain); round++) {
    if (/[\\/][nrtu]\w*[\\/.]/.test(plain) && !/\\n/.test(plain)) break
    plain = plain.replace(/\\(?:u([0-9a-fA-F]{4})|([nrt"'\\]))/g, (_, code?: string, letter?: string) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
      return letter === 'n' ? '\n' : letter === 'r' ? '\n' : letter === 't' ? ' ' : (letter as string)
    })
  }
  return plain
}

interface Parsed {
  readonly node: Node
  /** Text after what was parsed: somebody added a sentence after the record. */
  readonly rest: string
}

/** Reads a text as JSON, a representation or YAML; undefined if it is none of these. */
function parse(text: string): Parsed | undefined {
  const trimmed = text.trim()
  const first = trimmed[0]
  if (
    first === '{' ||
    first === '[' ||
    (first === '(' && /[:=,]/.test(trimmed)) ||
    /^[A-Z]\w{1,40}\(\w+=/.test(trimmed)
  ) {
    if (first === '{' || first === '[') {
      const json = jsonInText(trimmed)
      if (json !== undefined) return { node: fromJson(json.value, 0), rest: '' }
      // Not JSON: a representation, or cut.
    }
    const found = parseRepresentation(trimmed)
    if (found !== undefined) return found
  }
  return looksLikeYaml(trimmed) ? { node: parseYaml(text), rest: '' } : undefined
}

function fromJson(value: unknown, depth: number): Node {
  if (typeof value === 'string') return value.slice(0, LIMITS.indicator_text_chars_max)
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (depth > 4 * DEPTH_MAX) return ''
  if (Array.isArray(value)) return value.slice(0, LEAVES_MAX).map((one) => fromJson(one, depth + 1))
  return {
    entries: Object.entries(value)
      .slice(0, LEAVES_MAX)
      .map(([key, one]) => [key, fromJson(one, depth + 1)] as const),
  }
}
