/** The extractor on real shapes of results, against golden files that people can read. `npm test -- -u` rewrites them. */
import { describe, expect, it } from 'vitest'
import { CONTENT_CLASSES, VALUE_ORIGINS } from '../../../schemas/indicators.ts'
import { createHasher } from '../../../services/collector/indicators/hashing.ts'
import { readResult } from '../../../services/collector/indicators/result.ts'
import { SHAPES } from './shapes.ts'

/** Hashes as the collector does, and remembers what each hash stood for. */
function readableHasher() {
  const hasher = createHasher(Buffer.alloc(32, 7))
  const names = new Map<number, string>()
  return {
    names: (hashes: readonly number[]): string => hashes.map((hash) => names.get(hash) ?? '?').join(' '),
    word: (root: string): number => {
      const hash = hasher.word(root)
      names.set(hash, root)
      return hash
    },
    value: (text: string): bigint => {
      const hash = hasher.value(text)
      names.set(Number(hash >> 32n) || 1, `<${text}>`)
      return hash
    },
  }
}

const classesOf = (bits: number): string =>
  CONTENT_CLASSES.filter((_, index) => (bits & (2 ** index)) !== 0).join('+') || 'none'

function shown(tool: string, result: unknown): string {
  const hasher = readableHasher()
  const { indicators } = readResult(tool, result, hasher)
  const lines = [
    `voice ${indicators.voice === 1 ? 'status' : 'content'}, sentences ${indicators.prose_sentences}, not understood ${indicators.prose_not_understood}`,
  ]
  for (const order of indicators.orders) {
    lines.push(`order ${order.strength} ${classesOf(order.classes)}, item ${order.item}, cohesion ${order.cohesion}`)
    lines.push(`  words    ${hasher.names(order.stems)}`)
    if (order.context_stems.length > 0) lines.push(`  near     ${hasher.names(order.context_stems)}`)
    if (order.values.length > 0) lines.push(`  values   ${hasher.names(order.values)}`)
    if (order.author.length > 0) lines.push(`  author   ${hasher.names(order.author)}`)
  }
  indicators.values.forEach((hash, index) => {
    lines.push(
      `value ${hasher.names([hash])} ${VALUE_ORIGINS[indicators.origins[index] as number]}, item ${indicators.items[index]}`,
    )
  })
  return `${lines.join('\n')}\n`
}

describe('what is kept of a result', () => {
  it.each(Object.entries(SHAPES))('%s', async (name, { tool, result }) => {
    await expect(shown(tool, result)).toMatchFileSnapshot(`./${name}.golden.txt`)
  })
})
