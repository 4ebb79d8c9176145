/**
 * What a tool answered: the sentences that read like orders, each with its neighbours' words, its values and its item's
 * author, and all values with the place they stood in. Texts are read leaf by leaf and paragraph by paragraph, so that
 * the words around an order never come from another mail, row or page block.
 */
import {
  INDICATOR_LIMITS,
  ORIGIN,
  type OrderIndicators,
  type ResultIndicators,
  VOICE,
} from '../../../schemas/indicators.ts'
import type { Hasher } from './hashing.ts'
import { upper32 } from './hashing.ts'
import { readsOnly } from './call.ts'
import { isStopWord } from './lexicon.ts'
import type { Memory } from './memory.ts'
import { type Reading, readSentence } from './orders.ts'
import { type Leaf, leavesOf } from './shape.ts'
import { authorWords } from './task.ts'
import { sentencesOf } from './text.ts'
import { comparable, namesNothing, siteOf, type Value, valuesOf } from './values.ts'

/** A short answer of a tool that acts, on one line, is its status; longer ones show texts of others. */
const STATUS_CHARS_MAX = 220
const FIELD_WORDS_MAX = 5
const FIELD_CHARS_MAX = 120
const PARAGRAPHS_PER_LEAF = 10_000

export interface ResultReading {
  readonly indicators: ResultIndicators
  readonly values: readonly Value[]
}

/** What a leaf's sentence says, its words left out; its paragraph counts from the beginning of the leaf. */
interface Told {
  readonly reading: Reading
  readonly values: readonly Value[]
  readonly paragraph: number
}

interface Line {
  readonly reading: Reading
  readonly values: readonly Value[]
  /** Counts through the whole result. */
  readonly paragraph: number
  readonly item: number
  readonly author: string
}

/** The sentences of a leaf, by its text alone. */
export type LeafMemory = Memory<readonly Told[]>

const TOLD_BYTES = 250
const ROOT_BYTES = 40
const VALUE_BYTES = 120

/** Estimates what a remembered leaf holds, in bytes. */
export const bytesOfLeaf = (told: readonly Told[]): number =>
  told.reduce(
    (sum, one) => sum + TOLD_BYTES + ROOT_BYTES * one.reading.roots.length + VALUE_BYTES * one.values.length,
    0,
  )

const readLeaf = (text: string): readonly Told[] =>
  sentencesOf(text).map((sentence) => ({
    reading: readSentence(sentence),
    values: sentence.values,
    paragraph: sentence.paragraph,
  }))

/** `remembered` may spare reading a leaf again; without it every leaf is read. */
export function readResult(
  name: string,
  given: unknown,
  hasher: Hasher,
  remembered: LeafMemory = (text, make) => make(text),
): ResultReading {
  const toldBy = (text: string): readonly Told[] => remembered(text, readLeaf)
  const { leaves, cut } = leavesOf(given)
  const status =
    typeof given === 'string' &&
    given.length <= STATUS_CHARS_MAX &&
    !given.trim().includes('\n') &&
    leaves.length <= 1 &&
    !readsOnly(name)
  const lines: Line[] = []
  const places = new Places(hasher, toldBy)
  leaves.forEach((leaf, index) => {
    if (leaf.link) places.addWord(leaf.text, ORIGIN.link, leaf.item)
    else if (isField(leaf, toldBy)) places.addField(leaf)
    else readProse(leaf, toldBy, index * PARAGRAPHS_PER_LEAF, lines)
  })
  const orders = ordersOf(lines)
  const ordered = new Set(orders.map((order) => order.at))
  const paragraphs = new Set(
    orders.filter((order) => order.strength >= 100).map((order) => (lines[order.at] as Line).paragraph),
  )
  lines.forEach((line, at) => {
    const strong = line.reading.strength >= 100
    const origin = status
      ? ORIGIN.status
      : ordered.has(at) && strong
        ? ORIGIN.order
        : paragraphs.has(line.paragraph)
          ? ORIGIN.beside
          : ORIGIN.prose
    for (const value of line.values) places.add(value, origin, line.item)
  })
  return {
    indicators: {
      voice: status ? VOICE.status : VOICE.content,
      prose_sentences: Math.min(lines.length, 0xffff),
      prose_not_understood: Math.min(lines.filter((line) => !line.reading.understood).length + (cut ? 1 : 0), 0xffff),
      orders: orders.map((order) => encode(order, lines, hasher)),
      values: places.hashes,
      origins: places.origins,
      items: places.items,
    },
    values: places.values,
  }
}

/** Keeps each value once, with its first place. */
class Places {
  readonly hashes: number[] = []
  readonly origins: number[] = []
  readonly items: number[] = []
  readonly values: Value[] = []
  readonly #seen = new Set<string>()
  readonly #hasher: Hasher
  readonly #toldBy: (text: string) => readonly Told[]
  constructor(hasher: Hasher, toldBy: (text: string) => readonly Told[]) {
    this.#hasher = hasher
    this.#toldBy = toldBy
  }
  add(value: Value, origin: number, item: number): void {
    if (this.#seen.has(value.text) || this.hashes.length >= INDICATOR_LIMITS.result_values) return
    this.#seen.add(value.text)
    this.values.push(value)
    this.hashes.push(upper32(this.#hasher.value(value.text)))
    this.origins.push(origin)
    this.items.push(Math.min(item, 0xffff))
  }
  addWord(text: string, origin: number, item: number): void {
    const found = valuesOf(text.trim())
    for (const value of found) this.add(value, origin, item)
    if (found.length === 0 && text.length <= FIELD_CHARS_MAX && !namesNothing(text))
      this.add({ kind: 'leaf', text: comparable(text) }, origin, item)
  }
  addField(leaf: Leaf): void {
    if (namesNothing(leaf.text)) return
    this.add({ kind: 'leaf', text: comparable(leaf.text) }, ORIGIN.field, leaf.item)
    for (const told of this.#toldBy(leaf.text))
      for (const value of told.values) this.add(value, ORIGIN.field, leaf.item)
  }
}

/** A short leaf under a key is a field, unless it asks for something: a title can carry an order. */
function isField(leaf: Leaf, toldBy: (text: string) => readonly Told[]): boolean {
  if (leaf.key === '' || leaf.text.length > FIELD_CHARS_MAX || leaf.text.includes('\n')) return false
  const words = leaf.text.trim().split(/\s+/)
  if (words.length <= 2) return true
  return words.length <= FIELD_WORDS_MAX && toldBy(leaf.text).every((told) => told.reading.strength < 180)
}

function readProse(leaf: Leaf, toldBy: (text: string) => readonly Told[], firstParagraph: number, lines: Line[]): void {
  for (const { reading, values, paragraph } of toldBy(leaf.text)) {
    lines.push({ reading, values, paragraph: firstParagraph + paragraph, item: leaf.item, author: leaf.author })
  }
}

interface Order {
  readonly at: number
  readonly strength: number
}

/** The strongest sentences; of equals the earlier ones. */
function ordersOf(lines: readonly Line[]): Order[] {
  const found: Order[] = []
  lines.forEach((line, at) => {
    if (line.reading.strength > 0) found.push({ at, strength: line.reading.strength })
  })
  if (found.length > INDICATOR_LIMITS.orders) {
    const weight = (order: Order): number => order.strength + ((lines[order.at] as Line).values.length > 0 ? 60 : 0)
    found.sort((a, b) => weight(b) - weight(a) || a.at - b.at)
    found.length = INDICATOR_LIMITS.orders
    found.sort((a, b) => a.at - b.at)
  }
  return found
}

/** How many sentences before and behind an order lend it their words, within its paragraph. */
const NEIGHBOURS = 2

function encode(order: Order, lines: readonly Line[], hasher: Hasher): OrderIndicators {
  const line = lines[order.at] as Line
  const { reading } = line
  const before = lines[order.at - 1]
  const lender = reading.pointsBack && before !== undefined && before.paragraph === line.paragraph ? before : undefined
  const values = [...line.values, ...(lender?.values ?? [])]
  const own = new Set([...reading.roots, ...(lender?.reading.roots ?? [])])
  const sites = sitesOf(line.author).map((site) => hasher.word(site))
  return {
    strength: order.strength,
    classes: (reading.classes | (lender?.reading.classes ?? 0)) >>> 0,
    stems: [...own].slice(0, INDICATOR_LIMITS.order_stems).map((root) => hasher.word(root)),
    context_stems: contextOf(order.at, own, lines).map((root) => hasher.word(root)),
    values: [...new Set(values.map((value) => value.text))]
      .slice(0, INDICATOR_LIMITS.order_values)
      .map((value) => upper32(hasher.value(value))),
    author: authorWords(line.author)
      .filter((word) => !isStopWord(word))
      .slice(0, INDICATOR_LIMITS.order_author)
      .map((word) => hasher.word(word)),
    ...(sites.length > 0 && { sites }),
    item: Math.min(line.item, 0xffff),
    cohesion: Math.min(cohesionOf(own, line, lines), 255),
  }
}

/** The roots of an order's neighbours in its paragraph that it has not itself. */
function contextOf(at: number, own: ReadonlySet<string>, lines: readonly Line[]): string[] {
  const { paragraph } = lines[at] as Line
  const found = new Set<string>()
  for (let near = at - NEIGHBOURS; near <= at + NEIGHBOURS; near++) {
    const other = lines[near]
    if (near === at || other?.paragraph !== paragraph) continue
    for (const root of other.reading.roots) {
      if (found.size >= INDICATOR_LIMITS.order_context_stems) return [...found]
      if (!own.has(root)) found.add(root)
    }
  }
  return [...found]
}

/** Where an author is at home: the domain of the address. */
const sitesOf = (author: string): string[] => {
  const address = /[^\s<>"'(),;:]+@[^\s<>"'(),;:]+/.exec(author.slice(0, 200))?.[0]
  const site = address === undefined ? undefined : siteOf({ kind: 'address', text: address.toLowerCase() })
  return site === undefined ? [] : [site]
}

/** How many sentences of an item are compared with an order in it. */
const REST_SENTENCES = 40

/** How many of an order's own roots the other paragraphs of its item have, too. */
function cohesionOf(own: ReadonlySet<string>, line: Line, lines: readonly Line[]): number {
  const alone = new Set(own)
  let left = REST_SENTENCES
  for (const other of lines) {
    if (other.item !== line.item || other.paragraph === line.paragraph) continue
    if (left-- <= 0 || alone.size === 0) break
    for (const root of other.reading.roots) alone.delete(root)
  }
  return own.size - alone.size
}
