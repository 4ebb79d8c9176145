/** What an identity acts on. */
import { hash32 } from '../../schemas/ids.ts'
import { seenHabit } from './seen.ts'

export const targets = seenHabit({
  id: 'targets',
  version: 2,
  bytes: 80,
  printOf: (event) => (event.target === '' ? 0 : hash32(event.target) || 1),
})
