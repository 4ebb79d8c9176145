/**
 * Reads HTML as blocks of text: block tags end a block, inline tags do not. Hidden text, comments and attributes that
 * people never see are read too, because agents read them. Link targets come apart from texts. One pass over the text.
 */
import { lookup } from '../../../schemas/lookup.ts'

export interface Block {
  readonly text: string
  readonly link: boolean
}

const INLINE = new Set(
  'a abbr acronym b bdi bdo big cite code data dfn em font i img kbd label mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
)
const TEXT_ATTRIBUTES = new Set([
  'alt',
  'title',
  'aria-label',
  'content',
  'placeholder',
  'value',
  'data-prompt',
  'summary',
])
const LINK_ATTRIBUTES = new Set(['href', 'src', 'action', 'formaction', 'data-url', 'cite', 'poster'])
const ENTITIES = lookup<string, string>({
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '-',
  mdash: '-',
  hellip: '...',
})

export const looksLikeHtml = (text: string): boolean =>
  /<(?:!doctype|html|head|body|div|p|section|form|span|a|h[1-6]|ul|ol|li|table|br|nav|article|main|header|footer|button|input|label|strong|em|b|i|script|style|meta|link|img|title)(?:\s[^<>]{0,2000})?\/?>/i.test(
    text,
  ) || text.includes('<!--')

const decoded = (text: string): string =>
  text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi,
    (whole, ten?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole
      const code = ten === undefined ? Number.parseInt(hex as string, 16) : Number(ten)
      return code <= 0x10ffff ? String.fromCodePoint(code) : ''
    },
  )

export function blocksOfHtml(html: string): Block[] {
  const blocks: Block[] = []
  const next = createFinder(html)
  // In pieces, because a text that grows by a character is copied each time that somebody looks at it.
  let pieces: string[] = []
  const add = (piece: string): void => {
    if (piece !== '') pieces.push(piece)
  }
  const flush = (): void => {
    const plain = decoded(pieces.join(''))
    if (plain.trim() !== '') blocks.push({ text: plain, link: false })
    pieces = []
  }
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) break
    add(html.slice(at, open))
    if (html.startsWith('<!--', open)) {
      flush()
      const end = next('-->', open)
      add(html.slice(open + 4, end < 0 ? undefined : end))
      flush()
      at = end < 0 ? html.length : end + 3
      continue
    }
    const tag = /^<(\/?)([a-zA-Z][\w-]{0,30})/.exec(html.slice(open, open + 40))
    const end = tag === null ? -1 : endOfTag(html, open, next)
    if (tag === null || end < 0) {
      add('<')
      at = open + 1
      continue
    }
    const name = (tag[2] as string).toLowerCase()
    if (name === 'br') add('\n')
    else if (!INLINE.has(name)) flush()
    else if ((name === 'a' || name === 'label') && !/\s$/.test(pieces.at(-1)?.slice(-1) ?? ' ')) add(' ')
    if (tag[1] === '') readAttributes(html.slice(open + tag[0].length, end), name, blocks)
    at = end + 1
    if (name === 'style' && tag[1] === '') {
      const close = next('</style', at)
      at = close < 0 ? html.length : close
    }
  }
  if (at < html.length) add(html.slice(at))
  flush()
  return blocks
}

type Find = (word: string, from: number) => number

/**
 * The next position of a word; -1 if there is none. Positions are requested in the order of the text, so a result, found or
 * absent, stays valid until it is passed. Without that, every unclosed tag would search the whole text.
 */
function createFinder(html: string): Find {
  const known = new Map<string, { readonly from: number; readonly at: number }>()
  return (word, from) => {
    const found = known.get(word)
    if (found !== undefined && from >= found.from && (found.at < 0 || found.at >= from)) return found.at
    const at = html.indexOf(word, from)
    known.set(word, { from, at })
    return at
  }
}

const TAG_CHARS_MAX = 4_096

/** The `>` that ends a tag, not one inside a quoted attribute. A quote that never closes ends at the next `>`. */
function endOfTag(html: string, open: number, next: Find): number {
  const first = next('>', open)
  if (first < 0 || first > open + TAG_CHARS_MAX) return -1
  const limit = Math.min(html.length, open + TAG_CHARS_MAX)
  for (let at = open; at < limit; at++) {
    const one = html[at] as string
    if (one === '>') return at
    // Another tag begins: this one was never closed.
    if (one === '<' && at > open) return first
    if ((one !== '"' && one !== "'") || !/=\s*$/.test(html.slice(Math.max(open, at - 3), at))) continue
    const close = next(one, at + 1)
    if (close < 0 || close >= limit) return first
    at = close
  }
  return first
}

function readAttributes(inside: string, tag: string, blocks: Block[]): void {
  const pattern = /([a-zA-Z][\w:-]{0,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g
  for (const match of inside.matchAll(pattern)) {
    const name = (match[1] as string).toLowerCase()
    const value = decoded(match[2] ?? match[3] ?? match[4] ?? '')
    if (LINK_ATTRIBUTES.has(name)) blocks.push({ text: value, link: true })
    else if (
      (name === 'id' || name === 'name') &&
      (tag === 'input' || tag === 'select' || tag === 'textarea' || tag === 'button')
    ) {
      blocks.push({ text: value, link: true })
    } else if (TEXT_ATTRIBUTES.has(name) && /\S\s+\S+\s+\S/.test(value)) blocks.push({ text: value, link: false })
  }
}
