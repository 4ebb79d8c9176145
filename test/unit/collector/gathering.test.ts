/** The chunks of a body come out as one, however they came. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LIMITS } from '../../../schemas/limits.ts'
import { createGathering } from '../../../services/collector/gathering.ts'

const gathered = (chunks: readonly Buffer[]): Buffer => {
  const gathering = createGathering()
  for (const chunk of chunks) gathering.add(chunk)
  return gathering.whole()
}

it('joins chunks in their order', () => {
  const chunk = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
      expect(Buffer.compare(gathered(chunks), Buffer.concat(chunks))).toBe(0)
    }),
  )
})

it('keeps a single chunk as it is, and shares what several become between threads', () => {
  const one = Buffer.from('one')
  expect(gathered([one])).toBe(one)
  expect(gathered([one, Buffer.from('two')]).buffer).toBeInstanceOf(SharedArrayBuffer)
})

it('says so where there is no memory for more', () => {
  const gathering = createGathering(10)
  expect([Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)].map(gathering.add)).toEqual([true, true, false])
})

it('takes as much as a body may have', () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const chunks = Array.from({ length: LIMITS.body_inflated_bytes_max / chunk.length }, () => chunk)
  const whole = gathered(chunks)
  expect(whole.length).toBe(LIMITS.body_inflated_bytes_max)
  expect(whole.toString('latin1', whole.length - 3)).toBe('xxx')
})
