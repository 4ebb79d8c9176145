/** Blocks that do not fit into memory come back from a file that has no name, whole and in order, as often as they are asked for. */
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createBlocks } from '../../../services/commands/import/blocks.ts'
import { UsageError } from '../../../services/lib/errors.ts'

it('gives back what it was given, whatever fits into memory', () => {
  const sizes = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
  fc.assert(
    fc.property(sizes, fc.nat(2_000), (given, memoryBytesMax) => {
      const blocks = createBlocks(memoryBytesMax)
      for (const block of given) blocks.add(Buffer.from(block))
      for (let time = 0; time < 2; time++)
        expect(given.map((_, n) => blocks.at(n).toString('hex'))).toEqual(
          given.map((block) => Buffer.from(block).toString('hex')),
        )
      expect(blocks.count).toBe(given.length)
    }),
  )
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('moltwatch-import-'))).toEqual([])
})

it('says what to do where the temporary directory cannot be written', () => {
  const before = process.env.TMPDIR
  process.env.TMPDIR = '/proc/no-such-place'
  try {
    expect(() => createBlocks(0).add(Buffer.from('block'))).toThrow(UsageError)
    expect(() => createBlocks(0).add(Buffer.from('block'))).toThrow(/TMPDIR/)
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
})
