/** The keyed hash remembers its last results: whatever it was asked before, it answers as a fresh one does. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KeyedHash, type Words } from '../../../schemas/keyed-hash.ts'

const KEY: Words = [1, 2, 3, 4]
const resultOf = (hash: KeyedHash, list: readonly [string, string, string]): Words => {
  hash.of(...list)
  return [hash.a, hash.b, hash.c, hash.d]
}

it('answers as a fresh hash does, in whatever order it is asked', () => {
  // Few characters and short words: many lists share a place, and many differ by where a word ends.
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '漢'), maxLength: 5 })
  const lists = fc.array(fc.tuple(fc.constantFrom('', 'acme', 'globex'), word, word), { minLength: 50, maxLength: 200 })
  fc.assert(
    fc.property(lists, (asked) => {
      const hash = new KeyedHash(KEY)
      for (const list of asked) expect(resultOf(hash, list)).toEqual(resultOf(new KeyedHash(KEY), list))
    }),
    { numRuns: 30 },
  )
})
