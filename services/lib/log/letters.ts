/** Appends dead letters. One that the log refuses for its size loses its record, and keeps whose it was and why it died. */
import type { DeadLetter } from '../../../schemas/dead-letter.ts'
import { LIMITS } from '../../../schemas/limits.ts'
import { appendHalving, type Halving } from './halving.ts'
import type { Log, RecordInput } from './port.ts'

const encode = ([letter]: readonly DeadLetter[]): RecordInput => ({
  key: null,
  value: Buffer.from(JSON.stringify(letter)),
})

/** Resolves when all are durable; equal ones are one letter. `append` writes to `dead-letters`. Throws LogError. */
export async function appendLetters(
  given: readonly DeadLetter[],
  append: Halving<DeadLetter>['append'],
): Promise<void> {
  const letters = [...new Map(given.map((letter) => [letter.id, letter])).values()]
  for (let first = 0; first < letters.length; first += LIMITS.dead_letters_per_append_max) {
    const some = letters.slice(first, first + LIMITS.dead_letters_per_append_max).map((letter) => [letter])
    const refused = await appendHalving(some, { encode, append })
    if (refused.length > 0) await append(refused.map(({ item }) => encode([{ ...item, record: '' }])))
  }
}

/** The same for those who have nothing else to do around it. */
export const writeLetters = (log: Pick<Log, 'append'>, letters: readonly DeadLetter[]): Promise<void> =>
  appendLetters(letters, (records) => log.append('dead-letters', 0, records))
