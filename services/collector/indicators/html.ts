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
  let text = ''
  const flush = (): void => {
    const plain = decoded(text)
    if (plain.trim() !== '') blocks.push({ text: plain, link: false })
    text = ''
  }
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) break
    text += html.slice(at, open)
    if (html.startsWith('<!--', open)) {
      flush()
      const end = html.indexOf('-->', open)
      text = html.slice(open + 4, end < 0 ? undefined : end)
      flush()
      at = end < 0 ? html.length : end + 3
      continue
    }
    const tag = /^<(\/?)([a-zA-Z][\w-]{0,30})/.exec(html.slice(open, open + 40))
    const end = tag === null ? -1 : endOfTag(html, open)
    if (tag === null || end < 0) {
      text += '<'
      at = open + 1
      continue
    }
    const name = (tag[2] as string).toLowerCase()
    if (name === 'br') text += '\n'
    else if (!INLINE.has(name)) flush()
    else if (text !== '' && !/\s$/.test(text)) text += name === 'a' || name === 'label' ? ' ' : ''
    if (tag[1] === '') readAttributes(html.slice(open + tag[0].length, end), name, blocks)
    at = end + 1
    if (name === 'style' && tag[1] === '') {
      const close = html.indexOf('</style', at)
      at = close < 0 ? html.length : close
    }
  }
  if (at < html.length) text += html.slice(at)
  flush()
  return blocks
}

/** The `>` that ends a tag, not one inside a quoted attribute. A quote that never closes ends at the next `>`. */
function endOfTag(html: string, open: number): number {
  const limit = Math.min(html.length, open + 4_096)
  let quote = ''
  for (let at = open; at < limit; at++) {
    const one = html[at] as string
    if (quote !== '') {
      if (one === quote) quote = ''
    } else if (one === '"' || one === "'") {
      if (/=\s*$/.test(html.slice(Math.max(open, at - 3), at))) quote = one
    } else if (one === '>') return at
  }
  const end = html.indexOf('>', open)
  return end < 0 || end > limit ? -1 : end
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
