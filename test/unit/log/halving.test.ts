/** What the log refuses for its size is halved: everything that fits by itself is stored in its order, the rest is told. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { appendHalving } from '../../../services/lib/log/halving.ts'
import { appendLetters } from '../../../services/lib/log/letters.ts'
import { LogError, type RecordInput } from '../../../services/lib/log/port.ts'
import { blankDeadLetter, type DeadLetter } from '../../../schemas/dead-letter.ts'

/** A log that takes records up to so many bytes, and of an append all or nothing. */
function smallLog(bytesMax: number) {
  const held: string[] = []
  return {
    held,
    append: async (records: readonly RecordInput[]): Promise<void> => {
      const values = records.map(({ value }) => value?.toString() ?? '')
      if (values.some(({ length }) => length > bytesMax)) throw new LogError('record_too_large', 'too large')
      held.push(...values)
    },
  }
}
const encode = (items: readonly string[]): RecordInput => ({ key: null, value: Buffer.from(items.join('')) })

it('stores what fits in its order, and gives back the rest, whatever the groups', async () => {
  const items = fc.array(
    fc.array(fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'b') }), { minLength: 1 }),
  )
  await fc.assert(
    fc.asyncProperty(items, fc.integer({ min: 1, max: 12 }), async (groups, bytesMax) => {
      const log = smallLog(bytesMax)
      const refused = await appendHalving(groups, { encode, append: log.append })
      const fits = (item: string): boolean => item.length <= bytesMax
      expect(log.held.join('')).toBe(groups.flat().filter(fits).join(''))
      expect(refused.map(({ item }) => item)).toEqual(groups.flat().filter((item) => !fits(item)))
    }),
  )
})

it('hands on any other trouble', async () => {
  const append = (): Promise<never> => Promise.reject(new LogError('log_unavailable', 'away'))
  await expect(appendHalving([['a']], { encode, append })).rejects.toMatchObject({ code: 'log_unavailable' })
})

it('keeps of a letter that is too large whose it was, and why', async () => {
  const log = smallLog(600)
  const letter = (n: number): DeadLetter => ({
    ...blankDeadLetter(),
    id: n.toString(16).padStart(32, '0'),
    tenant: 'acme',
    reason: 'refused',
    detail: 'too large',
    record: 'x'.repeat(n),
  })
  await appendLetters([letter(1), letter(5_000), letter(2)], log.append)
  const held = log.held.map((text) => JSON.parse(text) as DeadLetter)
  expect(held.map(({ record, detail }) => [record.length, detail])).toEqual([
    [1, 'too large'],
    [2, 'too large'],
    [0, 'too large'],
  ])
})
