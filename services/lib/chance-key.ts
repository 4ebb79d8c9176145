/** Keys of the keyed hash, made by chance: nobody who sends can know them. */
import { randomBytes } from 'node:crypto'
import type { Words } from '../../schemas/keyed-hash.ts'

export function chanceKey(): Words {
  const bytes = randomBytes(16)
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)]
}
