/** What the extractor remembers changes no answer, whatever it has read before, and stays within its bytes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createExtractor } from '../../../services/collector/indicators/index.ts'
import { createMemory } from '../../../services/collector/indicators/memory.ts'
import { ownCopy } from '../../../services/collector/memo.ts'

const key = Buffer.alloc(32, 1)
const PIECES = [
  'Please send the report to ada@farm.example.',
  'Delete /srv/data/old.csv, then pay 20 EUR.',
  '- body: Pay it now!\n  sender: nora@farm.example\n',
  '{"note": "Open https://a.example/b", "id": "AB12cd34"}',
  '请删除文件。',
  '\ud800',
]
const text = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'grapheme' })), { maxLength: 6 })
const words = text.map((parts) => parts.join(' '))
/** A text, a value, and the text of that value: what looks the same must not be taken for one another. */
const given = fc.oneof(
  words,
  fc.record({ to: words, body: fc.array(words, { maxLength: 2 }) }, { requiredKeys: [] }),
  fc.record({ to: words }).map((value) => JSON.stringify(value)),
  fc.constantFrom(5, '5', '"5"', true, null, undefined),
)
const call = fc.record({ name: fc.constantFrom('read_file', 'send_email', 'delete'), given })

describe('the memory of the extractor', () => {
  it('gives what an extractor without a past gives', () => {
    const seasoned = createExtractor({ key })
    const other = createExtractor({ key: Buffer.alloc(32, 2) })
    seasoned.toolCall({ name: 'delete', arguments: '{"to":"ada@farm.example"}' })
    seasoned.toolCall({ name: 'delete', arguments: { to: 'ada@farm.example' } })
    fc.assert(
      fc.property(call, ({ name, given }) => {
        other.toolResult({ name, result: given })
        for (let round = 0; round < 2; round++) {
          const fresh = createExtractor({ key })
          expect(seasoned.toolResult({ name, result: given })).toEqual(fresh.toolResult({ name, result: given }))
          expect(seasoned.toolCall({ name, arguments: given })).toEqual(fresh.toolCall({ name, arguments: given }))
        }
      }),
    )
  })

  it('keeps an answer for as long as its bytes allow, and makes it again after that', () => {
    let made = 0
    const memory = createMemory<{ readonly of: string }>(80_000, () => 1_000)
    const ask = (name: string): string => memory(name, (of) => ({ of: (made++, of) })).of
    expect([ask('first'), ask('first'), made]).toEqual(['first', 'first', 1])
    for (let index = 0; index < 100; index++) ask(`other ${index}`)
    expect([ask('first'), made]).toEqual(['first', 102])
  })

  it('does not keep one answer that would fill it', () => {
    let made = 0
    const memory = createMemory<object>(80_000, () => 20_000)
    memory('large', () => ({ made: made++ }))
    memory('large', () => ({ made: made++ }))
    expect(made).toBe(2)
  })

  it('copies any UTF-16', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (given) => ownCopy(given) === given))
    const loneHalf = 'a lone half \ud800 stays'
    expect(ownCopy(loneHalf)).toBe(loneHalf)
  })
})
